from uuid import UUID

from marketplace.accounts import favorites
from marketplace.accounts.queries.favorites import get_favorite
from marketplace.accounts.queries.owners import lock_owner
from marketplace.accounts.schemas.favorites import Favorite, NewFavorite
from marketplace.core import db
from marketplace.core.errors import NotFound, Unprocessable, ValidationFailed
from marketplace.core.ids import uuid7


async def add_favorite(user_id: UUID, new: NewFavorite) -> tuple[Favorite, bool]:
    """The favourite, and whether it is new: asking again changes nothing. Raises ValidationFailed or NotFound."""
    kind, target_id = _target(new)
    if kind == "user" and target_id == user_id:
        raise Unprocessable("You cannot be your own favourite.", fields={"target_id": ["This is you."]})
    async with db.transaction():
        await lock_owner(user_id)
        if not await db.fetch_val(f"SELECT {favorites.card(kind, '$1')} IS NOT NULL", target_id):
            raise NotFound(f"There is no such {kind}.", fields={"target_id": [f"There is no such {kind}."]})
        added = await db.execute(
            'INSERT INTO favorites (id, "user", target_type, target_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
            uuid7(), user_id, kind, target_id,
        )  # fmt: skip
        return await get_favorite(user_id, kind, target_id), bool(added)


async def remove_favorite(user_id: UUID, favorite_id: UUID) -> None:
    """Raises NotFound."""
    if not await db.execute('DELETE FROM favorites WHERE "user" = $1 AND id = $2', user_id, favorite_id):
        raise NotFound


def _target(new: NewFavorite) -> tuple[str, UUID]:
    kind, target_id = new.target_type or new.content_type, new.target_id or new.object_id
    fields: dict[str, list[str]] = {}
    if kind is None:
        fields["target_type"] = ["This field is required."]
    elif kind not in favorites.kinds():
        fields["target_type"] = [f"Known: {', '.join(favorites.kinds())}."]
    if target_id is None:
        fields["target_id"] = ["This field is required."]
    if (new.target_type and new.content_type) or (new.target_id and new.object_id):
        fields["non_field_errors"] = ["Name the target once."]
    if fields or kind is None or target_id is None:
        raise ValidationFailed(fields=fields)
    return kind, target_id
