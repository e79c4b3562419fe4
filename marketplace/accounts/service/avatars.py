"""One's picture: the old one is shown until the new one is ready."""

from uuid import UUID

from marketplace.accounts import pictures
from marketplace.accounts.queries.owners import lock_owner
from marketplace.accounts.service.profiles import ensure_profile
from marketplace.core import db
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads


async def upload_avatar(user_id: UUID, file: uploads.Incoming, field: str) -> None:
    """Take a picture in; a job makes its sizes. Raises what `uploads.accept` raises."""

    async def attach(media: MediaRecord) -> None:
        await lock_owner(user_id)
        await ensure_profile(user_id)
        before = await db.fetch_val('SELECT avatar_next FROM profiles WHERE "user" = $1 FOR UPDATE', user_id)
        await db.execute('UPDATE profiles SET avatar_next = $2 WHERE "user" = $1', user_id, media.id)
        if before is not None:
            await uploads.remove(before)

    await uploads.accept(file, pictures.AVATAR, owner_id=user_id, field=field, attach=attach)


async def show_avatar(user_id: UUID, media_id: UUID) -> None:
    """Put a picture that became ready in the place of the old one, unless a later upload has taken its turn."""
    async with db.transaction():
        row = await db.fetch_row(
            'SELECT avatar, avatar_next FROM profiles WHERE "user" = $1 FOR UPDATE', user_id
        )  # fmt: skip
        if row is None or row["avatar_next"] != media_id:
            return
        await db.execute(
            'UPDATE profiles SET avatar = $2, avatar_next = NULL, updated_at = now() WHERE "user" = $1',
            user_id,
            media_id,
        )
        if row["avatar"] is not None:
            await uploads.remove(row["avatar"])


async def remove_avatar(user_id: UUID) -> None:
    """Show no picture. Safe to repeat."""
    async with db.transaction():
        await lock_owner(user_id)
        row = await db.fetch_row('SELECT avatar, avatar_next FROM profiles WHERE "user" = $1 FOR UPDATE', user_id)
        if row is None:
            return
        await db.execute('UPDATE profiles SET avatar = NULL, avatar_next = NULL WHERE "user" = $1', user_id)
        for media_id in filter(None, (row["avatar"], row["avatar_next"])):
            await uploads.remove(media_id)
