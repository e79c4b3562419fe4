from datetime import date
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody
from litestar.response import Stream
from litestar.status_codes import HTTP_202_ACCEPTED

from marketplace.accounts.viewer import Viewer
from marketplace.core import clock, db, ratelimit
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import PayloadTooLarge
from marketplace.shop import tasks
from marketplace.shop.queries.exports import written
from marketplace.shop.queries.imports import get_import
from marketplace.shop.schemas.imports import ImportForm, ImportOut
from marketplace.shop.service.importing import MOST_BYTES, take_in

FORM_ALLOWANCE = 64 * 1024


class ImportController(Controller):
    path = "/products"
    tags = ("Products",)

    @post(
        "/import",
        operation_id="importProducts",
        status_code=HTTP_202_ACCEPTED,
        request_max_body_size=MOST_BYTES + FORM_ALLOWANCE,
    )
    async def start(self, data: MultipartBody[ImportForm], viewer: NamedDependency[Viewer]) -> Envelope[ImportOut]:
        """Make and change products from a CSV file, found by their SKU. GET tells how far it has come, and what is wrong with which line."""
        await ratelimit.hit("uploads", str(viewer.id))
        content = await data.file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise PayloadTooLarge("At most 5 MB.", fields={"file": ["At most 5 MB."]})
        async with db.transaction():
            import_id = await take_in(viewer.id, content, data.file.filename, data.mode)
            await tasks.import_products.defer(import_id=str(import_id))
        return ok(await get_import(import_id, viewer.id), "The file is being worked through.")

    @get("/import/{import_id:uuid}", operation_id="showImport")
    async def show(self, import_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[ImportOut]:
        """How far a file of yours has come."""
        return ok(await get_import(import_id, viewer.id))

    @get("/export", operation_id="exportProducts", media_type="text/csv")
    async def export(self, viewer: NamedDependency[Viewer]) -> Stream:
        """Your products as CSV, a line for each variant, without what is archived. POST /products/import/ reads it again."""
        today: date = clock.now().date()
        headers = {
            "content-disposition": f'attachment; filename="products-{today}.csv"',
            "cache-control": "private, no-store",
        }
        return Stream(written(viewer.id), media_type="text/csv; charset=utf-8", headers=headers)
