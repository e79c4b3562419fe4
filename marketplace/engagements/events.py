"""What engagements tell others."""

from datetime import datetime

from marketplace.orders.events import OrderEvent


class WorkLate(OrderEvent, tag="work_late", frozen=True, kw_only=True):
    """Its due date has passed; or `very`: by so much that the buyer may cancel alone."""

    due_at: datetime
    very: bool
