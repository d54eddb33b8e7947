-- A row of one store can never point at another's: every key has store_id, every foreign key carries it. Each index is
-- built anew under an exclusive lock, each foreign key is checked once (docs/upgrading.md says how long that takes).
-- Stay as they are, with their reasons in docs/decisions/0050: store, brand, clock_seen, secret_check,
-- worker_heartbeat, job_failure, lookup_attempt, and the tables of the queue.

ALTER TABLE account_carrier DROP CONSTRAINT account_carrier_account_id_fkey;
ALTER TABLE account_hour DROP CONSTRAINT account_hour_account_id_fkey;
ALTER TABLE account_token DROP CONSTRAINT account_token_account_id_fkey;
ALTER TABLE attempt DROP CONSTRAINT attempt_effect_id_fkey;
ALTER TABLE audit DROP CONSTRAINT audit_shipment_id_fkey;
ALTER TABLE bounce DROP CONSTRAINT bounce_effect_id_fkey;
ALTER TABLE contract_watch DROP CONSTRAINT contract_watch_account_id_fkey;
ALTER TABLE courier_rule DROP CONSTRAINT courier_rule_account_id_fkey;
ALTER TABLE effect
    DROP CONSTRAINT effect_account_id_fkey,
    DROP CONSTRAINT effect_order_id_fkey,
    DROP CONSTRAINT effect_shipment_id_fkey;
ALTER TABLE fallback DROP CONSTRAINT fallback_account_id_fkey;
ALTER TABLE fallback_answer
    DROP CONSTRAINT fallback_answer_account_id_fkey,
    DROP CONSTRAINT fallback_answer_shipment_id_fkey;
ALTER TABLE feed DROP CONSTRAINT feed_account_id_fkey;
ALTER TABLE hook DROP CONSTRAINT hook_account_id_fkey;
ALTER TABLE idempotency DROP CONSTRAINT idempotency_api_key_id_fkey;
ALTER TABLE lookup_quota DROP CONSTRAINT lookup_quota_account_id_fkey;
ALTER TABLE notice DROP CONSTRAINT notice_account_id_fkey, DROP CONSTRAINT notice_shipment_id_fkey;
ALTER TABLE order_hint DROP CONSTRAINT order_hint_account_id_fkey;
ALTER TABLE proof DROP CONSTRAINT proof_shipment_id_fkey;
ALTER TABLE proof_search DROP CONSTRAINT proof_search_shipment_id_fkey;
ALTER TABLE push DROP CONSTRAINT push_account_id_fkey;
ALTER TABLE rate_limit DROP CONSTRAINT rate_limit_account_id_fkey;
ALTER TABLE received_file DROP CONSTRAINT received_file_account_id_fkey;
ALTER TABLE retention_hold DROP CONSTRAINT retention_hold_notice_id_fkey;
ALTER TABLE shipment
    DROP CONSTRAINT shipment_account_id_fkey,
    DROP CONSTRAINT shipment_order_id_fkey,
    DROP CONSTRAINT shipment_package_id_fkey,
    DROP CONSTRAINT shipment_replaced_by_fkey;
ALTER TABLE shipment_identifier
    DROP CONSTRAINT shipment_identifier_account_id_fkey,
    DROP CONSTRAINT shipment_identifier_shipment_id_fkey;
ALTER TABLE shipment_leg DROP CONSTRAINT shipment_leg_account_id_fkey, DROP CONSTRAINT shipment_leg_shipment_id_fkey;
ALTER TABLE stated_invoice DROP CONSTRAINT stated_invoice_order_id_fkey;
ALTER TABLE tracking_event DROP CONSTRAINT tracking_event_shipment_id_fkey;
ALTER TABLE unassigned_package DROP CONSTRAINT unassigned_package_order_id_fkey;
ALTER TABLE unmatched_answer DROP CONSTRAINT unmatched_answer_account_id_fkey;

