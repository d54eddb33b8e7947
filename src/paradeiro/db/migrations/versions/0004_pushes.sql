ALTER TABLE shipment ADD COLUMN hinted_at timestamptz;

CREATE TABLE hook (                             -- the door at which a party pushes for one account
    account_id    bigint PRIMARY KEY REFERENCES account,
    store_id      bigint NOT NULL REFERENCES store,
    token_hash    bytea NOT NULL UNIQUE,        -- of the address's last part
    secrets       bytea NOT NULL,               -- that part, and what the party signs with
    url           bytea,                        -- encrypted too: as registered; null: not registered there yet
    subscription  text NOT NULL DEFAULT '',     -- the party's own name for it
    refused       integer NOT NULL DEFAULT 0,   -- pushes in a row whose signature was wrong
    refused_at    timestamptz,
    created_at    timestamptz NOT NULL
);

CREATE TABLE push (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id     bigint NOT NULL REFERENCES store,
    account_id   bigint NOT NULL REFERENCES account,
    digest       bytea NOT NULL,
    outcome      text NOT NULL,
    about        text[] NOT NULL,               -- the tracking codes that it names
    body         bytea NOT NULL,
    seen         integer NOT NULL DEFAULT 1,
    received_at  timestamptz NOT NULL,          -- the last time that it was heeded
    UNIQUE (account_id, digest)
);
CREATE INDEX push_received ON push (account_id, received_at);
