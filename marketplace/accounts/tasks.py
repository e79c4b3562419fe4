from uuid import UUID

from marketplace.accounts import presence
from marketplace.accounts.service import exports
from marketplace.core import storage
from marketplace.core.jobs import job


@job(timeout=600, retries=5)
async def make_export(export_id: str) -> None:
    await exports.make_export(UUID(export_id))


@job(timeout=60, retries=10)
async def delete_file(key: str) -> None:
    await storage.delete(key)


@job(timeout=30, retries=10)
async def forget_presence(user_id: str) -> None:
    await presence.forget(UUID(user_id))
