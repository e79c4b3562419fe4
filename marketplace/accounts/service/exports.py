"""A copy of everything held about a person: one ZIP of JSON and files, made by a job, private and short-lived."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from marketplace.accounts import privacy
from marketplace.accounts.events import ExportRequested, ExportWithdrawn
from marketplace.accounts.queries.owners import lock_owner
from marketplace.core import clock, db, outbox, storage, timers
from marketplace.core.errors import NotFound
from marketplace.core.ids import uuid7

EXPIRES: Final = "accounts.export_expires"
KEPT: Final = timedelta(days=7)
STUCK: Final = timedelta(hours=1)
CHUNK: Final = 1024 * 1024
IN_MEMORY: Final = 8 * 1024 * 1024
README: Final = (
    "This is a copy of what the marketplace holds about you: one JSON file for each kind of record, times in UTC,\n"
    "and under files/ what you uploaded, in the largest size that is kept.\n"
)


async def request_export(user_id: UUID) -> None:
    """Have a copy made. While one is being made, asking again changes nothing, unless that one has been stuck for an hour."""
    async with db.transaction():
        await lock_owner(user_id)
        pending = await db.fetch_row(
            "SELECT id, requested_at FROM data_exports WHERE \"user\" = $1 AND status = 'pending'", user_id
        )
        if pending is not None and pending["requested_at"] > clock.now() - STUCK:
            return
        export_id = pending["id"] if pending else uuid7()
        await db.execute(
            'INSERT INTO data_exports (id, "user", status) VALUES ($1, $2, \'pending\') '
            "ON CONFLICT (id) DO UPDATE SET requested_at = now()",
            export_id, user_id,
        )  # fmt: skip
        await outbox.emit(ExportRequested(export_id))


async def make_export(export_id: UUID) -> None:
    """Write the copy and offer it. Safe to run again; a person who was erased meanwhile leaves no copy behind."""
    user_id = await db.fetch_val("SELECT \"user\" FROM data_exports WHERE id = $1 AND status = 'pending'", export_id)
    if user_id is None:
        return
    parts, keys = await _collect(user_id)
    key = storage_key(export_id)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            await _write(archive, parts, keys)
        size = file.tell()
        await storage.put(key, _chunks(file))
    if not await _offer(export_id, user_id, key, size):
        await storage.delete(key)


def storage_key(export_id: UUID) -> str:
    return storage.new_key("export", export_id, "data", "zip", public=False)


async def _collect(user_id: UUID) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Everything as of one moment."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        parts = {name: await export(user_id) for name, export in sorted(privacy.EXPORTERS.items())}
        keys = [pair for name, listing in sorted(privacy.FILES.items()) for pair in await listing(user_id)]
    return parts, keys


async def _write(archive: ZipFile, parts: dict[str, Any], keys: list[tuple[str, str]]) -> None:
    archive.writestr("README.txt", README)
    for name, part in parts.items():
        body = msgspec.json.format(msgspec.json.encode(part), indent=2)
        await asyncio.to_thread(archive.writestr, f"{name}.json", body)
    with tempfile.NamedTemporaryFile(prefix="marketplace-export-") as one:
        for name, key in keys:
            try:
                await storage.fetch_to(key, Path(one.name))
            except NotFound:
                continue  # taken away since the list was read
            await asyncio.to_thread(archive.write, one.name, f"files/{name}")


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


async def _offer(export_id: UUID, user_id: UUID, key: str, size: int) -> bool:
    """Compare and set: only a copy that is still wanted is offered, in place of an older one."""
    async with db.transaction():
        expires = clock.now() + KEPT
        offered = await db.execute(
            "UPDATE data_exports SET status = 'ready', storage_key = $2, size = $3, ready_at = now(), expires_at = $4 "
            "WHERE id = $1 AND status = 'pending'",
            export_id, key, size, expires,
        )  # fmt: skip
        if not offered:
            return False
        await withdraw_exports(user_id, keep=export_id)
        await timers.schedule(EXPIRES, export_id, expires)
    return True


async def withdraw_exports(user_id: UUID, *, keep: UUID | None = None) -> int:
    """Take away the person's finished copies but `keep`. Joins the transaction."""
    async with db.transaction():
        gone = await db.fetch(
            "UPDATE data_exports SET status = 'expired' WHERE \"user\" = $1 AND status = 'ready' AND id IS DISTINCT FROM $2 "
            "RETURNING id, storage_key",
            user_id, keep,
        )  # fmt: skip
        for row in gone:
            await timers.cancel(EXPIRES, row["id"])
            await outbox.emit(ExportWithdrawn(row["storage_key"]))
    return len(gone)


async def erase_exports(user_id: UUID) -> int:
    """For the person's erasure: the copies go too, also one that is being made."""
    await withdraw_exports(user_id)
    return await db.execute('DELETE FROM data_exports WHERE "user" = $1', user_id)


@timers.timer(EXPIRES)
async def _expires(key: str, _: timers.Payload) -> None:
    gone = await db.fetch_val(
        "UPDATE data_exports SET status = 'expired' WHERE id = $1 AND status = 'ready' RETURNING storage_key", UUID(key)
    )
    if gone is not None:
        await outbox.emit(ExportWithdrawn(gone))


privacy.eraser("copies", erase_exports)
