"""The sandbox's own API: what it does for what, and its controls for those who test."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.core.envelope import Envelope, ok
from marketplace.payments.providers.sandbox import by_hand
from marketplace.payments.providers.sandbox.by_hand import DisputeCharge, MoveRecord, SandboxGuide, SandboxRecord
from marketplace.payments.providers.sandbox.page import sandbox_only


class SandboxController(Controller):
    path = "/sandbox"
    tags = ("Sandbox payments",)
    guards = [sandbox_only]  # noqa: RUF012 - Litestar wants a list

    @get(operation_id="showSandbox")
    async def show(self) -> Envelope[SandboxGuide]:
        """What the sandbox does for which token and amount.

        No real money moves here, and none of this exists where real money does. Give one of `methods` as the payment method, or one
        of `destinations` as where a payout goes. An amount whose minor units end in one of the four digits listed goes its own way
        too: 77.02 and 1277.02 USD, or 7702 JPY, are declined.
        """
        return ok(by_hand.guide())

    @get(
        "/books/{our_id:uuid}",
        operation_id="showSandboxBooks",
        guards=[requires(Role.MANAGER)],
        opt={"refuses": (404,)},
    )
    async def books(self, our_id: FromPath[UUID]) -> Envelope[list[SandboxRecord]]:
        """What the sandbox holds of a payment, a refund or a payout, with the webhooks that told of it."""
        return ok(await by_hand.get_records(our_id))

    @post(
        "/charges/{reference:str}/dispute", operation_id="disputeSandboxCharge", status_code=200,
        guards=[requires(Role.MANAGER)],
    )  # fmt: skip
    async def dispute(
        self, reference: FromPath[str], viewer: NamedDependency[Viewer], data: JSONBody[DisputeCharge | None] = None
    ) -> Envelope[SandboxRecord]:
        """Have the payer's bank take the money of a charge back. A charge is disputed once; then it says how that stands."""
        asked = data or DisputeCharge()
        return ok(await by_hand.dispute(viewer.id, reference, asked.amount, asked.reason), "The charge is disputed.")

    @post(
        "/records/{reference:str}/state", operation_id="moveSandboxRecord", status_code=200,
        guards=[requires(Role.MANAGER)],
    )  # fmt: skip
    async def move(
        self, reference: FromPath[str], viewer: NamedDependency[Viewer], data: JSONBody[MoveRecord]
    ) -> Envelope[SandboxRecord]:
        """Have something happen at the bank: a dispute is `won` or `lost`, a payout is `failed` or `returned`, and so on.

        What cannot be from the present state is refused with `illegal_transition`, which names what can.
        """
        return ok(await by_hand.move(viewer.id, reference, data.state, data.failure_code), "It has happened.")

    @post(
        "/events/{event_id:str}/deliver", operation_id="deliverSandboxEvent", status_code=202,
        guards=[requires(Role.MANAGER)],
    )  # fmt: skip
    async def deliver(self, event_id: FromPath[str]) -> Envelope[None]:
        """Deliver a webhook once more, also one that was taken."""
        await by_hand.deliver_again(event_id)
        return ok(None, "It will be delivered.")


CONTROLLERS = [SandboxController]
