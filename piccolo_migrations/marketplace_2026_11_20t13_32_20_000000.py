from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.column_types import Varchar

ID = "2026-11-20T13:32:20:000000"
VERSION = "1.38.0"
DESCRIPTION = "Notifications of held money"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    manager.alter_column(
        table_class_name="Notification",
        tablename="notifications",
        column_name="type",
        db_column_name="type",
        params={
            "choices": Enum(
                "Kind",
                {
                    "OUTBID": "outbid",
                    "LEADING_AGAIN": "leading_again",
                    "AUCTION_LOST": "auction_lost",
                    "AUCTION_STARTED": "auction_started",
                    "AUCTION_ENDING_SOON": "auction_ending_soon",
                    "AUCTION_CANCELLED": "auction_cancelled",
                    "SECOND_CHANCE_OFFER": "second_chance_offer",
                    "HOLD_RELEASED": "hold_released",
                    "BID_DROPPED": "bid_dropped",
                    "BID_RECEIVED": "bid_received",
                    "BID_RETRACTED": "bid_retracted",
                    "LOT_SOLD": "lot_sold",
                    "LOT_UNSOLD": "lot_unsold",
                    "SECOND_CHANCE_CLOSED": "second_chance_closed",
                    "AUCTION_WON": "auction_won",
                    "PAYMENT_OVERDUE": "payment_overdue",
                    "SALE_UNPAID": "sale_unpaid",
                    "SALE_PAID": "sale_paid",
                    "NEW_LOGIN": "new_login",
                    "PASSWORD_CHANGED": "password_changed",
                    "SECOND_FACTOR_CHANGED": "second_factor_changed",
                    "TOKEN_REUSED": "token_reused",
                    "SOCIAL_LINKED": "social_linked",
                    "ROLE_CHANGED": "role_changed",
                    "ACCOUNT_RESTORED": "account_restored",
                },
            )
        },
        old_params={
            "choices": Enum(
                "Kind",
                {
                    "OUTBID": "outbid",
                    "LEADING_AGAIN": "leading_again",
                    "AUCTION_LOST": "auction_lost",
                    "AUCTION_STARTED": "auction_started",
                    "AUCTION_ENDING_SOON": "auction_ending_soon",
                    "AUCTION_CANCELLED": "auction_cancelled",
                    "SECOND_CHANCE_OFFER": "second_chance_offer",
                    "BID_RECEIVED": "bid_received",
                    "BID_RETRACTED": "bid_retracted",
                    "LOT_SOLD": "lot_sold",
                    "LOT_UNSOLD": "lot_unsold",
                    "SECOND_CHANCE_CLOSED": "second_chance_closed",
                    "AUCTION_WON": "auction_won",
                    "PAYMENT_OVERDUE": "payment_overdue",
                    "SALE_UNPAID": "sale_unpaid",
                    "SALE_PAID": "sale_paid",
                    "NEW_LOGIN": "new_login",
                    "PASSWORD_CHANGED": "password_changed",
                    "SECOND_FACTOR_CHANGED": "second_factor_changed",
                    "TOKEN_REUSED": "token_reused",
                    "SOCIAL_LINKED": "social_linked",
                    "ROLE_CHANGED": "role_changed",
                    "ACCOUNT_RESTORED": "account_restored",
                },
            )
        },
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    manager.alter_column(
        table_class_name="NotificationSetting",
        tablename="notification_settings",
        column_name="type",
        db_column_name="type",
        params={
            "choices": Enum(
                "Kind",
                {
                    "OUTBID": "outbid",
                    "LEADING_AGAIN": "leading_again",
                    "AUCTION_LOST": "auction_lost",
                    "AUCTION_STARTED": "auction_started",
                    "AUCTION_ENDING_SOON": "auction_ending_soon",
                    "AUCTION_CANCELLED": "auction_cancelled",
                    "SECOND_CHANCE_OFFER": "second_chance_offer",
                    "HOLD_RELEASED": "hold_released",
                    "BID_DROPPED": "bid_dropped",
                    "BID_RECEIVED": "bid_received",
                    "BID_RETRACTED": "bid_retracted",
                    "LOT_SOLD": "lot_sold",
                    "LOT_UNSOLD": "lot_unsold",
                    "SECOND_CHANCE_CLOSED": "second_chance_closed",
                    "AUCTION_WON": "auction_won",
                    "PAYMENT_OVERDUE": "payment_overdue",
                    "SALE_UNPAID": "sale_unpaid",
                    "SALE_PAID": "sale_paid",
                    "NEW_LOGIN": "new_login",
                    "PASSWORD_CHANGED": "password_changed",
                    "SECOND_FACTOR_CHANGED": "second_factor_changed",
                    "TOKEN_REUSED": "token_reused",
                    "SOCIAL_LINKED": "social_linked",
                    "ROLE_CHANGED": "role_changed",
                    "ACCOUNT_RESTORED": "account_restored",
                },
            )
        },
        old_params={
            "choices": Enum(
                "Kind",
                {
                    "OUTBID": "outbid",
                    "LEADING_AGAIN": "leading_again",
                    "AUCTION_LOST": "auction_lost",
                    "AUCTION_STARTED": "auction_started",
                    "AUCTION_ENDING_SOON": "auction_ending_soon",
                    "AUCTION_CANCELLED": "auction_cancelled",
                    "SECOND_CHANCE_OFFER": "second_chance_offer",
                    "BID_RECEIVED": "bid_received",
                    "BID_RETRACTED": "bid_retracted",
                    "LOT_SOLD": "lot_sold",
                    "LOT_UNSOLD": "lot_unsold",
                    "SECOND_CHANCE_CLOSED": "second_chance_closed",
                    "AUCTION_WON": "auction_won",
                    "PAYMENT_OVERDUE": "payment_overdue",
                    "SALE_UNPAID": "sale_unpaid",
                    "SALE_PAID": "sale_paid",
                    "NEW_LOGIN": "new_login",
                    "PASSWORD_CHANGED": "password_changed",
                    "SECOND_FACTOR_CHANGED": "second_factor_changed",
                    "TOKEN_REUSED": "token_reused",
                    "SOCIAL_LINKED": "social_linked",
                    "ROLE_CHANGED": "role_changed",
                    "ACCOUNT_RESTORED": "account_restored",
                },
            )
        },
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager
