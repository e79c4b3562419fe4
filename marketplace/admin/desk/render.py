"""Templates made into answers. Everything that is put into them is escaped."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from marketplace.core import clock
from marketplace.core.money import to_text

HERE: Final = Path(__file__).parent
STATUS: Final = {
    "negotiating": "Negotiating", "under_review": "Under review", "decided": "Decided", "appealed": "Appealed",
    "resolved": "Resolved", "withdrawn": "Withdrawn",
}  # fmt: skip


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    shown = TEMPLATES.get_template(template).render(
        csrf=request.scope.get("csrftoken", ""), staff=request.user.display_name, **values
    )
    return HTMLResponse(shown, status_code=status)


def moment(value: datetime | str | None) -> str:
    """2026-03-07 13:05 UTC."""
    if value is None:
        return "—"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def away(value: datetime | None) -> str:
    """How long until then, or since: `in 2 days`, `3 hours late`."""
    if value is None:
        return ""
    left = value - clock.now()
    size = abs(left)
    if size >= timedelta(days=1):
        said = many(size.days, "day")
    elif size >= timedelta(hours=1):
        said = many(size.seconds // 3600, "hour")
    else:
        said = many(size.seconds // 60, "minute")
    return f"in {said}" if left > timedelta() else f"{said} late"


def many(count: int, unit: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def words(value: str) -> str:
    """`not_as_described` as it is said."""
    return value.replace("_", " ").capitalize()


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"moment": moment, "away": away, "words": words, "many": many}
    made.globals |= {"STATUS": STATUS, "money": to_text}
    return made


TEMPLATES: Final = _environment()
