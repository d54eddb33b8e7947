-- What all processes have counted, for /metrics; and how full the pool of each worker is.
CREATE TABLE metric_count (
    store_id    bigint REFERENCES store,
    account_id  bigint,
    metric      text NOT NULL,
    label       text NOT NULL DEFAULT '',
    value       double precision NOT NULL,
    UNIQUE NULLS NOT DISTINCT (store_id, account_id, metric, label),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
ALTER TABLE metric_count ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_store ON metric_count
    USING (store_id = nullif(current_setting('paradeiro.store_id', true), '')::bigint);
ALTER TABLE worker_heartbeat
    ADD COLUMN pool_in_use integer NOT NULL DEFAULT 0,
    ADD COLUMN pool_waiting integer NOT NULL DEFAULT 0;
