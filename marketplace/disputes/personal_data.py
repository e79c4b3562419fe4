"""What disputes say of a person. They are records of how money was divided: they stay under the account's id."""

from marketplace.accounts import privacy
from marketplace.accounts.privacy import rows

privacy.exporter(
    "disputes",
    rows(
        'SELECT d.id, d."order", d.opener = $1 AS as_opener, d.reason, d.description, d.currency, d.claim_minor, d.status, d.appeal, '
        'd.created_at, d.closed_at FROM disputes d JOIN orders o ON o.id = d."order" WHERE $1 IN (o.buyer, o.seller) ORDER BY d.id'
    ),
)
privacy.exporter(
    "dispute_messages",
    rows("SELECT id, dispute, body, at FROM dispute_messages WHERE author = $1 AND NOT internal ORDER BY id"),
)
privacy.exporter(
    "dispute_proposals",
    rows(
        "SELECT id, dispute, buyer_minor, seller_minor, message, status, created_at FROM dispute_proposals WHERE proposer = $1 "
        "ORDER BY id"
    ),
)
privacy.exporter(
    "dispute_history",
    rows("SELECT dispute, from_status, to_status, note, at FROM dispute_history WHERE actor = $1 ORDER BY id"),
)
