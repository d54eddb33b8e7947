-- Standard names. No row is copied: PostgreSQL changes names in its catalogue only.
ALTER TABLE account RENAME COLUMN trouble TO problem;
ALTER TABLE account RENAME COLUMN trouble_since TO problem_since;
ALTER TABLE reply RENAME COLUMN shelf TO partition_day;
ALTER TABLE reply RENAME COLUMN packing TO compression;
ALTER TABLE tracking_event RENAME COLUMN author TO actor;
ALTER TABLE tracking_event RENAME COLUMN echo TO duplicate;
ALTER TABLE stated_invoice RENAME COLUMN author TO actor;
ALTER TABLE sheet RENAME COLUMN author TO actor;
ALTER TABLE shipment RENAME COLUMN replaced_author TO replaced_actor;
ALTER TABLE effect RENAME COLUMN told_status TO sent_status;
ALTER TABLE effect RENAME COLUMN told_to TO sent_to;
ALTER TABLE audit RENAME COLUMN author TO actor;
ALTER TABLE audit RENAME COLUMN door TO entry_point;
ALTER TABLE audit RENAME COLUMN deed TO action;
ALTER TABLE watch RENAME COLUMN habit TO baseline;
ALTER TABLE watch RENAME COLUMN told_at TO notified_at;
ALTER TABLE watch RENAME COLUMN listened_at TO silence_checked_at;
ALTER TABLE clock_seen RENAME COLUMN trouble TO problem;
ALTER TABLE clock_seen RENAME COLUMN trouble_at TO problem_at;
ALTER TABLE account_token RENAME COLUMN renewing_until TO refresh_locked_until;
ALTER TABLE reply_hold RENAME TO retention_hold;
ALTER TABLE stand_in RENAME TO fallback;
ALTER TABLE stand_in_answer RENAME TO fallback_answer;
ALTER TABLE sheet RENAME TO uploaded_table;
ALTER TABLE guess RENAME TO lookup_attempt;
ALTER TABLE allowance RENAME TO rate_limit;
ALTER TABLE watch RENAME TO contract_watch;
ALTER INDEX reply_hold_of_reply RENAME TO retention_hold_of_reply;
ALTER INDEX stand_in_account RENAME TO fallback_account;
ALTER INDEX sheet_age RENAME TO uploaded_table_age;
ALTER INDEX guess_filled RENAME TO lookup_attempt_filled;

-- A day's partition that was detached and not dropped yet is a plain table: renaming the columns of `reply` leaves it out.
DO $$
DECLARE
    alone regclass;
BEGIN
    FOR alone IN
        SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'shelf'
        WHERE c.relkind = 'r' AND c.relname ~ '^reply_[0-9]{8}$' AND NOT a.attisdropped
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'reply'::regclass)
    LOOP
        EXECUTE 'ALTER TABLE ' || alone || ' RENAME COLUMN shelf TO partition_day';
        EXECUTE 'ALTER TABLE ' || alone || ' RENAME COLUMN packing TO compression';
    END LOOP;
END $$;

-- `hears` of a channel in a policy becomes `topics`.
UPDATE store SET policy = jsonb_set(policy, '{channels}', (
    SELECT jsonb_object_agg(
        channel, CASE WHEN rules ? 'hears'
            THEN (rules - 'hears') || jsonb_build_object('topics', rules -> 'hears') ELSE rules
        END)
    FROM jsonb_each(policy -> 'channels') AS each (channel, rules)))
WHERE jsonb_typeof(policy -> 'channels') = 'object' AND policy -> 'channels' <> '{}';

ALTER SEQUENCE sheet_id_seq RENAME TO uploaded_table_id_seq;
ALTER INDEX reply_held_account_id_tracking_code_digest_shelf_timezone_idx
    RENAME TO reply_held_account_id_tracking_code_digest_partition_day_ti_idx;

-- Constraints get the names that PostgreSQL would give them under the new names of table and column. (NOT NULL
-- constraints have names from PostgreSQL 18 on only.)
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT c.conrelid::regclass AS of_table, c.conname AS former,
            n.later || substr(c.conname, length(n.former) + 1) AS later
        FROM pg_constraint c JOIN (VALUES
            ('account', 'account_trouble_', 'account_problem_'),
            ('audit', 'audit_author_', 'audit_actor_'),
            ('audit', 'audit_deed_', 'audit_action_'),
            ('audit', 'audit_door_', 'audit_entry_point_'),
            ('clock_seen', 'clock_seen_trouble_', 'clock_seen_problem_'),
            ('contract_watch', 'watch_habit_', 'contract_watch_baseline_'),
            ('contract_watch', 'watch_', 'contract_watch_'),
            ('fallback', 'stand_in_', 'fallback_'),
            ('fallback_answer', 'stand_in_', 'fallback_'),
            ('lookup_attempt', 'guess_', 'lookup_attempt_'),
            ('rate_limit', 'allowance_', 'rate_limit_'),
            ('reply', 'reply_packing_', 'reply_compression_'),
            ('reply', 'reply_shelf_', 'reply_partition_day_'),
            ('retention_hold', 'reply_hold_', 'retention_hold_'),
            ('shipment', 'shipment_replaced_author_', 'shipment_replaced_actor_'),
            ('stated_invoice', 'stated_invoice_author_', 'stated_invoice_actor_'),
            ('tracking_event', 'tracking_event_author_', 'tracking_event_actor_'),
            ('tracking_event', 'tracking_event_echo_', 'tracking_event_duplicate_'),
            ('uploaded_table', 'sheet_author_', 'uploaded_table_actor_'),
            ('uploaded_table', 'sheet_', 'uploaded_table_')
        ) AS n (of_table, former, later) ON c.conrelid = n.of_table::regclass AND starts_with(c.conname, n.former)
        ORDER BY length(n.former) DESC
    LOOP
        -- Longer prefixes come first: a constraint renamed already no longer exists under its former name.
        IF EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = each.of_table AND conname = each.former) THEN
            EXECUTE 'ALTER TABLE ' || each.of_table || ' RENAME CONSTRAINT ' || quote_ident(each.former)
                || ' TO ' || quote_ident(each.later);
        END IF;
    END LOOP;
END $$;
