from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T11:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Ledger: what may never be, and the two functions that move money"

STATEMENTS = [
    "CREATE UNIQUE INDEX ledger_accounts_one ON ledger_accounts (owner, kind, currency, provider, shard)",
    "CREATE INDEX ledger_accounts_shared ON ledger_accounts (kind, currency) WHERE owner = '00000000-0000-0000-0000-000000000000'",
    "CREATE UNIQUE INDEX ledger_transfers_key ON ledger_transfers (key)",
    "CREATE UNIQUE INDEX ledger_transfers_resolves ON ledger_transfers (resolves) WHERE resolves IS NOT NULL",
    "CREATE UNIQUE INDEX ledger_transfers_reverses ON ledger_transfers (reverses) WHERE reverses IS NOT NULL",
    "CREATE INDEX ledger_transfers_order ON ledger_transfers (order_id) WHERE order_id IS NOT NULL",
    "CREATE INDEX ledger_transfers_payment ON ledger_transfers (payment_id) WHERE payment_id IS NOT NULL",
    "CREATE INDEX ledger_transfers_payout ON ledger_transfers (payout_id) WHERE payout_id IS NOT NULL",
    "CREATE UNIQUE INDEX ledger_entries_account_seq ON ledger_entries (account, seq)",
    "ALTER TABLE ledger_accounts ALTER COLUMN owner SET NOT NULL",
    "ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_not_negative CHECK "
    "(may_go_negative OR balance_minor - pending_out_minor >= 0)",
    "ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_not_positive CHECK "
    "(may_go_positive OR balance_minor + pending_in_minor <= 0)",
    "ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_pending CHECK (pending_out_minor >= 0 AND pending_in_minor >= 0)",
    "ALTER TABLE ledger_transfers ADD CONSTRAINT ledger_transfers_action CHECK (action IN ('post', 'hold', 'settle', 'void', 'reverse') "
    "AND (action IN ('settle', 'void')) = (resolves IS NOT NULL) AND (action = 'reverse') = (reverses IS NOT NULL))",
    "ALTER TABLE ledger_transfers ADD CONSTRAINT ledger_transfers_words CHECK (key <> '' AND reason <> '')",
    "ALTER TABLE ledger_holds ADD CONSTRAINT ledger_holds_amount CHECK (amount_minor > 0 AND source <> target)",
    "ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_sum CHECK "
    "(amount_minor <> 0 AND seq > 0 AND current_minor = previous_minor + amount_minor)",
    # Append-only, also against a TRUNCATE: refuse_change() does not look at rows.
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in ("ledger_transfers", "ledger_holds", "ledger_entries")
    ),
    *(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("ledger_accounts", "ledger_transfers", "ledger_holds", "ledger_entries")
    ),
    "CREATE TRIGGER ledger_accounts_append_only BEFORE DELETE OR UPDATE OF "
    "id, kind, owner, provider, currency, shard, may_go_negative, may_go_positive, created_at "
    "ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    # A transfer's entries are written by one statement, so the statement is what must balance.
    """CREATE FUNCTION ledger_entries_net_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM written GROUP BY transfer, currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'the entries of a transfer net to zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_net';
      END IF;
      RETURN NULL;
    END $$""",
    "CREATE TRIGGER ledger_entries_net AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS written "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_net_to_zero()",
    # t_: one element a transfer. l_: one an account of a transfer, transfer and account by their place, amount signed.
    # a_: one an account. Says what became of each transfer, or, having written nothing, why not.
    """CREATE FUNCTION ledger_post(
      is_pending boolean,
      t_id uuid[], t_key text[], t_fingerprint text[], t_action text[], t_reason text[], t_actor uuid[],
      t_order uuid[], t_payment uuid[], t_payout uuid[], t_reverses uuid[], t_event_at timestamptz[],
      l_transfer int[], l_account int[], l_amount bigint[],
      a_kind text[], a_owner uuid[], a_provider text[], a_currency text[], a_shard int[], a_negative boolean[], a_positive boolean[]
    ) RETURNS TABLE (outcome text, place int, transfer uuid, at_account int, room bigint) LANGUAGE plpgsql AS $$
    DECLARE
      ids bigint[];
      known int[] := '{}';
      moment timestamptz;
      written bigint;
    BEGIN
      FOR attempt IN 1..2 LOOP
        SELECT array_agg(a.id ORDER BY w.n) INTO ids
        FROM unnest(a_kind, a_owner, a_provider, a_currency, a_shard) WITH ORDINALITY AS w(kind, owner, provider, currency, shard, n)
        LEFT JOIN ledger_accounts a ON a.owner = w.owner AND a.kind = w.kind AND a.currency = w.currency
          AND a.provider = w.provider AND a.shard = w.shard;
        EXIT WHEN array_position(ids, NULL) IS NULL;
        INSERT INTO ledger_accounts (owner, kind, currency, provider, shard, may_go_negative, may_go_positive)
        SELECT w.* FROM unnest(a_owner, a_kind, a_currency, a_provider, a_shard, a_negative, a_positive) AS w ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT DO NOTHING;
      END LOOP;

      PERFORM FROM ledger_accounts a WHERE a.id = ANY (ids) ORDER BY a.id FOR NO KEY UPDATE;

      -- With the locks held, an equal transfer of somebody else's is either done or has not begun.
      IF EXISTS (SELECT FROM ledger_transfers t WHERE t.key = ANY (t_key)) THEN
        RETURN QUERY SELECT 'key_reused', w.n::int, t.id, NULL::int, NULL::bigint
          FROM unnest(t_key, t_fingerprint) WITH ORDINALITY AS w(key, fingerprint, n)
          JOIN ledger_transfers t ON t.key = w.key AND t.fingerprint <> w.fingerprint;
        IF FOUND THEN RETURN; END IF;
        RETURN QUERY SELECT 'replayed', w.n::int, t.id, NULL::int, NULL::bigint
          FROM unnest(t_key) WITH ORDINALITY AS w(key, n) JOIN ledger_transfers t ON t.key = w.key;
        SELECT array_agg(w.n) INTO known
          FROM unnest(t_key) WITH ORDINALITY AS w(key, n) JOIN ledger_transfers t ON t.key = w.key;
        IF cardinality(known) = cardinality(t_key) THEN RETURN; END IF;
      END IF;
      RETURN QUERY SELECT 'reversed', w.n::int, t.id, NULL::int, NULL::bigint
        FROM unnest(t_reverses) WITH ORDINALITY AS w(id, n) JOIN ledger_transfers t ON t.reverses = w.id
        WHERE w.n <> ALL (known);
      IF FOUND THEN RETURN; END IF;

      IF is_pending THEN
        RETURN QUERY
          SELECT CASE WHEN a.may_go_negative THEN 'owed' ELSE 'funds' END, min(l.t), NULL::uuid, l.a,
            max(CASE WHEN a.may_go_negative THEN -a.balance_minor - a.pending_in_minor ELSE a.balance_minor - a.pending_out_minor END)
          FROM unnest(l_transfer, l_account, l_amount) AS l(t, a, amount) JOIN ledger_accounts a ON a.id = ids[l.a]
          WHERE l.t <> ALL (known) AND NOT (a.may_go_negative AND a.may_go_positive)
          GROUP BY l.a, a.id
          HAVING (NOT a.may_go_negative AND a.balance_minor - a.pending_out_minor + sum(least(l.amount, 0)) < 0)
            OR (NOT a.may_go_positive AND a.balance_minor + a.pending_in_minor + sum(greatest(l.amount, 0)) > 0);
      ELSE
        RETURN QUERY
          SELECT CASE WHEN s.may_go_negative THEN 'owed' ELSE 'funds' END, min(s.t), NULL::uuid, s.a,
            max(CASE WHEN s.may_go_negative THEN -s.free ELSE s.free END)
          FROM (
            SELECT l.t, l.a, a.may_go_negative, l.amount, sum(l.amount) OVER (PARTITION BY l.a ORDER BY l.n) AS moved,
              CASE WHEN a.may_go_negative THEN a.balance_minor + a.pending_in_minor ELSE a.balance_minor - a.pending_out_minor END AS free
            FROM unnest(l_transfer, l_account, l_amount) WITH ORDINALITY AS l(t, a, amount, n)
            JOIN ledger_accounts a ON a.id = ids[l.a]
            WHERE l.t <> ALL (known) AND NOT (a.may_go_negative AND a.may_go_positive)
          ) AS s
          WHERE (NOT s.may_go_negative AND s.free + s.moved < 0) OR (s.may_go_negative AND s.free + s.moved > 0)
          GROUP BY s.a, s.may_go_negative;
      END IF;
      IF FOUND THEN RETURN; END IF;

      moment := clock_timestamp();
      INSERT INTO ledger_transfers (id, key, fingerprint, action, reason, actor, order_id, payment_id, payout_id, reverses, event_at, created_at)
      SELECT w.id, w.key, w.fingerprint, w.action, w.reason, w.actor, w.order_id, w.payment_id, w.payout_id, w.reverses,
        coalesce(w.event_at, moment), moment
      FROM unnest(t_id, t_key, t_fingerprint, t_action, t_reason, t_actor, t_order, t_payment, t_payout, t_reverses, t_event_at)
        WITH ORDINALITY AS w(id, key, fingerprint, action, reason, actor, order_id, payment_id, payout_id, reverses, event_at, n)
      WHERE w.n <> ALL (known) ORDER BY w.key
      ON CONFLICT (key) DO NOTHING;
      GET DIAGNOSTICS written = ROW_COUNT;
      IF written <> cardinality(t_key) - cardinality(known) THEN
        RAISE EXCEPTION 'the same transfer was posted elsewhere meanwhile' USING ERRCODE = 'serialization_failure';
      END IF;

      IF is_pending THEN
        INSERT INTO ledger_holds (transfer, source, target, amount_minor)
        SELECT t_id[o.t], ids[o.a], ids[i.a], i.amount
        FROM unnest(l_transfer, l_account, l_amount) AS o(t, a, amount)
        JOIN unnest(l_transfer, l_account, l_amount) AS i(t, a, amount) ON i.t = o.t AND i.amount > 0
        WHERE o.amount < 0 AND o.t <> ALL (known);
        UPDATE ledger_accounts a
        SET pending_out_minor = a.pending_out_minor + s.debits, pending_in_minor = a.pending_in_minor + s.credits
        FROM (SELECT ids[l.a] AS id, sum(greatest(-l.amount, 0)) AS debits, sum(greatest(l.amount, 0)) AS credits
              FROM unnest(l_transfer, l_account, l_amount) AS l(t, a, amount) WHERE l.t <> ALL (known) GROUP BY l.a) AS s
        WHERE a.id = s.id;
      ELSE
        INSERT INTO ledger_entries (transfer, account, seq, currency, amount_minor, previous_minor, current_minor, created_at)
        SELECT t_id[s.t], s.id, s.last_seq + s.n, s.currency, s.amount, s.balance_minor + s.moved - s.amount, s.balance_minor + s.moved, moment
        FROM (
          SELECT l.t, a.id, a.last_seq, a.currency, a.balance_minor, l.amount,
            sum(l.amount) OVER one AS moved, row_number() OVER one AS n
          FROM unnest(l_transfer, l_account, l_amount) WITH ORDINALITY AS l(t, a, amount, n) JOIN ledger_accounts a ON a.id = ids[l.a]
          WHERE l.t <> ALL (known) WINDOW one AS (PARTITION BY l.a ORDER BY l.n)
        ) AS s;
        UPDATE ledger_accounts a SET balance_minor = a.balance_minor + s.moved, last_seq = a.last_seq + s.n
        FROM (SELECT ids[l.a] AS id, sum(l.amount) AS moved, count(*) AS n
              FROM unnest(l_transfer, l_account, l_amount) AS l(t, a, amount) WHERE l.t <> ALL (known) GROUP BY l.a) AS s
        WHERE a.id = s.id;
      END IF;
      RETURN QUERY SELECT 'posted', w.n::int, w.id, NULL::int, NULL::bigint
        FROM unnest(t_id) WITH ORDINALITY AS w(id, n) WHERE w.n <> ALL (known);
    END $$""",
    # Settles (settled null: all of it) or voids a hold. `amount` answers what was settled, or what was held.
    """CREATE FUNCTION ledger_resolve(
      held uuid, new_id uuid, new_key text, new_fingerprint text, new_action text, new_reason text, new_actor uuid,
      new_event_at timestamptz, settled bigint
    ) RETURNS TABLE (outcome text, transfer uuid, amount bigint, currency text) LANGUAGE plpgsql AS $$
    DECLARE
      hold ledger_holds;
      found_id uuid;
      found_word text;
      moment timestamptz;
      code text;
    BEGIN
      SELECT * INTO hold FROM ledger_holds h WHERE h.transfer = held;
      IF hold.transfer IS NULL THEN
        RETURN QUERY SELECT CASE WHEN EXISTS (SELECT FROM ledger_transfers t WHERE t.id = held) THEN 'posted' ELSE 'unknown' END,
          held, NULL::bigint, NULL::text;
        RETURN;
      END IF;
      PERFORM FROM ledger_accounts a WHERE a.id IN (hold.source, hold.target) ORDER BY a.id FOR NO KEY UPDATE;
      SELECT a.currency INTO code FROM ledger_accounts a WHERE a.id = hold.source;
      SELECT t.id, t.fingerprint INTO found_id, found_word FROM ledger_transfers t WHERE t.key = new_key;
      IF FOUND THEN
        RETURN QUERY SELECT CASE WHEN found_word = new_fingerprint THEN 'replayed' ELSE 'key_reused' END, found_id,
          coalesce((SELECT max(e.amount_minor) FROM ledger_entries e WHERE e.transfer = found_id), 0), code;
        RETURN;
      END IF;
      SELECT t.id, CASE t.action WHEN 'settle' THEN 'posted' ELSE 'voided' END INTO found_id, found_word
        FROM ledger_transfers t WHERE t.resolves = held;
      IF FOUND THEN
        RETURN QUERY SELECT found_word, found_id, NULL::bigint, code;
        RETURN;
      END IF;
      IF settled > hold.amount_minor THEN
        RETURN QUERY SELECT 'too_much', held, hold.amount_minor, code;
        RETURN;
      END IF;
      settled := CASE WHEN new_action = 'void' THEN 0 ELSE coalesce(settled, hold.amount_minor) END;
      moment := clock_timestamp();
      INSERT INTO ledger_transfers (id, key, fingerprint, action, reason, actor, order_id, payment_id, payout_id, resolves, event_at, created_at)
      SELECT new_id, new_key, new_fingerprint, new_action, new_reason, new_actor, t.order_id, t.payment_id, t.payout_id, held,
        coalesce(new_event_at, moment), moment
      FROM ledger_transfers t WHERE t.id = held
      ON CONFLICT (key) DO NOTHING;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'the same transfer was posted elsewhere meanwhile' USING ERRCODE = 'serialization_failure';
      END IF;
      IF settled > 0 THEN
        INSERT INTO ledger_entries (transfer, account, seq, currency, amount_minor, previous_minor, current_minor, created_at)
        SELECT new_id, a.id, a.last_seq + 1, a.currency, m.moved, a.balance_minor, a.balance_minor + m.moved, moment
        FROM (VALUES (hold.source, -settled), (hold.target, settled)) AS m(id, moved) JOIN ledger_accounts a USING (id);
      END IF;
      UPDATE ledger_accounts a SET
        balance_minor = a.balance_minor + m.moved, last_seq = a.last_seq + (settled > 0)::int,
        pending_out_minor = a.pending_out_minor - m.debit, pending_in_minor = a.pending_in_minor - m.credit
      FROM (VALUES (hold.source, -settled, hold.amount_minor, 0), (hold.target, settled, 0, hold.amount_minor)) AS m(id, moved, debit, credit)
      WHERE a.id = m.id;
      RETURN QUERY SELECT 'done', new_id, settled, code;
    END $$""",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
