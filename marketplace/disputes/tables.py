from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    ForeignKey,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.disputes.states import DisputeStatus, How, ProposalStatus, Reason, Turn
from marketplace.orders.tables import Order


class Dispute(Table, tablename="disputes"):
    """Two sides of an order do not agree. Amounts are minor units of `currency`.

    `claim_minor` is what the buyer should get back, as the opener sees it; `held_minor` what lay in escrow when it was opened.
    `due_at` is when the silence of whose `turn` it is has lasted too long; of a decided one, when the decision is carried out.
    A side that `accepts` a decision will not appeal it.
    """

    id = UUID(primary_key=True, default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, index=True)
    opener = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    reason = Varchar(length=24, choices=Reason)
    description = Text()
    currency = Varchar(length=3)
    claim_minor = BigInt()
    held_minor = BigInt()
    status = Varchar(length=16, choices=DisputeStatus, default=DisputeStatus.NEGOTIATING)
    turn = Varchar(length=8, choices=Turn, default=Turn.NOBODY)
    due_at = Timestamptz(null=True, default=None)
    assignee = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    buyer_accepts = Boolean(default=False)
    seller_accepts = Boolean(default=False)
    appealed_by = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    appeal = Text(default="")
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    closed_at = Timestamptz(null=True, default=None)


class DisputeHistory(Table, tablename="dispute_history"):
    """Who moved a dispute from which status to which, when and why. Append-only. No actor: the house itself."""

    id = BigSerial(primary_key=True)
    dispute = ForeignKey(Dispute, on_delete=OnDelete.restrict, index=True)
    from_status = Varchar(length=16, default="")
    to_status = Varchar(length=16)
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    note = Text(default="")
    at = Timestamptz(default=TimestamptzNow())


class DisputeMessage(Table, tablename="dispute_messages"):
    """What a side or staff said. Append-only. An internal one only staff see."""

    id = UUID(primary_key=True, default=None)
    dispute = ForeignKey(Dispute, on_delete=OnDelete.restrict, index=True)
    author = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    body = Text()
    internal = Boolean(default=False)
    at = Timestamptz(default=TimestamptzNow())


class DisputeProposal(Table, tablename="dispute_proposals"):
    """How one side would divide what is held. One at a time waits for the other side's answer."""

    id = UUID(primary_key=True, default=None)
    dispute = ForeignKey(Dispute, on_delete=OnDelete.restrict, index=True)
    proposer = ForeignKey(User, on_delete=OnDelete.restrict, index=True)
    buyer_minor = BigInt()
    seller_minor = BigInt()
    message = Text(default="")
    status = Varchar(length=16, choices=ProposalStatus, default=ProposalStatus.OPEN)
    created_at = Timestamptz(default=TimestamptzNow())
    answered_at = Timestamptz(null=True, default=None)


class DisputeDecision(Table, tablename="dispute_decisions"):
    """How the money is divided, and by whom that was decided. Append-only: the last one counts, and a `final` one cannot be
    appealed. `pack` is the evidence as it was then, and `pack_sha256` its hash.
    """

    id = UUID(primary_key=True, default=None)
    dispute = ForeignKey(Dispute, on_delete=OnDelete.restrict, index=True)
    number = SmallInt(default=1)
    final = Boolean(default=False)
    how = Varchar(length=12, choices=How)
    buyer_minor = BigInt()
    seller_minor = BigInt()
    actor = ForeignKey(User, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    reason = Text()
    pack = JSONB()
    pack_sha256 = Varchar(length=64)
    at = Timestamptz(default=TimestamptzNow())
