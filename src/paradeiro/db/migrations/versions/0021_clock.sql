CREATE TABLE clock_seen (                       -- the last instant at which a worker trusted its clock; one row
    id          smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    store_id    bigint REFERENCES store,        -- always null: the clock is nobody's
    seen_at     timestamptz,                    -- null: no clock was trusted yet
    boot        text NOT NULL,                  -- which start of which machine `since_boot` counts from; '' if unknown
    since_boot  double precision NOT NULL,      -- seconds
    trouble     text NOT NULL DEFAULT '',       -- why no work is done; empty: the clock is trusted
    trouble_at  timestamptz                     -- by the database's clock
);
