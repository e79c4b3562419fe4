"""Pictures made on the spot, honest and hostile."""

import io
import struct
import zlib
from typing import Any
from uuid import UUID

from PIL import Image

from marketplace.core import db, jobs, outbox
from marketplace.media import queries
from marketplace.media.purposes import Purpose
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads


class AFile:
    """A file of a form, without the form."""

    def __init__(self, data: bytes, filename: str = "photo.jpg") -> None:
        self._data, self.filename = io.BytesIO(data), filename

    async def read(self, size: int = -1) -> bytes:
        return self._data.read(size)


def a_picture(
    format: str = "JPEG", size: tuple[int, int] = (640, 480), colour: Any = (200, 30, 30), **save: Any
) -> bytes:
    out = io.BytesIO()
    mode = "RGBA" if len(colour) == 4 else "RGB"
    Image.new(mode, size, colour).save(out, format, **save)
    return out.getvalue()


def a_png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


async def work_off() -> None:
    """Run what is due: listeners, and jobs in this process."""
    outbox.use_job_pusher(jobs.run_inline)
    await outbox.drain()


async def an_upload(owner_id: UUID, purpose: Purpose, data: bytes | None = None, **over: Any) -> MediaRecord:
    """A file that was taken in and worked on, through the services."""
    filename = over.pop("filename", "photo.jpg")
    media = await uploads.accept(AFile(data or a_picture(), filename), purpose, owner_id=owner_id, **over)
    await work_off()
    [row] = await db.fetch(f"SELECT {queries.COLUMNS} FROM media WHERE id = $1", media.id)
    return queries.record(row)
