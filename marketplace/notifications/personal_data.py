"""What notifications hold of a person: for the copy of their data, and for their erasure."""

from marketplace.accounts import privacy
from marketplace.accounts.privacy import changing, rows

privacy.exporter(
    "notifications",
    rows('SELECT id, type, details, created_at, happened_at, read_at FROM notifications WHERE "user" = $1 ORDER BY id'),
)
privacy.exporter(
    "notification_settings",
    rows('SELECT type, in_app, email, live FROM notification_settings WHERE "user" = $1 ORDER BY id'),
)
privacy.eraser(
    "notifications",
    changing('DELETE FROM notifications WHERE "user" = $1', 'DELETE FROM notification_settings WHERE "user" = $1'),
)
