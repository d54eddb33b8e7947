CREATE TABLE order_hint (                       -- an order that its order system named, to be read now
    account_id  bigint NOT NULL REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    number      text NOT NULL,
    hinted_at   timestamptz NOT NULL,           -- the last time; a hint newer than its reading outlives it
    due_at      timestamptz NOT NULL,           -- when to read it (again); while it is being read, a lease
    tries       integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, number)
);
CREATE INDEX order_hint_due ON order_hint (account_id, due_at);

CREATE TABLE feed (                             -- a queue at the order system that we read and commit
    account_id  bigint PRIMARY KEY REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    next_read   timestamptz NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE TABLE allowance (                        -- what may still be asked of a party now, by all workers together
    account_id  bigint PRIMARY KEY REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    level       double precision NOT NULL,      -- requests; below zero: so many wait for their turn
    filled_at   timestamptz NOT NULL
);

ALTER TABLE hook ADD COLUMN checked_at timestamptz;
