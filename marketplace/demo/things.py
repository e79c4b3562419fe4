"""What is for sale in the demo. Amounts are decimal text; `ends_in` and `starts_in` are minutes from the start."""

from msgspec import Struct


class Person(Struct, frozen=True):
    username: str
    first_name: str
    last_name: str
    role: str = "user"
    language: str = "en"

    @property
    def email(self) -> str:
        return f"{self.username}@demo.example"


class Thing(Struct, frozen=True, kw_only=True):
    title: str
    description: str
    motif: str
    category: str
    seller: str
    start: str
    currency: str = "USD"
    reserve: str | None = None
    buy_now: str | None = None
    requires_hold: bool = False
    starts_in: int = 0
    ends_in: int


PASSWORD = "demo-password-2026"  # noqa: S105 - printed at start, never used in production

PEOPLE = [
    Person("alice", "Alice", "Archer"),
    Person("bob", "Bob", "Bennett"),
    Person("carol", "Carol", "Chen", language="zh"),
    Person("dave", "Dave", "Dimitrov"),
    Person("erin", "Erin", "Ek"),
    Person("frank", "Frank", "Fischer"),
    Person("sam", "Sam", "Sellers"),
    Person("gallery", "Mira", "Gallery"),
    Person("mod", "Mo", "Moderator", role="moderator"),
    Person("manager", "Manu", "Manager", role="manager"),
    Person("admin", "Ada", "Admin", role="admin"),
]
BIDDERS = ["alice", "bob", "carol", "dave", "erin", "frank"]

THINGS = [
    Thing(title="Celadon vase, Longquan style", motif="vase", category="ceramics", seller="gallery",
          description="Hand-thrown stoneware under a jade-green glaze, 31 cm tall. One hairline in the foot ring, stable and old.",
          start="40.00", reserve="150.00", ends_in=12),
    Thing(title="Automatic diver's watch, 1974", motif="watch", category="watches", seller="sam",
          description="Runs +6 s a day on the wrist. Original bezel and crown, new gaskets, pressure-tested to 5 bar.",
          start="120.00", buy_now="900.00", ends_in=25),
    Thing(title="Rangefinder camera with 50 mm lens", motif="camera", category="cameras", seller="sam",
          description="Shutter serviced last spring, rangefinder aligned, light seals replaced. Comes with its leather case.",
          start="85.00", ends_in=45),
    Thing(title="Mountain ridge at dawn, oil on canvas", motif="painting", category="paintings", seller="gallery",
          description="60 x 60 cm, framed in ash, signed on the back. Painted on location over three mornings.",
          start="200.00", reserve="480.00", ends_in=90),
    Thing(title="Reading chair in teal wool", motif="chair", category="furniture", seller="sam",
          description="Re-upholstered in 2024, beech legs, no wobble. Collection preferred; shipping can be arranged.",
          start="60.00", ends_in=180),
    Thing(title="Parlour guitar, all solid cedar", motif="guitar", category="instruments", seller="sam",
          description="Low action, bone nut, fresh strings. A small repaired crack on the lower bout, invisible from the front.",
          start="150.00", reserve="300.00", buy_now="750.00", ends_in=360),
    Thing(title="Handheld console, boxed", motif="console", category="video-games", seller="erin",
          description="Screen without scratches, all buttons crisp, new battery cover. Two cartridges included.",
          start="25.00", ends_in=8),
    Thing(title="Four first editions, cloth-bound", motif="book", category="rare-books", seller="gallery",
          description="Travel writing, 1928 to 1936. Light foxing, tight bindings, one owner's signature.",
          start="30.00", ends_in=720),
    Thing(title="Studio vase, salt glaze", motif="vase", category="ceramics", seller="gallery",
          description="A squat, bright piece by a regional potter, 18 cm. No chips.",
          start="3000", currency="JPY", ends_in=1440),
    Thing(title="Dress watch, hand-wound", motif="watch", category="watches", seller="gallery",
          description="Slim steel case, 34 mm, cream dial with applied markers. Serviced, keeps time to 10 s a day.",
          start="90.00", currency="EUR", reserve="220.00", ends_in=2880),
    Thing(title="Folding camera, medium format", motif="camera", category="cameras", seller="erin",
          description="Bellows light-tight, shutter accurate at all speeds. Twelve frames a roll.",
          start="45.00", starts_in=60, ends_in=1500),
    Thing(title="Forest in four greens, gouache", motif="painting", category="paintings", seller="gallery",
          description="A study on paper, 30 x 30 cm, mounted and ready to frame.",
          start="20.00", ends_in=30),
    Thing(title="Marine chronometer, gimballed", motif="watch", category="watches", seller="gallery",
          description="Brass bowl in a three-part box, going and rated. Bids need their maximum in the bidder's wallet.",
          start="400.00", requires_hold=True, ends_in=240),
]  # fmt: skip
