CREATE TABLE account_token (                    -- what a party gave that lets us in for a while
    account_id      bigint PRIMARY KEY REFERENCES account,
    store_id        bigint NOT NULL REFERENCES store,
    seed            bytea NOT NULL,             -- of the refresh token that a person typed: what came of another is void
    tokens          bytea,                      -- encrypted; null: none was asked for yet
    expires_at      timestamptz,
    renewing_until  timestamptz                 -- a worker is asking for new ones
);
