-- Replies get a partition per day, and notices hold those that were not understood (decision 0009).

ALTER TABLE tracking_event DROP CONSTRAINT tracking_event_reply_id_fkey;
ALTER TABLE notice DROP CONSTRAINT notice_reply_id_fkey;

ALTER TABLE reply RENAME TO reply_old;
DO $$
DECLARE
    taken name;
BEGIN
    -- All of them: since PostgreSQL 18 each NOT NULL has a name too, which the new table's would have to make way for.
    FOR taken IN SELECT conname FROM pg_constraint WHERE conrelid = 'reply_old'::regclass LOOP
        EXECUTE 'ALTER TABLE reply_old RENAME CONSTRAINT ' || quote_ident(taken) || ' TO ' || quote_ident('old_' || taken);
    END LOOP;
END $$;
ALTER INDEX reply_unrecorded RENAME TO reply_old_unrecorded;
ALTER SEQUENCE reply_id_seq RENAME TO reply_old_id_seq;

CREATE TABLE reply (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    store_id       bigint NOT NULL,
    account_id     bigint NOT NULL,
    tracking_code  text NOT NULL,
    digest         bytea NOT NULL,
    outcome        text NOT NULL,
    body           bytea NOT NULL,
    received_at    timestamptz NOT NULL,
    recorded_at    timestamptz,
    shelf          date NOT NULL,
    packing        smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, shelf)
) PARTITION BY RANGE (shelf);
CREATE UNIQUE INDEX reply_once ON reply
    (account_id, tracking_code, digest, shelf, ((received_at AT TIME ZONE 'UTC')::date));
CREATE INDEX reply_unrecorded ON reply (received_at) WHERE recorded_at IS NULL;
CREATE TABLE reply_held PARTITION OF reply FOR VALUES FROM ('infinity') TO (MAXVALUE);

CREATE TABLE reply_hold (
    store_id       bigint NOT NULL REFERENCES store,
    notice_id      bigint NOT NULL REFERENCES notice,
    reply_id       bigint NOT NULL,
    understood_at  timestamptz,
    PRIMARY KEY (notice_id, reply_id)
);
CREATE INDEX reply_hold_of_reply ON reply_hold (reply_id);

-- What is there already: a partition for each day that has replies, their bodies as they are (packing 0).
DO $$
DECLARE
    day date;
BEGIN
    FOR day IN SELECT DISTINCT (received_at AT TIME ZONE 'UTC')::date FROM reply_old LOOP
        EXECUTE 'CREATE TABLE reply_' || to_char(day, 'YYYYMMDD') || ' PARTITION OF reply FOR VALUES FROM ('
            || quote_literal(day) || ') TO (' || quote_literal(day + 1) || ')';
    END LOOP;
END $$;
INSERT INTO reply (id, store_id, account_id, tracking_code, digest, outcome, body, received_at, recorded_at, shelf)
OVERRIDING SYSTEM VALUE
SELECT id, store_id, account_id, tracking_code, digest, outcome, body, received_at, recorded_at,
       (received_at AT TIME ZONE 'UTC')::date
FROM reply_old;
SELECT setval(pg_get_serial_sequence('reply', 'id'), last_value, is_called) FROM reply_old_id_seq;
DROP TABLE reply_old;

-- What nobody has understood yet: the reply that a notice names, every answer that could not be read at an account
-- whose notice is open, and every answer with a code that nobody has mapped.
INSERT INTO reply_hold (store_id, notice_id, reply_id)
SELECT store_id, id, reply_id FROM notice WHERE resolved_at IS NULL AND reply_id IS NOT NULL
UNION
SELECT n.store_id, n.id, r.id FROM notice n JOIN reply r ON r.account_id = n.account_id
WHERE n.resolved_at IS NULL AND n.kind = 'malformed_reply' AND r.outcome = 'malformed'
UNION
SELECT n.store_id, n.id, e.reply_id
FROM notice n JOIN account a ON a.id = n.account_id
JOIN tracking_event e ON e.store_id = n.store_id AND e.status = 'unknown' AND n.subject = a.connector || ' ' || e.code
WHERE n.resolved_at IS NULL AND n.kind = 'unknown_code' AND e.reply_id IS NOT NULL;
