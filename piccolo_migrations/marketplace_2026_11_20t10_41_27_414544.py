from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.column_types import Varchar

ID = "2026-11-20T10:41:27:414544"
VERSION = "1.38.0"
DESCRIPTION = "True"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    manager.alter_column(
        table_class_name="LinkToken",
        tablename="link_tokens",
        column_name="purpose",
        db_column_name="purpose",
        params={
            "choices": Enum(
                "LinkPurpose",
                {
                    "VERIFY_EMAIL": "verify_email",
                    "CHANGE_EMAIL": "change_email",
                    "RESET_PASSWORD": "reset_password",
                    "SECOND_FACTOR": "second_factor",
                    "SOCIAL_STATE": "social_state",
                },
            )
        },
        old_params={
            "choices": Enum(
                "LinkPurpose",
                {
                    "VERIFY_EMAIL": "verify_email",
                    "RESET_PASSWORD": "reset_password",
                    "SECOND_FACTOR": "second_factor",
                    "SOCIAL_STATE": "social_state",
                },
            )
        },
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager
