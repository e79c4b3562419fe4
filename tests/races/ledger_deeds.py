"""What the processes of the ledger's races do. Each takes and returns JSON."""

import asyncio
from itertools import pairwise
from typing import Any
from uuid import UUID

from marketplace.core.errors import DomainError
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.posting import hold, post, post_many
from marketplace.ledger.service.resolving import settle, void
from marketplace.ledger.states import AccountKind


def a_wallet(owner: str) -> Account:
    return Account(AccountKind.WALLET_AVAILABLE, "USD", UUID(owner))


def a_move(source: Account, target: Account, minor: int) -> Move:
    return Move(source, target, Money(minor, "USD"))


async def withdraw(job: dict[str, Any]) -> list[str]:
    """Take `minor` out of one wallet, once for each key, all at once. What became of each: its transfer, or the refusal."""
    transit = Account(AccountKind.PAYOUT_IN_TRANSIT, "USD", provider="sandbox")
    wallet = a_wallet(job["wallet"])

    async def one(key: str) -> str:
        deed = hold if job.get("held") else post
        try:
            done = await deed(Transfer(key=key, reason="withdraw", moves=[a_move(wallet, transit, job["minor"])]))
        except DomainError as refusal:
            return refusal.code
        return str(done.id)

    return list(await asyncio.gather(*(one(key) for key in job["keys"])))


async def swap(job: dict[str, Any]) -> int:
    """Pay to and fro between wallets, singly and in batches, in this process's own order. How many went through."""
    wallets = [a_wallet(owner) for owner in job["wallets"]]

    async def one(n: int) -> int:
        around = wallets[n % len(wallets) :] + wallets[: n % len(wallets)]
        transfers = [
            Transfer(key=f"{job['name']}:{n}:{i}", reason="swap", moves=[a_move(source, target, 1)])
            for i, (source, target) in enumerate(pairwise(around))
        ]
        if n % 2:
            return len(await post_many(transfers))
        return len([await post(transfer) for transfer in transfers])

    return sum(await asyncio.gather(*(one(n) for n in range(job["times"]))))


async def pay_fees(job: dict[str, Any]) -> int:
    """Every wallet pays `times` fees of one cent, one after the other, all wallets at once."""
    fee = Account(AccountKind.PLATFORM_FEE, "USD")

    async def one(owner: str) -> None:
        for n in range(job["times"]):
            await post(Transfer(key=f"{owner}:{n}", reason="fee", moves=[a_move(a_wallet(owner), fee, 1)]))

    await asyncio.gather(*(one(owner) for owner in job["wallets"]))
    return len(job["wallets"]) * job["times"]


async def resolve(job: dict[str, Any]) -> list[str]:
    """Settle or void each hold: `posted`, `voided`, or the refusal."""

    async def one(held: str) -> str:
        try:
            if job["void"]:
                await void(UUID(held), key=f"{job['name']}:{held}", reason="void")
                return "voided"
            await settle(UUID(held), key=f"{job['name']}:{held}", reason="settle")
        except DomainError as refusal:
            return refusal.code
        return "posted"

    return list(await asyncio.gather(*(one(held) for held in job["holds"])))
