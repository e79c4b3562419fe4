from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from marketplace.accounts.controllers.client import client_of
from marketplace.accounts.queries.exports import get_export
from marketplace.accounts.schemas.privacy import EraseAccount, ExportState
from marketplace.accounts.service import erasure, exports, throttle
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok


class PrivacyController(Controller):
    path = "/users/me"
    tags = ("Privacy",)

    @post("/export", operation_id="requestExport", status_code=HTTP_202_ACCEPTED)
    async def request_export(self, viewer: NamedDependency[Viewer]) -> Envelope[ExportState]:
        """Have a copy made of everything held about you. GET tells when it is ready. Safe to repeat while it is being made."""
        await throttle.data_export(viewer.id)
        await exports.request_export(viewer.id)
        return ok(await get_export(viewer.id), "Your copy is being made")

    @get("/export", operation_id="getExport", opt={"refuses": (404,)})
    async def show_export(self, viewer: NamedDependency[Viewer]) -> Envelope[ExportState]:
        """Your latest copy: a ZIP of JSON files and your uploads, kept for seven days."""
        return ok(await get_export(viewer.id))

    @post("/erasure", operation_id="eraseAccount", status_code=HTTP_200_OK)
    async def erase(
        self, request: Request[Any, Any, Any], data: JSONBody[EraseAccount], viewer: NamedDependency[Viewer]
    ) -> Envelope[None]:
        """Erase your account, for good and at once: every device is signed out, everything that names you is removed.

        Records others rely on, such as bids, stay under a pseudonym. Refuses with `wrong_password`,
        `reauthentication_required`, or `obligations_open` and a list of what binds you still.
        """
        await erasure.erase_account(viewer.id, viewer.session_id, data.password, client_of(request))
        return ok(None, "Your account has been erased")
