"""What the demo's freelancers offer: sixty believable gigs, made of families, the same every time."""

import random
import zlib
from collections.abc import Iterator
from typing import Final

from msgspec import Struct


class Talent(Struct, frozen=True, kw_only=True):
    """A gig. `packages` are (title, price, days, revisions, features) from basic to premium; amounts are decimal text."""

    title: str
    description: str
    motif: str
    category: str
    seller: str
    currency: str
    languages: list[str]
    tags: list[str]
    packages: list[tuple[str, str, int, int | None, list[str]]]
    extras: list[tuple[str, str, int]]
    faqs: list[tuple[str, str]]
    questions: list[str]


class Craft(Struct, frozen=True, kw_only=True):
    """Gigs alike, one a `title`. `price` is about what the smallest package costs, `days` what it takes; `levels` names the packages."""

    category: str
    motif: str
    seller: str
    titles: tuple[str, ...]
    text: str
    price: int
    days: int
    levels: tuple[tuple[str, tuple[str, ...]], ...]
    extras: tuple[tuple[str, int, int], ...]
    faq: tuple[str, str]
    questions: tuple[str, ...]
    tags: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    currency: str = "USD"


CRAFTS: Final = (
    Craft(category="logo-design", motif="mark", seller="gallery", price=60, days=6, tags=("logo", "branding"), languages=("en", "fr"),
          titles=("I will draw a logo for your bakery or café", "I will design a wordmark for your studio", "I will draw a mascot by hand",
                  "I will redraw your old logo as clean vectors", "I will design a monogram for your wedding"),
          text="You get drafts on paper first, because the best ideas are found with a pencil. We choose one together, and I draw it as vectors that print as well on a stamp as on a van.",
          levels=(("One idea", ("One draft", "PNG and SVG")), ("Three ideas", ("Three drafts", "PNG, SVG and PDF", "Colour and black")),
                  ("The whole mark", ("Five drafts", "All files", "A page of rules", "Letterhead and card"))),
          extras=(("Source files", 25, 0), ("Two days sooner", 40, -2), ("Business card", 35, 1)),
          faq=("What do you need from me?", "The name, what you do and for whom, and three marks that you like."),
          questions=("What is the name exactly as it should be written?", "Which three logos do you like, and why?")),
    Craft(category="illustration", motif="canvas", seller="gallery", price=45, days=8, tags=("illustration", "handmade"),
          titles=("I will paint your house in watercolour", "I will illustrate a page of your children's book", "I will draw a map of your town",
                  "I will paint a portrait of your dog", "I will draw botanical plates for your label"),
          text="Painted by hand on cotton paper and scanned at 600 dpi. You see the pencil drawing before any colour is on it, and the original can be sent to you.",
          levels=(("Small", ("A5", "Scan")), ("Medium", ("A4", "Scan", "Pencil sketch first")), ("Large", ("A3", "Scan", "The original by post"))),
          extras=(("A second figure", 30, 2), ("Commercial use", 60, 0)),
          faq=("Can I use it in print?", "Yes: for yourself always, commercially with the extra."),
          questions=("Send two or three photographs of what I shall paint.",)),
    Craft(category="web-design", motif="page", seller="frank", price=180, days=9, tags=("web design", "figma"), languages=("en", "de"),
          titles=("I will design a landing page that loads in a second", "I will design a small shop, ready to build", "I will review your site and redesign its worst page",
                  "I will design a portfolio for photographers", "I will design mail that looks right everywhere"),
          text="A design that a developer can build without asking: every state, every width, every text as it will really be. I measure what I draw: contrast, weight and reading order.",
          levels=(("One page", ("One page", "Two widths")), ("Three pages", ("Three pages", "Three widths", "Components")),
                  ("The site", ("Up to eight pages", "Design tokens", "A call with your developer"))),
          extras=(("Built as HTML and CSS", 240, 4), ("Words written for you", 90, 2)),
          faq=("Which tool do you use?", "Figma; you get the file."),
          questions=("What should a visitor do on this page?", "Who are your visitors?", "Is there an existing brand I should keep to?")),
    Craft(category="web-development", motif="code", seller="erin", price=220, days=10, tags=("python", "api"), languages=("en", "sv"),
          titles=("I will build a REST API in Python with tests", "I will make your slow page fast", "I will move your site to PostgreSQL without downtime",
                  "I will write the integration with your payment provider", "I will build a booking form that never books twice"),
          text="Typed, tested and documented code that the next person understands. I begin with a failing test for what you want, and I hand over with a page on how to run it.",
          levels=(("A small thing", ("Up to 5 endpoints", "Tests")), ("A service", ("Up to 15 endpoints", "Tests", "Container")),
                  ("A system", ("Design review", "Tests", "Deployment", "A month of questions"))),
          extras=(("Load test with a report", 120, 2), ("Three days sooner", 150, -3)),
          faq=("Do you sign an NDA?", "Gladly, before you send me anything."),
          questions=("What shall it do? A page of plain words is enough.", "Where does it run today?")),
    Craft(category="mobile-apps", motif="phone", seller="erin", price=320, days=14, tags=("android", "ios"),
          titles=("I will build a first version of your app", "I will fix the crash that nobody finds", "I will bring your app into both stores",
                  "I will add payments to your app", "I will make your app work offline"),
          text="One code base for both stores, small and quick to start. You get a build on your phone every Friday, not a demo at the end.",
          levels=(("One screen", ("One screen", "Test build")), ("An app", ("Five screens", "Both stores")), ("A product", ("Ten screens", "Both stores", "Analytics", "Three months' care"))),
          extras=(("A tablet layout", 180, 3), ("Push messages", 140, 2)),
          faq=("Who owns the code?", "You do, from the first commit."),
          questions=("Which phones do your users have?", "Is there a back end already?")),
    Craft(category="data-science", motif="chart", seller="erin", price=140, days=7, tags=("data", "python"),
          titles=("I will clean the spreadsheet that everybody fears", "I will find out why customers leave", "I will draw charts for your annual report",
                  "I will forecast your sales with honest error bars", "I will build a dashboard that answers one question well"),
          text="Every number can be traced to the row it came from. You get the notebook, the data and a page in plain words of what it means and what it does not.",
          levels=(("A look", ("One data set", "One page")), ("A study", ("Three data sets", "Notebook", "Five charts")), ("A model", ("Your data", "Notebook", "Tests on the past", "A talk"))),
          extras=(("A second look in three months", 110, 0),),
          faq=("Is my data safe with you?", "It stays on one encrypted disk and is wiped when you say so."),
          questions=("Which decision shall this help with?",)),
    Craft(category="translation", motif="letters", seller="carol", price=160, days=3, currency="CNY", tags=("翻译", "translation"), languages=("zh-Hans", "en"),
          titles=("我将把您的网站翻译成英文", "我将翻译产品说明书（中英互译）", "我将润色您的英文论文", "我将翻译合同与商务信函", "我将为您的视频配中英双语字幕"),
          text="八年中英翻译经验，熟悉电商、机械与法律文本。译文由另一位译者校对，术语表随稿附上，按时交付，不满意可修改。",
          levels=(("一千字", ("一千字以内", "校对")), ("五千字", ("五千字以内", "校对", "术语表")), ("两万字", ("两万字以内", "双人校对", "术语表", "排版"))),
          extras=(("加急一天", 80, -1), ("排版为 PDF", 60, 1)),
          faq=("可以开发票吗？", "可以，请在订单中注明抬头。"),
          questions=("请上传需要翻译的文件。", "有指定的术语或风格吗？")),
    Craft(category="copywriting", motif="letters", seller="dave", price=50, days=4, tags=("copywriting", "words"),
          titles=("I will write product texts that people finish reading", "I will name your product", "I will edit your novel's first three chapters",
                  "I will write your 'about us' without the word passion", "I will write five letters for your newsletter"),
          text="Short sentences, plain words, one idea at a time. I interview you for twenty minutes first, because nobody knows your customers as you do.",
          levels=(("Short", ("300 words",)), ("Medium", ("1,000 words", "Headlines")), ("Long", ("3,000 words", "Headlines", "A page on tone"))),
          extras=(("A German version", 45, 2), ("A day sooner", 20, -1)),
          faq=("Do you use a machine?", "For spelling. The words are mine."),
          questions=("Who will read it?", "What should they do afterwards?")),
    Craft(category="video-animation", motif="film", seller="frank", price=130, days=8, tags=("video", "animation"), languages=("en", "de"),
          titles=("I will cut your talk into a short film", "I will animate your logo", "I will make an explainer of sixty seconds",
                  "I will colour-grade your wedding film", "I will add captions that people can read"),
          text="Cut by hand, mixed for phones and for big rooms, delivered in every format you need. You comment on the timeline; I answer within the day.",
          levels=(("30 seconds", ("30 seconds", "1080p")), ("60 seconds", ("60 seconds", "4K", "Music")), ("Two minutes", ("Two minutes", "4K", "Music", "Voice"))),
          extras=(("A vertical cut", 40, 1), ("Captions in two languages", 55, 1)),
          faq=("Is the music licensed?", "Yes, for the web worldwide; the licence is in your delivery."),
          questions=("Upload your material, or a link to it.", "Which film should it feel like?")),
    Craft(category="music", motif="wave", seller="frank", price=70, days=6, tags=("music", "audio"),
          titles=("I will write a theme for your podcast", "I will mix and master your song", "I will record a cello part for your track",
                  "I will restore an old tape", "I will compose music for your short film"),
          text="Recorded in a small room with good microphones. You get the mix, the stems and the right to use them; a second opinion on the mix is free.",
          levels=(("Short", ("Up to one minute", "WAV")), ("Song", ("Up to four minutes", "WAV and stems")), ("Score", ("Up to ten minutes", "Stems", "Two alternatives"))),
          extras=(("Instrumental version", 25, 0),),
          faq=("Who owns the music?", "You may use it for anything; I stay its author."),
          questions=("Three pieces that come close to what you hear in your head?",)),
    Craft(category="marketing", motif="chart", seller="dave", price=90, days=5, tags=("marketing", "ads"),
          titles=("I will set up ads that you can stop at any time", "I will audit your shop's search results", "I will plan a month of posts with you",
                  "I will find out what your rivals pay for clicks", "I will write a launch plan for your product"),
          text="Numbers first: what a customer is worth to you decides what one may cost. I set up measurements that respect your visitors, and hand over a plan that you can follow without me.",
          levels=(("A look", ("One channel", "Two pages")), ("A plan", ("Three channels", "Budget", "Calendar")), ("A quarter", ("All channels", "Budget", "Weekly call"))),
          extras=(("A workshop with your team", 120, 2),),
          faq=("Do you promise results?", "No. I promise that you will know what worked."),
          questions=("What is a customer worth to you?", "What have you tried?")),
    Craft(category="consulting", motif="page", seller="alice", price=110, days=4, tags=("consulting",), languages=("en", "es"),
          titles=("I will read your contract with a supplier and mark what to ask", "I will sort your bookkeeping of last year", "I will write the process that only one person knows",
                  "I will prepare you for an investor's questions", "I will set up a shared inbox that stays empty"),
          text="Twenty years in small companies. I ask many questions, write little, and leave you with something that works on Monday morning.",
          levels=(("An hour", ("One call", "Notes")), ("A day", ("Your papers", "Two calls", "A report")), ("A week", ("Your papers", "Daily calls", "A plan", "Follow-up in a month"))),
          extras=(("An extra call", 60, 0),),
          faq=("Is this legal advice?", "No: where you need a lawyer I say so."),
          questions=("What would be different if this were solved?",)),
)  # fmt: skip
TIMES: Final = (1.0, 2.2, 4.6)
LONGER: Final = (1.0, 1.4, 2.2)
REVISIONS: Final = (1, 3, None)


def talents() -> Iterator[Talent]:
    """All of them, in one order."""
    for craft in CRAFTS:
        for title in craft.titles:
            yield _talent(craft, title)


def _talent(craft: Craft, title: str) -> Talent:
    rng = random.Random(zlib.crc32(title.encode()))  # noqa: S311 - gigs for show, no secret
    base = craft.price * (0.7 + 0.8 * rng.random())
    packages = [
        (name, f"{max(5, round(base * times / 5) * 5)}.00", max(1, round(craft.days * longer)), revisions, list(features))
        for (name, features), times, longer, revisions in zip(craft.levels, TIMES, LONGER, REVISIONS, strict=True)
    ]  # fmt: skip
    return Talent(
        title=title, description=f"{title.rstrip('.')}. {craft.text}" if title.isascii() else craft.text, motif=craft.motif,
        category=craft.category, seller=craft.seller, currency=craft.currency, languages=list(craft.languages), tags=list(craft.tags),
        packages=packages, extras=[(name, f"{price}.00", days) for name, price, days in craft.extras], faqs=[craft.faq],
        questions=list(craft.questions),
    )  # fmt: skip
