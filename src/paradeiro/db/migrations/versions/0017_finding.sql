CREATE TABLE guess (                            -- how often somebody may still try to find an order
    who        bytea PRIMARY KEY,               -- a keyed hash of a network address or an order's number
    store_id   bigint REFERENCES store,         -- null: who guesses names no store
    level      double precision NOT NULL,
    filled_at  timestamptz NOT NULL
);
CREATE INDEX guess_filled ON guess (filled_at);
