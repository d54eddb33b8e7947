CREATE TABLE web_session (                      -- an operator's browser that is signed in
    hash      bytea PRIMARY KEY,                -- SHA-256 of the cookie, which nobody else has
    store_id  bigint NOT NULL REFERENCES store,
    key_id    bigint NOT NULL REFERENCES api_key,
    begun_at  timestamptz NOT NULL,             -- by the real clock, also while a simulated world is followed
    ends_at   timestamptz NOT NULL
);
CREATE INDEX web_session_ends ON web_session (ends_at);

CREATE TABLE used_link (                        -- a sign-in link that was used: it works once
    hash      bytea PRIMARY KEY,
    store_id  bigint NOT NULL REFERENCES store,
    ends_at   timestamptz NOT NULL              -- when it had ended anyway, and the row may go
);
CREATE INDEX used_link_ends ON used_link (ends_at);
