from piccolo.columns import UUID, BigInt, BigSerial, Boolean, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.ledger.states import AccountKind, Action


class LedgerAccount(Table, tablename="ledger_accounts"):
    """One row of an account: a shard of it where the chart says so. Amounts are minor units of `currency`.

    `balance_minor` is what its entries sum to, `last_seq` how many they are; the pending ones are what open holds will
    take and bring. The database holds `may_go_negative` and `may_go_positive`, and lets only the figures change.
    """

    id = BigSerial(primary_key=True)
    kind = Varchar(length=24, choices=AccountKind)
    owner = UUID(default=None)
    provider = Varchar(length=32, default="")
    currency = Varchar(length=3)
    shard = SmallInt(default=0)
    may_go_negative = Boolean(default=False)
    may_go_positive = Boolean(default=True)
    balance_minor = BigInt(default=0)
    pending_out_minor = BigInt(default=0)
    pending_in_minor = BigInt(default=0)
    last_seq = BigInt(default=0)
    created_at = Timestamptz(default=TimestamptzNow())


class LedgerTransfer(Table, tablename="ledger_transfers"):
    """Append-only. `event_at` is when it happened, `created_at` when it was recorded; `actor` None is the service itself.

    `fingerprint` tells a repetition of the same from another use of its key. `resolves` is the hold that this one
    settles or voids, `reverses` the transfer that it corrects: each at most once.
    """

    id = UUID(primary_key=True, default=None)
    key = Varchar(length=200)
    fingerprint = Varchar(length=32)
    action = Varchar(length=8, choices=Action)
    reason = Varchar(length=64)
    actor = UUID(null=True, default=None)
    order_id = UUID(null=True, default=None)
    payment_id = UUID(null=True, default=None)
    payout_id = UUID(null=True, default=None)
    resolves: ForeignKey["LedgerTransfer"] = ForeignKey("self", null=True, default=None, on_delete=OnDelete.restrict)
    reverses: ForeignKey["LedgerTransfer"] = ForeignKey("self", null=True, default=None, on_delete=OnDelete.restrict)
    event_at = Timestamptz()
    created_at = Timestamptz(default=TimestamptzNow())


class LedgerHold(Table, tablename="ledger_holds"):
    """What a pending transfer will move. Append-only: it is over when a transfer resolves it."""

    transfer = ForeignKey(LedgerTransfer, on_delete=OnDelete.restrict, primary_key=True)
    source = ForeignKey(LedgerAccount, on_delete=OnDelete.restrict, index=True)
    target = ForeignKey(LedgerAccount, on_delete=OnDelete.restrict, index=True)
    amount_minor = BigInt()


class LedgerEntry(Table, tablename="ledger_entries"):
    """What a transfer did to one account; number `seq` of the account's. Append-only; a transfer's sum to zero.

    The database holds no foreign keys here: checking them was a third of a payout run, and only the ledger's functions
    write entries, of rows that cannot be deleted. An invariant looks for entries that belong to nothing.
    """

    id = BigSerial(primary_key=True)
    transfer = ForeignKey(LedgerTransfer, on_delete=OnDelete.restrict, index=True)
    account = ForeignKey(LedgerAccount, on_delete=OnDelete.restrict)
    seq = BigInt()
    currency = Varchar(length=3)
    amount_minor = BigInt()
    previous_minor = BigInt()
    current_minor = BigInt()
    created_at = Timestamptz()
