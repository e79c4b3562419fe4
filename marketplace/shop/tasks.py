from uuid import UUID

from marketplace.core.jobs import job
from marketplace.shop.service import importing


@job(timeout=600, retries=6)
async def import_products(import_id: str) -> None:
    await importing.work_through(UUID(import_id))
