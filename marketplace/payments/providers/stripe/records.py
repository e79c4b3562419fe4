"""What Stripe's own books say: one thing found again by its id or ours, and all that changed in a time."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from stripe import StripeClient

from marketplace.payments.providers.base import Outcome, Subject
from marketplace.payments.providers.stripe import objects, webhooks
from marketplace.payments.providers.stripe.client import Call, client, find, pages
from marketplace.payments.providers.stripe.objects import Dispute, Event, Intent, Payout, Refund, Transfer

CLOCKS_DIFFER: Final = 300
"""Seconds by which our clock may be ahead of Stripe's."""

T = TypeVar("T", Intent, Refund, Dispute, Transfer, Payout)


class Books:
    """Reading, for which Stripe has no key: our ids stand in the metadata, which no list can be asked for."""

    def __init__(self, key: str, base: str) -> None:
        self._key, self._base = key, base

    @property
    def _stripe(self) -> StripeClient:
        return client(self._key, self._base)

    async def fetch(self, subject: Subject, our_id: UUID, reference: str = "") -> Outcome | None:
        """Of a dispute, `our_id` is the payment's: Stripe opens disputes, not we."""
        match subject:
            case Subject.CHARGE:
                intent = await self._intent(our_id, reference)
                return objects.of_intent(intent) if intent else None
            case Subject.REFUND:
                refund = await self._refund(our_id, reference)
                return objects.of_refund(refund) if refund else None
            case Subject.PAYOUT:
                return await self._payout(our_id, reference)
            case Subject.DISPUTE:
                return await self._dispute(our_id, reference)

    async def _intent(self, our_id: UUID, reference: str) -> Intent | None:
        intents = self._stripe.v1.payment_intents
        if reference:
            return await find(Intent, partial(intents.retrieve_async, reference), {})
        return await self._ours(Intent, intents.list_async, "payment_id", our_id)

    async def _refund(self, our_id: UUID, reference: str) -> Refund | None:
        refunds = self._stripe.v1.refunds
        if not reference:
            return await self._ours(Refund, refunds.list_async, "refund_id", our_id)
        if not reference.startswith("pi_"):
            return await find(Refund, partial(refunds.retrieve_async, reference), {})
        async for refund in pages(Refund, refunds.list_async, {"payment_intent": reference}):
            if objects.our_id(refund.metadata, "refund_id") == our_id:
                return refund
        return None

    async def _payout(self, our_id: UUID, reference: str) -> Outcome | None:
        v1 = self._stripe.v1
        if reference.startswith("po_"):
            payout = await find(Payout, partial(v1.payouts.retrieve_async, reference), {})
            return objects.of_payout(payout) if payout else None
        if reference:
            transfer = await find(Transfer, partial(v1.transfers.retrieve_async, reference), {})
            return objects.of_transfer(transfer) if transfer else None
        async for known in pages(Transfer, v1.transfers.list_async, {"transfer_group": str(our_id)}):
            return objects.of_transfer(known)
        payout = await self._ours(Payout, v1.payouts.list_async, "payout_id", our_id)
        return objects.of_payout(payout) if payout else None

    async def _dispute(self, our_id: UUID, reference: str) -> Outcome | None:
        disputes = self._stripe.v1.disputes
        if reference:
            dispute = await find(Dispute, partial(disputes.retrieve_async, reference), {})
            return objects.of_dispute(dispute) if dispute else None
        if intent := await self._intent(our_id, ""):
            async for known in pages(Dispute, disputes.list_async, {"payment_intent": intent.id}):
                return objects.of_dispute(known)
        return None

    async def _ours(self, kind: type[T], lists: Call, name: str, our_id: UUID) -> T | None:
        """The object that has our id in its metadata, from the newest to those made before the id was.

        Stripe's search would be quicker and knows nothing of the last minute, which is when an answer was lost.
        """
        born = (our_id.int >> 80) // 1000 if our_id.version == 7 else 0
        async for thing in _made_since(kind, lists, max(0, born - CLOCKS_DIFFER)):
            if objects.our_id(thing.metadata, name) == our_id:
                return thing
        return None

    async def records(self, since: datetime, until: datetime) -> AsyncIterator[Outcome]:
        """What was made in that time as it stands now, and what was made earlier as the last event of that time left it.

        Stripe keeps events for 30 days.
        """
        seen: set[tuple[Subject, str]] = set()
        first, end = int(since.timestamp()), int(until.timestamp())
        v1 = self._stripe.v1
        lists: list[tuple[type[Any], Call, Callable[[Any], Outcome]]] = [
            (Intent, v1.payment_intents.list_async, objects.of_intent),
            (Refund, v1.refunds.list_async, objects.of_refund),
            (Dispute, v1.disputes.list_async, objects.of_dispute),
            (Transfer, v1.transfers.list_async, objects.of_transfer),
            (Payout, v1.payouts.list_async, objects.of_payout),
        ]
        for kind, call, read in lists:
            async for thing in _made_since(kind, call, first):
                if first <= thing.created < end:
                    outcome = read(thing)
                    if kind is Payout and outcome.our_id is None:
                        continue  # Stripe's own schedule made it, for our account as a whole
                    seen.add((outcome.subject, outcome.reference))
                    yield outcome
        async for event in pages(Event, v1.events.list_async, {"created": {"gte": first, "lt": end}}):
            for outcome in webhooks.outcomes_of(event):
                if (outcome.subject, outcome.reference) not in seen:
                    seen.add((outcome.subject, outcome.reference))
                    yield outcome


async def _made_since(kind: type[T], call: Call, since: int) -> AsyncIterator[T]:
    """From the newest down to those made at `since`, in seconds; a server that cannot filter gives all there are."""
    extras = {} if kind is Refund else {"created": {"gte": since}}  # localstripe fails on a filter of refunds
    async for thing in pages(kind, call, {}, extras=extras):
        if kind is Refund and thing.created < since:
            return
        yield thing
