from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.base import OnDelete
from piccolo.columns.base import OnUpdate
from piccolo.columns.column_types import ForeignKey
from piccolo.columns.column_types import Text
from piccolo.columns.column_types import Timestamptz
from piccolo.columns.column_types import UUID
from piccolo.columns.column_types import Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table


class Order(Table, tablename="orders", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


class Sale(Table, tablename="sales", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


class User(Table, tablename="users", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


ID = "2026-11-20T13:46:07:929861"
VERSION = "1.38.0"
DESCRIPTION = "Won lots are orders; strikes; notices of both"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    manager.add_table(
        class_name="Strike",
        tablename="auction_strikes",
        schema=None,
        columns=None,
    )

    manager.add_column(
        table_class_name="Strike",
        tablename="auction_strikes",
        column_name="id",
        db_column_name="id",
        column_class_name="UUID",
        column_class=UUID,
        params={
            "default": None,
            "null": False,
            "primary_key": True,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Strike",
        tablename="auction_strikes",
        column_name="user",
        db_column_name="user",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": User,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Strike",
        tablename="auction_strikes",
        column_name="sale",
        db_column_name="sale",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Sale,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": True,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Strike",
        tablename="auction_strikes",
        column_name="at",
        db_column_name="at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": TimestamptzNow(),
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Strike",
        tablename="auction_strikes",
        column_name="lifted_at",
        db_column_name="lifted_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Strike",
        tablename="auction_strikes",
        column_name="lifted_by",
        db_column_name="lifted_by",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": User,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Strike",
        tablename="auction_strikes",
        column_name="lift_reason",
        db_column_name="lift_reason",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": "",
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Sale",
        tablename="sales",
        column_name="order",
        db_column_name="order",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Order,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": True,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

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
                    "WON_AND_PAID": "won_and_paid",
                    "PAYMENT_OVERDUE": "payment_overdue",
                    "BIDDING_SUSPENDED": "bidding_suspended",
                    "STRIKE_LIFTED": "strike_lifted",
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
                    "WON_AND_PAID": "won_and_paid",
                    "PAYMENT_OVERDUE": "payment_overdue",
                    "BIDDING_SUSPENDED": "bidding_suspended",
                    "STRIKE_LIFTED": "strike_lifted",
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
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager
