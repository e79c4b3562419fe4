from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.edge import addresses
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.errors import ValidationFailed
from marketplace.core.idempotency import STEPWISE, request_key
from marketplace.core.pagination import ListQuery
from marketplace.payments import payables, providers
from marketplace.payments.payables import Payee
from marketplace.payments.queries import payments as queries
from marketplace.payments.queries.locking import WALLET
from marketplace.payments.queries.payments import PaymentFilters
from marketplace.payments.schemas.payments import (
    BeginPayment,
    ConfirmedPayment,
    ConfirmNamedPayment,
    ConfirmPayment,
    Payable,
    PaymentDetail,
    PaymentOut,
)
from marketplace.payments.service import depositing, paying

Asked: TypeAlias = Request[Any, Any, Any]

SUBJECT: Final = "subject"
TRIES: Final = {"idempotent": STEPWISE, "limit": "payments"}


async def named(data: Payable, viewer_id: UUID) -> Payee | None:
    """What the body says is to be paid; None where it says nothing. Raises ValidationFailed for more than one thing."""
    said = {field: value for field in payables.FIELDS if (value := getattr(data, field)) is not None}
    if data.subject is not None or data.purpose is not None:
        if data.purpose is None or data.subject is None:
            raise ValidationFailed.of("purpose" if data.purpose is None else SUBJECT, "This field is required.")
        said[SUBJECT] = data.subject
    if len(said) > 1:
        *_, last = said
        raise ValidationFailed.of(last, f"Name one thing to pay for, not {' and '.join(said)}.")
    for field, value in said.items():
        if field != SUBJECT:
            return await payables.resolve(field, viewer_id, value)
        if data.purpose not in payables.purposes():
            raise ValidationFailed.of("purpose", f"Unknown value. Known: {', '.join(payables.purposes())}.")
        return Payee(data.purpose, value)
    return None


async def begin(data: BeginPayment, viewer: Viewer, payer_ip: str) -> PaymentDetail:
    payee = await named(data, viewer.id)
    if payee is None:
        raise ValidationFailed.of(
            payables.FIELDS[0], f"Name what is paid for: {', '.join(payables.FIELDS)}, or a purpose."
        )
    if payee.purpose == depositing.PURPOSE:
        raise ValidationFailed.of("purpose", "A deposit is begun with POST /wallet/deposit, and then confirmed.")
    request_id = request_key()
    if data.payment_method == WALLET:
        payment_id = await paying.pay_from_wallet(viewer.id, payee.purpose, payee.subject, request_id=request_id)
    else:
        payment_id = await paying.start(
            viewer.id, payee.purpose, payee.subject, data.payment_method or providers.default(),
            method=data.payment_method_id, return_url=data.return_url, request_id=request_id, payer_ip=payer_ip,
        )  # fmt: skip
    return await queries.get_shown(payment_id, viewer.id)


class PaymentController(Controller):
    path = "/payments"
    tags = ("Payments",)

    @get(operation_id="listPayments", opt={"listing": queries.PAYMENTS})
    async def list_all(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[PaymentFilters]]
    ) -> Envelope[Page[PaymentOut]]:
        """What you have paid, or begun to pay."""
        return await queries.list_payments(listing, viewer.id)

    @post(["/", "/create"], operation_id="createPayment", opt=TRIES)
    async def create(
        self, data: JSONBody[BeginPayment], viewer: NamedDependency[Viewer], request: Asked
    ) -> Envelope[PaymentDetail]:
        """Pay for something of yours. The amount is what is due for it.

        `status` says how it stands: `succeeded`, or what is waited for. Refused with `nothing_due`, `not_payable`,
        `payment_in_progress` (details: `payment_id`), `insufficient_funds`, `provider_refused`. With a 503 nothing is lost: the
        payment is asked for until it is known what became of it, and the same `Idempotency-Key` goes on with it.
        """
        return ok(await begin(data, viewer, addresses.exact(request.scope)))

    @post("/create-intent", operation_id="createPaymentIntent", status_code=HTTP_200_OK, opt=TRIES)
    async def create_intent(
        self, data: JSONBody[BeginPayment], viewer: NamedDependency[Viewer], request: Asked
    ) -> Envelope[PaymentDetail]:
        """The same, for browsers that confirm with the provider's own script and `client_secret`."""
        return ok(await begin(data, viewer, addresses.exact(request.scope)))

    @post("/confirm", operation_id="confirmPayment", status_code=HTTP_200_OK, opt=TRIES)
    async def confirm(
        self, data: JSONBody[ConfirmNamedPayment], viewer: NamedDependency[Viewer]
    ) -> Envelope[ConfirmedPayment]:
        """Make sure that a payment has been made, and take the money where it waits for that.

        Refused with `payment_not_completed` (400, details: `status`, `failure_code`) while it has not.
        """
        payee = await named(data, viewer.id)
        if payee is None and data.payment_intent_id is None:
            raise ValidationFailed.of("payment_intent_id", "This field is required.")
        payment_id = await queries.find_named(viewer.id, data.payment_intent_id, payee)
        await paying.confirm(payment_id, viewer.id, data.payment_method_id)
        shown = await queries.get_shown(payment_id, viewer.id)
        confirmed = ConfirmedPayment(**msgspec.structs.asdict(shown), order_id=data.order_id)
        return ok(confirmed, "Payment confirmed successfully")

    @get("/{payment_id:uuid}", operation_id="showPayment")
    async def show(self, payment_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[PaymentDetail]:
        """A payment of yours, with what was given back of it."""
        return ok(await queries.get_shown(payment_id, viewer.id))

    @post(
        "/{payment_id:uuid}/confirm", operation_id="confirmOnePayment", status_code=HTTP_200_OK,
        opt=TRIES,
    )  # fmt: skip
    async def confirm_one(
        self,
        payment_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        data: JSONBody[ConfirmPayment | None] = None,
    ) -> Envelope[PaymentDetail]:
        """The same for the payment that the path names; another card may be tried with `payment_method_id`."""
        await paying.confirm(payment_id, viewer.id, data.payment_method_id if data else "")
        return ok(await queries.get_shown(payment_id, viewer.id), "Payment confirmed successfully")

    @post(
        "/{payment_id:uuid}/cancel", operation_id="cancelPayment", status_code=HTTP_200_OK,
        opt={"idempotent": STEPWISE},
    )  # fmt: skip
    async def cancel(self, payment_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[PaymentDetail]:
        """Give up a payment that is still open. Money that comes in nevertheless goes back by itself."""
        await paying.cancel(payment_id, viewer.id)
        return ok(await queries.get_shown(payment_id, viewer.id), "The payment is cancelled.")
