"""Figures about a person that other domains know and accounts shows, in the one statement that reads the person.

A domain above registers an SQL expression in which `u` is the row of `users`:

    REPUTATION.add("auctions_sold", "(SELECT count(*) FROM auctions a WHERE a.seller = u.id AND a.status = 'sold')")
"""


class Figures:
    """Named SQL expressions, each with what holds until its domain brings it: zero, or NULL where zero would be a claim."""

    def __init__(self, **until_then: str) -> None:
        self._sql = until_then
        self._added: set[str] = set()

    def add(self, name: str, sql: str) -> None:
        """Say how a figure is read. Raises KeyError for one nobody asks for, ValueError for one that has a reader."""
        if name not in self._sql:
            raise KeyError(f"{name!r} is none of {', '.join(self._sql)}")
        if name in self._added and self._sql[name] != sql:
            raise ValueError(f"{name!r} is read twice")
        self._added.add(name)
        self._sql[name] = sql

    @property
    def columns(self) -> str:
        return ", ".join(f"{sql} AS {name}" for name, sql in self._sql.items())


REPUTATION = Figures(
    average_rating="NULL::float8",
    review_count="0",
    client_rating="NULL::float8",
    client_review_count="0",
    level="'new'",
    completed_orders="0",
    completion_rate="NULL::float8",
    on_time_rate="NULL::float8",
    response_rate="NULL::float8",
    response_minutes="NULL::int",
    auctions_sold="0",
    auctions_won="0",
)
"""Counts begin at zero; rates are unknown until there is something to take them from."""

STANDING = Figures(is_premium="false")
"""What every request of a signed-in person is told of them; read with the viewer, so it must be cheap."""

PROFILE = Figures(subscription_status="'none'")
"""What a person's own profile shows of other domains."""
