from uuid import UUID

from marketplace.core.jobs import job
from marketplace.media.service import processing


@job(timeout=600, retries=6)
async def process_media(media_id: str) -> None:
    await processing.process(UUID(media_id))


@job(timeout=60, retries=10)
async def tidy_media(media_id: str) -> None:
    await processing.tidy(UUID(media_id))
