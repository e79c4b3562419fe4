"""Looking before moving: what accounts hold, under the locks that a later posting takes again.

For who must divide an amount over accounts by what is in them. Name every account that the posting will touch, of a
sharded one the shard: only then are all locks taken in one order.
"""

import secrets
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from marketplace.core import db
from marketplace.ledger.chart import CHART, Account
from marketplace.ledger.states import AccountKind

LOCK: Final = """
SELECT a.kind, a.owner, a.provider, a.currency, a.shard, a.balance_minor - a.pending_out_minor AS free
FROM ledger_accounts a JOIN unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::int[]) AS w(kind, owner, provider, currency, shard)
  ON a.owner = w.owner AND a.kind = w.kind AND a.currency = w.currency AND a.provider = w.provider AND a.shard = w.shard
ORDER BY a.id FOR NO KEY UPDATE OF a
"""


def one_row(account: Account) -> Account:
    """The account with one of its rows named, if it has several."""
    shards = CHART[account.kind].shards
    if shards == 1 or account.shard is not None:
        return account
    return structs.replace(account, shard=secrets.randbelow(shards))


async def lock_available(accounts: Sequence[Account]) -> dict[Account, int]:
    """What is free in each, in minor units, until the end of the caller's transaction; zero of one that nothing has reached."""
    assert db.in_transaction(), "lock_available() belongs inside transaction()"
    for account in accounts:
        if CHART[account.kind].shards > 1 and account.shard is None:
            raise ValueError(f"{account.kind} has shards: name one")
    found = dict.fromkeys(accounts, 0)
    for row in await db.fetch(
        LOCK,
        [a.kind for a in accounts], [a.owner for a in accounts], [a.provider for a in accounts],
        [a.currency for a in accounts], [a.shard or 0 for a in accounts],
    ):  # fmt: skip
        kind = AccountKind(row["kind"])
        shard = row["shard"] if CHART[kind].shards > 1 else None
        found[Account(kind, row["currency"], row["owner"], row["provider"], shard)] = row["free"]
    return found
