from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, in UTC. Everything that asks for the time asks here."""
    return datetime.now(UTC)
