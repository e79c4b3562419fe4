"""Group commit: bids on one lot that arrive while others are being stored go together in the next transaction.

One hot lot is one row: writers that queue for its lock cost a transaction each. Here the first bid starts at once, alone;
those that come meanwhile share the next. Nothing waits for a timer, and across processes the row lock still decides.
"""

import asyncio
from collections import deque
from contextvars import Context
from typing import Final

from msgspec import Struct

from marketplace.auctions.errors import TooManyWaiting
from marketplace.auctions.locks import LotRef
from marketplace.auctions.service.bids import BidRequest, PlacedBid, place_bid, place_bids
from marketplace.core import db
from marketplace.core.errors import DomainError

MOST_TOGETHER: Final = 256
MOST_WAITING: Final = 4096


class _Waiting(Struct, frozen=True, eq=False):
    request: BidRequest
    answer: asyncio.Future[PlacedBid]


_waiting: dict[LotRef, deque[_Waiting]] = {}
_writers: set[asyncio.Task[None]] = set()


async def submit(ref: LotRef, request: BidRequest) -> PlacedBid:
    """Place a bid, together with others on the same lot. Raises its refusal.

    Inside a transaction (a request with an Idempotency-Key) it is placed there and then. A caller that is cancelled
    before its bid was taken up withdraws it; afterwards the bid stands.
    """
    if db.in_transaction():
        return await place_bid(ref, request)
    waiting = _waiting.get(ref)
    if waiting is None:
        waiting = _waiting[ref] = deque()
        # An empty context: the writer serves many requests and must inherit no transaction or log fields of one.
        writer = asyncio.create_task(_write(ref, waiting), context=Context())
        _writers.add(writer)
        writer.add_done_callback(_writers.discard)
    if len(waiting) >= MOST_WAITING:
        raise TooManyWaiting(headers={"Retry-After": "1"})
    answer: asyncio.Future[PlacedBid] = asyncio.get_running_loop().create_future()
    waiting.append(_Waiting(request, answer))
    return await answer


async def _write(ref: LotRef, waiting: deque[_Waiting]) -> None:
    batch: list[_Waiting] = []
    try:
        while waiting:
            taken = [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
            batch = [one for one in taken if not one.answer.done()]
            if batch:
                await _store(ref, batch)
    finally:
        _waiting.pop(ref, None)
        for one in (*batch, *waiting):  # only if this task was cancelled: the process is going down
            if not one.answer.done():
                one.answer.cancel()


async def _store(ref: LotRef, batch: list[_Waiting]) -> None:
    try:
        results = await db.retrying(lambda: place_bids(ref, [one.request for one in batch]))
    except Exception as error:
        for one in batch:
            if not one.answer.done():
                one.answer.set_exception(error)
        return
    for one, result in zip(batch, results, strict=True):
        if one.answer.done():
            continue
        if isinstance(result, DomainError):
            one.answer.set_exception(result)
        else:
            one.answer.set_result(result)