ALTER TABLE account DROP CONSTRAINT account_pkey, ADD PRIMARY KEY (id, store_id);
ALTER TABLE account_carrier
    DROP CONSTRAINT account_carrier_pkey,
    ADD PRIMARY KEY (account_id, carrier, service, store_id);
ALTER TABLE account_hour DROP CONSTRAINT account_hour_pkey, ADD PRIMARY KEY (account_id, hour, store_id);
ALTER TABLE account_token DROP CONSTRAINT account_token_pkey, ADD PRIMARY KEY (account_id, store_id);
ALTER TABLE api_key
    DROP CONSTRAINT api_key_pkey,
    DROP CONSTRAINT api_key_hash_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (hash, store_id);
ALTER TABLE attempt DROP CONSTRAINT attempt_pkey, ADD PRIMARY KEY (id, store_id);
ALTER TABLE audit DROP CONSTRAINT audit_pkey, ADD PRIMARY KEY (id, store_id);
ALTER TABLE bounce
    DROP CONSTRAINT bounce_pkey,
    DROP CONSTRAINT bounce_effect_id_kind_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (effect_id, kind, store_id);
ALTER TABLE contract_watch DROP CONSTRAINT contract_watch_pkey, ADD PRIMARY KEY (account_id, store_id);
ALTER TABLE effect
    DROP CONSTRAINT effect_pkey,
    DROP CONSTRAINT effect_shipment_id_account_id_kind_cause_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (shipment_id, account_id, kind, cause, store_id);
ALTER TABLE fallback_answer DROP CONSTRAINT fallback_answer_pkey, ADD PRIMARY KEY (shipment_id, account_id, store_id);
ALTER TABLE feed DROP CONSTRAINT feed_pkey, ADD PRIMARY KEY (account_id, store_id);
ALTER TABLE hook
    DROP CONSTRAINT hook_pkey,
    DROP CONSTRAINT hook_token_hash_key,
    ADD PRIMARY KEY (account_id, store_id),
    ADD UNIQUE (token_hash, store_id);
ALTER TABLE lookup_quota DROP CONSTRAINT lookup_quota_pkey, ADD PRIMARY KEY (account_id, store_id);
ALTER TABLE notice DROP CONSTRAINT notice_pkey, ADD PRIMARY KEY (id, store_id);
ALTER TABLE order_hint DROP CONSTRAINT order_hint_pkey, ADD PRIMARY KEY (account_id, number, store_id);
ALTER TABLE orders
    DROP CONSTRAINT orders_pkey,
    DROP CONSTRAINT orders_mails_code_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (mails_code, store_id);
ALTER TABLE proof
    DROP CONSTRAINT proof_pkey,
    DROP CONSTRAINT proof_shipment_id_digest_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (shipment_id, digest, store_id);
ALTER TABLE proof_search DROP CONSTRAINT proof_search_pkey, ADD PRIMARY KEY (shipment_id, kind, store_id);
ALTER TABLE push
    DROP CONSTRAINT push_pkey,
    DROP CONSTRAINT push_account_id_digest_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (account_id, digest, store_id);
ALTER TABLE rate_limit DROP CONSTRAINT rate_limit_pkey, ADD PRIMARY KEY (account_id, store_id);
ALTER TABLE received_file
    DROP CONSTRAINT received_file_pkey,
    DROP CONSTRAINT received_file_account_id_digest_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (account_id, digest, store_id);
ALTER TABLE retention_hold DROP CONSTRAINT retention_hold_pkey, ADD PRIMARY KEY (notice_id, reply_id, store_id);
ALTER TABLE set_aside DROP CONSTRAINT set_aside_pkey, ADD PRIMARY KEY (what, row_id, store_id);
ALTER TABLE shipment
    DROP CONSTRAINT shipment_pkey,
    DROP CONSTRAINT shipment_tracking_token_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (tracking_token, store_id);
ALTER TABLE shipment_identifier
    DROP CONSTRAINT shipment_identifier_pkey,
    ADD PRIMARY KEY (shipment_id, kind, value, store_id);
