from marketplace.core import outbox
from marketplace.media import tasks
from marketplace.media.events import MediaAccepted, MediaRemoved


@outbox.on(MediaAccepted)
async def work_on_it(event: MediaAccepted) -> None:
    await tasks.process_media.defer(media_id=str(event.media_id))


@outbox.on(MediaRemoved)
async def delete_its_bytes(event: MediaRemoved) -> None:
    await tasks.tidy_media.defer(media_id=str(event.media_id))
