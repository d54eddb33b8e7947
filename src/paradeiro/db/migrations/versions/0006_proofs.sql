CREATE TABLE proof_search (                     -- the search for one proof of a shipment's delivery
    shipment_id   bigint NOT NULL REFERENCES shipment,
    kind          text NOT NULL,
    store_id      bigint NOT NULL REFERENCES store,
    state         text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'kept', 'given_up', 'withdrawn')),
    tries         integer NOT NULL DEFAULT 0,   -- that gave nothing, or not all
    next_try      timestamptz,                  -- null: not asked for (any more)
    leased_until  timestamptz,
    ticket        text NOT NULL DEFAULT '',     -- what the carrier gave to come back with
    message       text NOT NULL DEFAULT '',     -- what the last try gave
    wanted_at     timestamptz NOT NULL,
    ended_at      timestamptz,
    PRIMARY KEY (shipment_id, kind)
);
CREATE INDEX proof_search_due ON proof_search (next_try) WHERE state = 'wanted';

CREATE TABLE proof (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id      bigint NOT NULL REFERENCES store,
    shipment_id   bigint NOT NULL REFERENCES shipment,
    kind          text NOT NULL,
    content_type  text NOT NULL,                -- by its bytes, not by what anybody said
    image         bytea NOT NULL,
    digest        bytea NOT NULL,
    comment       text NOT NULL DEFAULT '',
    taken_at      timestamptz,
    fetched_at    timestamptz NOT NULL,
    withdrawn_at  timestamptz,                  -- the delivery that it shows was taken back
    UNIQUE (shipment_id, digest)
);
ALTER TABLE proof ALTER COLUMN image SET STORAGE EXTERNAL; -- pictures are packed already
