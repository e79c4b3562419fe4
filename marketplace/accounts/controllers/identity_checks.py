from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.queries.identity_checks import get_identity_status
from marketplace.accounts.schemas.identity_checks import Decision, IdentityForm, IdentityStatus
from marketplace.accounts.service import identity_checks as service
from marketplace.accounts.states import DocumentSide, Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.core import ratelimit
from marketplace.core.envelope import Envelope, ok
from marketplace.media.service import uploads


class IdentityController(Controller):
    path = "/users"
    tags = ("Identity verification",)

    @post("/verify", operation_id="submitVerification", request_max_body_size=uploads.body_limit(3))
    async def submit(
        self, data: MultipartBody[IdentityForm], viewer: NamedDependency[Viewer]
    ) -> Envelope[IdentityStatus]:
        """Submit an identity document for verification: JPEG, PNG, GIF, WebP or PDF.

        The files are private: only you and staff get links to them, and they are deleted 30 days after the decision.
        Refuses with `verification_open` while a check is pending or when you are verified.
        """
        await ratelimit.hit("uploads", str(viewer.id))
        given = {DocumentSide.FRONT: data.front, DocumentSide.BACK: data.back, DocumentSide.SELFIE: data.selfie}
        papers = [(side, file) for side, file in given.items() if file is not None]
        await service.submit_documents(viewer.id, data.document_type, data.country, papers)
        return ok(await get_identity_status(viewer.id, viewer_id=viewer.id), "Documents received")

    @get("/verification/status", operation_id="getVerificationStatus")
    async def status(self, viewer: NamedDependency[Viewer]) -> Envelope[IdentityStatus]:
        """How far your own verification is."""
        return ok(await get_identity_status(viewer.id, viewer_id=viewer.id))

    @get(
        "/{user_id:uuid}/verification",
        operation_id="getUserVerification",
        guards=[requires(Role.MODERATOR)],
    )
    async def show(self, user_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[IdentityStatus]:
        """Somebody's verification, with links to the documents. For staff; leaves an audit row."""
        status = await get_identity_status(user_id, viewer_id=viewer.id)
        if status.documents:
            await service.note_viewing(viewer.id, user_id)
        return ok(status)

    @post(
        "/{user_id:uuid}/verification/decision",
        operation_id="decideVerification",
        guards=[requires(Role.MODERATOR)],
        status_code=HTTP_200_OK,
    )
    async def decide(
        self, user_id: FromPath[UUID], data: JSONBody[Decision], viewer: NamedDependency[Viewer]
    ) -> Envelope[IdentityStatus]:
        """Approve or reject somebody's documents. For staff; leaves history and audit rows."""
        await service.decide(viewer.id, user_id, approved=data.approved, reason=data.reason)
        return ok(await get_identity_status(user_id, viewer_id=viewer.id))
