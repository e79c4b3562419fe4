from uuid import UUID

from marketplace.accounts.events import UserBanned, UserUnbanned
from marketplace.catalog.events import CategoryChanged
from marketplace.core import db, outbox
from marketplace.gigs.freshness import gigs_changed
from marketplace.gigs.service import moving
from marketplace.gigs.service.listing import index_words_of
from marketplace.gigs.service.media import forget_file
from marketplace.gigs.showcase import GIG_MEDIA
from marketplace.media.events import MediaReady, MediaRefused


@outbox.on(UserBanned)
async def hide_gigs_of_the_banned(event: UserBanned) -> None:
    """Nobody should order what a suspended account offers. What was ordered goes its way."""
    if not await _is_active(event.user_id):
        await moving.hide_all_of(event.user_id)


@outbox.on(UserUnbanned)
async def show_gigs_again(event: UserUnbanned) -> None:
    if await _is_active(event.user_id):
        await moving.show_all_of(event.user_id)


async def _is_active(user_id: UUID) -> bool:
    """Events of one account may arrive in another order than they happened."""
    found: bool = await db.fetch_val("SELECT status = 'active' FROM users WHERE id = $1", user_id)
    return found


@outbox.on(MediaReady)
async def show_new_media(event: MediaReady) -> None:
    if event.purpose == GIG_MEDIA.name:
        gigs_changed()


@outbox.on(MediaRefused)
async def hide_unreadable_media(event: MediaRefused) -> None:
    if event.purpose == GIG_MEDIA.name:
        await forget_file(event.media_id)


@outbox.on(CategoryChanged)
async def find_by_new_name(event: CategoryChanged) -> None:
    await index_words_of(event.category_id)
    gigs_changed()
