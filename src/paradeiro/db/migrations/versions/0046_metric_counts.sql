-- What all processes have counted, for /metrics; and how full the pool of each worker is.
CREATE TABLE metric_count (
    store_id    bigint REFERENCES store,
    account_id  bigint REFERENCES account,
    metric      text NOT NULL,
    label       text NOT NULL DEFAULT '',
    value       double precision NOT NULL,
    UNIQUE NULLS NOT DISTINCT (store_id, account_id, metric, label)
);
ALTER TABLE worker_heartbeat
    ADD COLUMN pool_in_use integer NOT NULL DEFAULT 0,
    ADD COLUMN pool_waiting integer NOT NULL DEFAULT 0;
