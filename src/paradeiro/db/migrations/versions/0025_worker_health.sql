CREATE TABLE job_failure (                      -- a job that failed and has not succeeded since
    job         text NOT NULL,
    payload     text NOT NULL,                  -- what it works on: an account, replies
    store_id    bigint REFERENCES store,        -- null: no store of its own
    error       text NOT NULL,                  -- the type of the last one
    message     text NOT NULL,
    count       bigint NOT NULL DEFAULT 1,      -- in a row
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    logged_at   timestamptz NOT NULL,           -- when its trace was last written into the log
    logged      bigint NOT NULL DEFAULT 1,      -- the count then
    PRIMARY KEY (job, payload)
);
CREATE TABLE worker_heartbeat (
    worker      text PRIMARY KEY,
    store_id    bigint REFERENCES store,        -- null: a worker works for all of them
    seen_at     timestamptz NOT NULL            -- by the database's clock
);
