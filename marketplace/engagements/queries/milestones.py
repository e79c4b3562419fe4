"""The milestones of an order, as its two sides see them: one statement."""

from typing import Final
from uuid import UUID

import msgspec

from marketplace.core import db
from marketplace.engagements.errors import EngagementNotFound, MilestoneNotFound
from marketplace.engagements.schemas.milestones import MilestoneOut, MilestonesOut

SIDE: Final = "CASE WHEN {} = o.buyer THEN 'buyer' ELSE 'seller' END"
CHANGE: Final = f"""CASE WHEN m.change IS NOT NULL THEN (m.change - 'amount_minor' - 'due_at') || jsonb_build_object('by', {SIDE.format("m.change_by")})
    || CASE WHEN m.change ? 'amount_minor' THEN jsonb_build_object('amount', money_text((m.change ->> 'amount_minor')::bigint, o.currency))
      ELSE '{{}}' END
    || CASE WHEN m.change ? 'due_at' THEN jsonb_build_object('due_date', m.change -> 'due_at') ELSE '{{}}' END END"""
ONE: Final = f"""json_build_object('id', m.id, 'order_id', o.id, 'position', m.position, 'title', m.title, 'description', m.description,
    'status', m.status, 'amount', money_text(m.amount_minor, o.currency), 'carried_amount', money_text(m.carried_minor, o.currency),
    'amount_to_pay', money_text(coalesce(x.amount_minor, 0), o.currency), 'released_amount', money_text(m.released_minor, o.currency),
    'is_due', x.due_at IS NOT NULL AND x.paid_at IS NULL AND o.phase IN ('unpaid', 'open') AND o.frozen_at IS NULL,
    'checkout_id', CASE WHEN o.buyer = $2 AND x.due_at IS NOT NULL AND x.paid_at IS NULL THEN x.checkout END,
    'due_date', m.due_at, 'message', m.message, 'answer', m.answer, 'change', {CHANGE}, 'submitted_at', m.submitted_at,
    'approved_by_silence_at', CASE WHEN m.status = 'submitted' THEN coalesce(m.approve_by, o.auto_complete_at) END,
    'approved_at', m.approved_at, 'created_at', m.created_at, 'updated_at', m.updated_at)"""
PARTS: Final = 'LEFT JOIN order_parts x ON p.one_by_one AND x."order" = m.engagement AND x.position = m.position'
SHOWN: Final = f"""SELECT json_build_object('order_id', o.id, 'currency', o.currency, 'total_amount', money_text(o.total_minor, o.currency),
  'rest', money_text(CASE WHEN p.agreed_at IS NULL
    THEN o.total_minor - coalesce((SELECT sum(amount_minor) FROM milestones WHERE engagement = e.id), 0) ELSE 0 END::bigint, o.currency),
  'proposed_by', CASE WHEN p.id IS NOT NULL THEN {SIDE.format("p.proposed_by")} END, 'agreed_at', p.agreed_at,
  'one_by_one', coalesce(p.one_by_one, false),
  'milestones', (SELECT coalesce(json_agg({ONE} ORDER BY m.position), '[]') FROM milestones m {PARTS} WHERE m.engagement = e.id))::text
FROM engagements e JOIN orders o ON o.id = e.id LEFT JOIN milestone_plans p ON p.id = e.id
WHERE e.id = $1 AND $2 IN (o.buyer, o.seller)"""
SHOWN_ONE: Final = f"""SELECT {ONE}::text FROM milestones m JOIN orders o ON o.id = m.engagement JOIN milestone_plans p ON p.id = o.id {PARTS}
WHERE m.id = $1 AND $2 IN (o.buyer, o.seller)"""


async def get_milestones(order_id: UUID, viewer_id: UUID) -> MilestonesOut:
    """Of an order of a gig that the viewer buys or sells. Raises EngagementNotFound."""
    body = await db.fetch_val(SHOWN, order_id, viewer_id)
    if body is None:
        raise EngagementNotFound
    return msgspec.json.decode(body, type=MilestonesOut)


async def get_milestone(milestone_id: UUID, viewer_id: UUID) -> MilestoneOut:
    """Raises MilestoneNotFound."""
    body = await db.fetch_val(SHOWN_ONE, milestone_id, viewer_id)
    if body is None:
        raise MilestoneNotFound
    return msgspec.json.decode(body, type=MilestoneOut)
