import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.core.edge import addresses
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.errors import ValidationFailed
from marketplace.core.idempotency import STEPWISE, request_key
from marketplace.core.money import Currency
from marketplace.core.pagination import ListQuery
from marketplace.payments.errors import StatementTooLong
from marketplace.payments.queries import payments, payouts, statements
from marketplace.payments.queries import wallet as queries
from marketplace.payments.queries.statements import MonthOfAccounts
from marketplace.payments.queries.wallet import TransactionFilters
from marketplace.payments.schemas.payments import PaymentDetail
from marketplace.payments.schemas.payouts import PayoutDetail
from marketplace.payments.schemas.wallet import (
    DepositToWallet,
    StatementMonth,
    TransactionOut,
    WalletOut,
    WithdrawFromWallet,
)
from marketplace.payments.service.depositing import deposit
from marketplace.payments.service.wallet import withdraw
from marketplace.payments.statements import (
    MOST_PRINTED,
    csv_closing,
    csv_entries,
    csv_head,
    csv_opening,
    print_statement,
)

PDF, CSV = "application/pdf", "text/csv"
MonthText = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="In UTC", examples=["2026-11"])]
MANY: Final = 500
_PRINTING: Final = asyncio.Semaphore(2)
"""Printing is work for a processor: more of it at once only makes everybody else wait."""


async def written(month: MonthOfAccounts) -> AsyncIterator[str]:
    """The CSV, in parts."""
    yield csv_head()
    for account in month.accounts:
        yield csv_opening(account, month)
        lines = []
        async for line in statements.read_entries(account):
            lines.append(line)
            if len(lines) == MANY:
                yield csv_entries(account, month.currency, lines)
                lines = []
        yield csv_entries(account, month.currency, lines) + csv_closing(account, month)


async def printed(viewer: Viewer, month: MonthOfAccounts) -> bytes:
    """The PDF. Raises StatementTooLong."""
    if month.entries > MOST_PRINTED:
        raise StatementTooLong(entries=month.entries, maximum=MOST_PRINTED)
    entries = [[line async for line in statements.read_entries(account)] for account in month.accounts]
    holder = await statements.get_holder(viewer.id)
    async with _PRINTING:
        return await asyncio.to_thread(print_statement, holder, month, entries, viewer.language)


def as_file(answer: Response[Any], month: MonthOfAccounts, ending: str) -> Response[Any]:
    # Month and currency have been checked: nothing of anybody's own gets into the name.
    name = f"statement-{month.period.month}-{month.currency}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


class WalletController(Controller):
    path = "/wallet"
    tags = ("Wallet",)

    @get(operation_id="showWallet")
    async def show(self, viewer: NamedDependency[Viewer]) -> Envelope[WalletOut]:
        """What you have, by currency: to spend, held, earned, cleared, owed, and on its way out."""
        return ok(await queries.get_wallet(viewer.id))

    @get("/transactions", operation_id="listWalletTransactions", opt={"listing": queries.TRANSACTIONS})
    async def transactions(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[TransactionFilters]]
    ) -> Envelope[Page[TransactionOut]]:
        """Everything that ever came into or went out of any of your pockets, with the balance after it."""
        return await queries.list_transactions(listing, viewer.id)

    @get("/statements", operation_id="listWalletStatements", opt={"also_answers": (PDF, CSV), "refuses": (404, 422)})
    async def statements(
        self,
        viewer: NamedDependency[Viewer],
        month: FromQuery[MonthText | None] = None,
        currency: FromQuery[Currency | None] = None,
        format: FromQuery[Literal["pdf", "csv"] | None] = None,
    ) -> Response[Envelope[list[StatementMonth]]]:
        """The months there are; with `month` and `currency`, that month's statement as a file.

        Each account with its opening balance, its entries and its closing balance, which opens the next month. A PDF unless
        `format=csv`; of very many entries only as CSV (`statement_too_long`).
        """
        if month is None:
            if format is not None:
                raise ValidationFailed.of("month", "This field is required.")
            return Response(ok(await statements.list_months(viewer.id, currency)))
        if currency is None:
            raise ValidationFailed.of("currency", "This field is required.")
        seen = await statements.get_month(viewer.id, month, currency)
        if format == "csv":
            return as_file(Stream(written(seen), media_type=CSV), seen, "csv")
        content = await printed(viewer, seen)
        return as_file(Response(content, media_type=PDF), seen, "pdf")

    @post("/deposit", operation_id="depositToWallet", opt={"idempotent": STEPWISE, "limit": "payments"})
    async def deposit(
        self, data: JSONBody[DepositToWallet], viewer: NamedDependency[Viewer], request: Request[Any, Any, Any]
    ) -> Envelope[PaymentDetail]:
        """Pay into your wallet. The money is there when the payment has succeeded; confirm it as any other payment.

        Refuses with `below_minimum`, `above_maximum` or `provider_refused`. With a 503 nothing is lost: the payment is asked for
        until it is known what became of it, and the same `Idempotency-Key` goes on with it.
        """
        payment_id = await deposit(
            viewer.id, data.amount, data.currency, data.payment_method or "", method=data.payment_method_id,
            return_url=data.return_url, request_id=request_key(), payer_ip=addresses.exact(request.scope),
        )  # fmt: skip
        return ok(await payments.get_shown(payment_id, viewer.id))

    @post("/withdraw", operation_id="withdrawFromWallet", opt={"idempotent": True})
    async def withdraw(
        self, data: JSONBody[WithdrawFromWallet], viewer: NamedDependency[Viewer]
    ) -> Envelope[PayoutDetail]:
        """Have money of your wallet sent to you. It leaves the wallet at once. Refuses as `requestPayout` does."""
        payout_id = await withdraw(viewer.id, data.amount, data.currency, data.payout_method_id)
        return ok(await payouts.get_payout(payout_id, viewer.id), "The money is on its way.")