ALTER TABLE shipment_leg
    DROP CONSTRAINT shipment_leg_pkey,
    DROP CONSTRAINT shipment_leg_shipment_id_carrier_tracking_code_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (shipment_id, carrier, tracking_code, store_id);
ALTER TABLE stated_invoice DROP CONSTRAINT stated_invoice_pkey, ADD PRIMARY KEY (order_id, number, store_id);
ALTER TABLE suppression DROP CONSTRAINT suppression_pkey, ADD PRIMARY KEY (id, store_id);
ALTER TABLE tracking_event
    DROP CONSTRAINT tracking_event_pkey,
    DROP CONSTRAINT tracking_event_shipment_id_occurred_at_code_place_key_key,
    ADD PRIMARY KEY (id, store_id),
    ADD UNIQUE (shipment_id, occurred_at, code, place_key, store_id);
ALTER TABLE unassigned_package
    DROP CONSTRAINT unassigned_package_pkey,
    ADD PRIMARY KEY (order_id, invoice_number, store_id);
ALTER TABLE unmatched_answer
    DROP CONSTRAINT unmatched_answer_pkey,
    ADD PRIMARY KEY (account_id, kind, value, reply_id, store_id);
ALTER TABLE uploaded_table DROP CONSTRAINT uploaded_table_pkey, ADD PRIMARY KEY (id, store_id);

DROP INDEX effect_mail;
CREATE UNIQUE INDEX effect_mail ON effect (key, store_id) WHERE sent_to IS NOT NULL;

-- No foreign keys to or from `reply` (decision 0009). Its partitions follow; one that was detached and not dropped yet
-- is a plain table: it loses its former keys, and gets the new ones if it is attached again.
ALTER TABLE reply DROP CONSTRAINT reply_pkey, ADD PRIMARY KEY (id, partition_day, store_id);
DROP INDEX reply_once;
CREATE UNIQUE INDEX reply_once ON reply
    (account_id, tracking_code, digest, partition_day, ((received_at AT TIME ZONE 'UTC')::date), store_id);
DO $$
DECLARE
    former record;
BEGIN
    FOR former IN
        SELECT c.oid::regclass AS alone, x.oid::regclass AS index, k.conname AS key
        FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique
        JOIN pg_class x ON x.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.contype = 'p'
        WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relname ~ '^reply_[0-9]{8}$'
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'reply'::regclass)
    LOOP
        IF former.key IS NULL THEN
            EXECUTE 'DROP INDEX ' || former.index;
        ELSE
            EXECUTE 'ALTER TABLE ' || former.alone || ' DROP CONSTRAINT ' || quote_ident(former.key);
        END IF;
    END LOOP;
END $$;

ALTER TABLE account_carrier ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE account_hour ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE account_token ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE attempt ADD FOREIGN KEY (effect_id, store_id) REFERENCES effect (id, store_id);
ALTER TABLE audit ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE bounce ADD FOREIGN KEY (effect_id, store_id) REFERENCES effect (id, store_id);
ALTER TABLE contract_watch ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE courier_rule ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE effect
    ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    ADD FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id),
    ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE fallback ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE fallback_answer
    ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE feed ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE hook ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE idempotency ADD FOREIGN KEY (api_key_id, store_id) REFERENCES api_key (id, store_id);
ALTER TABLE lookup_quota ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE notice
    ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE order_hint ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE proof ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE proof_search ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE push ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE rate_limit ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE received_file ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
ALTER TABLE retention_hold ADD FOREIGN KEY (notice_id, store_id) REFERENCES notice (id, store_id);
ALTER TABLE shipment
    ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    ADD FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id),
    ADD FOREIGN KEY (package_id, store_id) REFERENCES shipment (id, store_id),
    ADD FOREIGN KEY (replaced_by, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE shipment_identifier
    ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE shipment_leg
    ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE stated_invoice ADD FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id);
ALTER TABLE tracking_event ADD FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id);
ALTER TABLE unassigned_package ADD FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id);
ALTER TABLE unmatched_answer ADD FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id);
