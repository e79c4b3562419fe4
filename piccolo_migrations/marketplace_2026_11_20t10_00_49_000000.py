from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T10:00:49:000000"
VERSION = "1.38.0"
DESCRIPTION = "Accounts: who may hold an address, one-use secrets; the audit log takes no UPDATE or DELETE"

STATEMENTS = [
    "CREATE UNIQUE INDEX users_email_proven ON users (email) WHERE email_verified_at IS NOT NULL AND email <> ''",
    "CREATE UNIQUE INDEX users_email_password ON users (email, password_hash) WHERE email <> '' AND password_hash LIKE '$argon2%'",
    "CREATE UNIQUE INDEX social_identities_provider_subject ON social_identities (provider, subject)",
    'CREATE UNIQUE INDEX recovery_codes_user_code ON recovery_codes ("user", code_hash)',
    "ALTER TABLE audit_log ADD CONSTRAINT audit_log_seq_positive CHECK (seq > 0)",
    """CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$""",
    """CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only()""",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
