CREATE TABLE audit (                            -- what somebody did by hand or by API; it is never changed
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id      bigint NOT NULL REFERENCES store,
    done_at       timestamptz NOT NULL,
    author        text NOT NULL,                -- the key's name; an operator signs in with one
    door          text NOT NULL CHECK (door IN ('api', 'page', 'cli')),
    origin        text NOT NULL,                -- the network address that it came from; empty for the command line
    deed          text NOT NULL,
    order_number  text NOT NULL,
    shipment_id   bigint REFERENCES shipment,   -- null: it was about the order
    said          text NOT NULL                 -- what was stated with it: a reason, a status
);
CREATE INDEX audit_of_store ON audit (store_id, id);
CREATE INDEX audit_of_order ON audit (store_id, order_number, id);

CREATE TABLE idempotency (                      -- what a request under an Idempotency-Key was answered
    store_id       bigint NOT NULL REFERENCES store,
    api_key_id     bigint NOT NULL REFERENCES api_key,
    key            text NOT NULL,
    digest         bytea NOT NULL,              -- of the request
    status         integer,                     -- null: it is being worked on
    media_type     text NOT NULL DEFAULT '',
    answer         bytea,                       -- deflated
    claimed_until  timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (store_id, api_key_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE sheet (                            -- an uploaded table that was looked at and waits to be taken
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id    bigint NOT NULL REFERENCES store,
    name        text NOT NULL,
    content     bytea NOT NULL,
    author      text NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX sheet_age ON sheet (created_at);
