"""The one Piccolo app: every domain's tables, one sequence of migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

TABLE_MODULES = [
    "marketplace.auctions.tables",
    "marketplace.moderation.tables",
    "marketplace.admin.tables",
    "marketplace.catalog.tables",
    "marketplace.core.tables",
    "marketplace.engagements.tables",
    "marketplace.gigs.tables",
    "marketplace.disputes.tables",
    "marketplace.ledger.tables",
    "marketplace.media.tables",
    "marketplace.orders.tables",
    "marketplace.payments.providers.sandbox.tables",
    "marketplace.payments.tables",
    "marketplace.accounts.tables.identity",
    "marketplace.accounts.tables.privacy",
    "marketplace.accounts.tables.profiles",
    "marketplace.accounts.tables.sockets",
    "marketplace.accounts.tables.verification",
    "marketplace.notifications.tables",
    "marketplace.reviews.tables",
    "marketplace.shop.tables",
    "marketplace.subscriptions.tables",
]

APP_CONFIG = AppConfig(
    app_name="marketplace",
    migrations_folder_path=str(Path(__file__).resolve().parent.parent / "piccolo_migrations"),
    table_classes=table_finder(TABLE_MODULES, exclude_imported=True),
)
