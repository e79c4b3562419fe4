"""Settings that staff change while the service runs: defined in code with a type and a default, kept in Postgres.

SNIPE_WINDOW = platform.define("auctions.snipe_window_seconds", int, 120, "A bid this close to the end moves it.")
...
seconds = await SNIPE_WINDOW.value()
"""

from time import monotonic
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import Struct

from marketplace.core import clock, db
from marketplace.core.errors import DomainError, ValidationFailed

T = TypeVar("T")

FRESH_SECONDS = 2.0
"""How long another process may go on with a value that staff have just changed."""


class UnknownSetting(DomainError):
    status_code = 400
    code = "unknown_setting"


class Setting(Struct, Generic[T], frozen=True, eq=False):
    key: str
    type: Any
    default: T
    description: str

    async def value(self) -> T:
        """What staff have set, else the default. Costs a statement every FRESH_SECONDS in a process."""
        return cast(T, (await current())[self.key])


_defined: dict[str, Setting[Any]] = {}
_cached: tuple[float, dict[str, Any]] | None = None


def define(key: str, type_: Any, default: T, description: str) -> Setting[T]:
    """Register a setting. `type_` may carry msgspec constraints; they are enforced when staff change it."""
    setting = Setting(key, type_, default, description)
    _defined[key] = setting
    return setting


def defined() -> list[Setting[Any]]:
    return [_defined[key] for key in sorted(_defined)]


async def current() -> dict[str, Any]:
    """Every setting's value now."""
    global _cached
    if _cached is None or monotonic() - _cached[0] > FRESH_SECONDS:
        _cached = (monotonic(), await _read())
    return _cached[1]


async def _read() -> dict[str, Any]:
    rows = await db.fetch("SELECT key, value::text AS value FROM platform_settings")
    stored = {row["key"]: msgspec.json.decode(row["value"]) for row in rows}
    values = {}
    for setting in _defined.values():
        try:
            values[setting.key] = msgspec.convert(stored.get(setting.key, setting.default), setting.type)
        except msgspec.ValidationError:  # stored before the type became stricter
            values[setting.key] = setting.default
    return values


async def change(changes: dict[str, Any], by: Any) -> dict[str, tuple[Any, Any]]:
    """Set several settings at once. Returns {key: (before, after)} of those that differ.

    Raises UnknownSetting or ValidationFailed and then changes nothing.
    """
    wrong: dict[str, list[str]] = {}
    for key, value in changes.items():
        if key not in _defined:
            raise UnknownSetting(
                f"There is no setting {key!r}.", fields={key: ["Unknown setting."]}, known=sorted(_defined)
            )
        try:
            msgspec.convert(value, _defined[key].type)
        except msgspec.ValidationError as error:
            wrong[key] = [str(error)]
    if wrong:
        raise ValidationFailed(fields=wrong)
    async with db.transaction():
        # One writer at a time, so that what is reported as "before" is what was replaced.
        await db.execute("SELECT pg_advisory_xact_lock(hashtext('platform_settings'))")
        before = await _read()
        changed = {key: (before[key], value) for key, value in changes.items() if before[key] != value}
        for key, (_, value) in changed.items():
            await db.execute(
                "INSERT INTO platform_settings (key, value, updated_at, updated_by) VALUES ($1, $2::jsonb, $3, $4) "
                "ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at, "
                "updated_by = EXCLUDED.updated_by",
                key,
                msgspec.json.encode(value).decode(),
                clock.now(),
                by,
            )
        db.on_commit(forget)
    return changed


async def forget() -> None:
    """Read the settings anew at the next call."""
    global _cached
    _cached = None
