"""Each rule is shown a breach: one that never finds anything proves nothing."""

import pytest

from marketplace.core import db
from marketplace.engagements.files import DELIVERY
from marketplace.engagements.invariants import BROKEN, violations
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service import asking, deciding, delivering, offering
from marketplace.engagements.states import Gig, RequestKind
from tests.factories import a_user
from tests.factories.engagements import a_file_for, an_engagement, an_offer, latest_of, parties
from tests.factories.orders import hold_invariants

pytestmark = pytest.mark.usefixtures("tables")

BREACHES = {
    "every order of a gig has its work, and nothing else has": "UPDATE orders SET kind = 'test_goods'",
    "work is accepted, and has a due date, when its order says so": "UPDATE engagements SET accepted_at = NULL, due_at = NULL",
    "the clock stands while it is not the seller's turn": "UPDATE engagements SET clock_stopped_at = NULL",
    "no more revisions are used than were agreed": "UPDATE engagements SET revisions_allowed = 0, revisions_used = 1",
    "as many revisions are used as deliveries were sent back for one": "UPDATE engagements SET revisions_used = 0",
    "what is delivered waits for its buyer, and nothing else does": "UPDATE deliveries SET status = 'closed', answered_at = now()",
    "deliveries are numbered from one, and only the latest waits or was accepted": "UPDATE deliveries SET version = version + 1",
    "what was handed over is what was uploaded": "UPDATE deliveries SET files = '[{\"id\": null, \"sha256\": \"0\"}]'",
    "work is not accepted before what must be answered is": "UPDATE engagement_requirements SET is_required = true",
    "one thing of a kind is asked at a time, of an order that is open": "INSERT INTO engagement_requests (id, engagement, kind, "
    "asked_by, days, reason, status, answer, created_at) SELECT gen_random_uuid(), o.id, 'extension', o.seller, 1, '', 'open', '', "
    "now() FROM orders o, generate_series(1, 2)",
    "requests are made by one side and answered by the other, or by the rules": "UPDATE engagement_requests SET answered_by = asked_by",
    "who agreed to cancel has cancelled": "INSERT INTO engagement_requests (id, engagement, kind, asked_by, reason, status, answer, "
    "answer_by, answered_at, created_at) SELECT gen_random_uuid(), o.id, 'cancellation', o.seller, '', 'accepted', '', now(), now(), "
    "now() FROM orders o",
    "the days that were agreed are counted": "UPDATE engagements SET extended_days = 0",
    "the order of an offer is between its two, at its price": "UPDATE custom_offers SET price_minor = 1",
    "very late is late first": "UPDATE engagements SET very_late_at = now()",
}  # fmt: skip
CONSTRAINTS = {
    "engagements": ("engagements_terms", "engagements_late"), "deliveries": ("deliveries_version",),
    "engagement_requests": (),
}  # fmt: skip


def test_every_rule_is_shown_one():
    assert set(BREACHES) == set(BROKEN)


async def a_busy_order() -> None:
    """Extended, delivered twice, with a file; and beside it an order of a custom offer."""
    order_id = await an_engagement(to=Gig.IN_PROGRESS, questions=[Question(question="Name?", is_required=False)])
    buyer, seller = await parties(order_id)
    await asking.accept(await asking.ask_extension(order_id, seller, 2, "Slow paint."), RequestKind.EXTENSION, buyer)
    await delivering.submit(order_id, seller, "Here it is.", [await a_file_for(seller, DELIVERY)])
    await deciding.request_revision(await latest_of(order_id), buyer, "Bluer, please.")
    await delivering.submit(order_id, seller, "Bluer.", [])


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(rule):
    if "offer" in rule:
        buyer = (await a_user()).id
        await offering.accept(await an_offer((await a_user()).id, buyer), buyer)
    else:
        await a_busy_order()
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            for table in ("orders", "deliveries"):
                await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for table, names in CONSTRAINTS.items():
                for name in names:
                    await db.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            await db.execute("DROP INDEX engagement_requests_one_open")
            await db.execute(BREACHES[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo
    await hold_invariants()


class _Undo(Exception):
    """Nothing of it stays."""
