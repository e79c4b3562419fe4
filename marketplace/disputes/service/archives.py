"""The evidence of a dispute as one file to take along: written while it is sent, so that its size does not matter."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from msgspec import Struct

from marketplace.core import audit, clock, db, storage
from marketplace.core.errors import NotFound
from marketplace.disputes.packs import Pack
from marketplace.disputes.printing import print_evidence
from marketplace.disputes.queries import evidence
from marketplace.disputes.queries.evidence import File

README: Final = """pack.json      everything that is known of the order in dispute
summary.pdf    the same for reading
files/         what the sides have shown and handed over, as it was sent
SHA256SUMS     what each of them should be: sha256sum -c SHA256SUMS
"""


class Taken(Struct, frozen=True):
    """`name` is what to save it as, without an extension."""

    name: str
    number: str
    pack: Pack
    files: Sequence[File]


async def take_along(dispute_id: UUID, actor_id: UUID, decision: int | None = None) -> Taken:
    """What a moderator takes out of the house, and the note that they did. Raises DisputeNotFound, OwnDispute."""
    async with db.transaction():
        case = await evidence.get_evidence(dispute_id, actor_id, decision)
        files = await evidence.get_files(dispute_id)
        await audit.record(
            actor=actor_id, action="dispute.evidence_taken", object_type="dispute", object_id=dispute_id,
            after={"sha256": case.pack.sha256, "files": len(files)},
        )  # fmt: skip
    made_on = "" if decision is None else f"-decision-{decision}"
    return Taken(f"evidence-{case.number}{made_on}", case.number, case.pack, files)


async def zipped(taken: Taken) -> AsyncIterator[bytes]:
    """A ZIP, a piece at a time. A file that is not there, or is not what it was, stands in NOTES.txt."""
    sink, notes = _Sink(), list[str]()
    summary = await asyncio.to_thread(print_evidence, taken.number, taken.pack, taken.files)
    texts = {"README.txt": README.encode(), "pack.json": taken.pack.text.encode(), "summary.pdf": summary}
    sums = {name: sha256(content).hexdigest() for name, content in texts.items()}
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for name, content in texts.items():
            await asyncio.to_thread(archive.writestr, _entry(name), content, ZIP_DEFLATED)
            yield sink.taken()
        for file in taken.files:
            if file.key is None:
                notes.append(f"{file.name}: not there ({file.state})")
                continue
            seen = sha256()
            try:
                first, rest = await _begun(file.key)
            except NotFound:
                notes.append(f"{file.name}: not there any more")
                continue
            with archive.open(_entry(file.name), "w", force_zip64=True) as entry:
                while first:
                    entry.write(first)
                    seen.update(first)
                    yield sink.taken()
                    first = await anext(rest, b"")
            sums[file.name] = file.sha256
            if seen.hexdigest() != file.sha256:
                notes.append(f"{file.name}: not what was sent; it has SHA-256 {seen.hexdigest()}")
        if notes:
            archive.writestr(_entry("NOTES.txt"), "\n".join(notes) + "\n")
        archive.writestr(_entry("SHA256SUMS"), "".join(f"{found}  {name}\n" for name, found in sums.items()))
    yield sink.taken()


async def _begun(key: str) -> tuple[bytes, AsyncIterator[bytes]]:
    """The first piece of a stored file, and the rest. Raises NotFound."""
    rest = aiter(storage.stream(key))
    return await anext(rest, b""), rest


def _entry(name: str) -> ZipInfo:
    return ZipInfo(name, clock.now().timetuple()[:6])


class _Sink:
    """What a ZIP is written to, and taken from before it grows."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def close(self) -> None:
        """Nor anything to give back."""

    def taken(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data
