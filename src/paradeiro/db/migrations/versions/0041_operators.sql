-- Operators are persons, not API keys: everybody is signed out, and signs in with what an administrator or `paradeiro up` gives.
DROP TABLE web_session, used_link;
ALTER TABLE audit ADD COLUMN operator_id bigint, ADD COLUMN api_key_id bigint;

CREATE TABLE operator (                         -- a person who uses the screens
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id         bigint REFERENCES store,   -- always null: a person may work for several stores
    email            text NOT NULL UNIQUE,      -- in small letters
    name             text NOT NULL,
    password         text,                      -- its Argon2id hash; null: none was chosen yet
    totp_secret      bytea,                     -- encrypted; null: no codes are asked for
    totp_step        bigint NOT NULL DEFAULT 0, -- of the last code that was taken: a code works once
    created_at       timestamptz NOT NULL,
    last_sign_in_at  timestamptz,
    last_store_id    bigint,                    -- the one that was on the screen last
    ended_at         timestamptz                -- may not sign in any more
);

CREATE TABLE operator_role (                    -- what a person may do in a store
    store_id     bigint NOT NULL REFERENCES store,
    operator_id  bigint NOT NULL REFERENCES operator,
    role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    given_at     timestamptz NOT NULL,
    PRIMARY KEY (store_id, operator_id)
);
CREATE INDEX operator_role_of_operator ON operator_role (operator_id);

CREATE TABLE operator_session (                 -- a browser in which a person is signed in
    hash         bytea PRIMARY KEY,             -- SHA-256 of the cookie
    number       bigint GENERATED ALWAYS AS IDENTITY UNIQUE, -- by which it is listed and ended
    store_id     bigint NOT NULL REFERENCES store, -- the one that is on the screen
    operator_id  bigint NOT NULL REFERENCES operator,
    method       text NOT NULL CHECK (method IN ('password', 'password_totp', 'passkey', 'openid', 'link')),
    origin       text NOT NULL,                 -- the network address that signed in
    browser      text NOT NULL,                 -- as it calls itself
    begun_at     timestamptz NOT NULL,          -- by the real clock, also while the simulator is in use
    seen_at      timestamptz NOT NULL,          -- to the minute
    ends_at      timestamptz NOT NULL
);
CREATE INDEX operator_session_of_operator ON operator_session (operator_id);
CREATE INDEX operator_session_ends ON operator_session (ends_at);

CREATE TABLE operator_link (                    -- an unused one-time link
    hash         bytea PRIMARY KEY,             -- SHA-256 of its last part
    store_id     bigint REFERENCES store,       -- always null: it is a person's
    operator_id  bigint REFERENCES operator,    -- null: of the first administrator, who is nobody yet
    purpose      text NOT NULL CHECK (purpose IN ('first', 'invitation', 'reset', 'sign_in')),
    ends_at      timestamptz NOT NULL
);
CREATE INDEX operator_link_ends ON operator_link (ends_at);

CREATE TABLE operator_passkey (                 -- a WebAuthn credential
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id       bigint REFERENCES store,     -- always null: it is a person's
    operator_id    bigint NOT NULL REFERENCES operator,
    credential_id  bytea NOT NULL UNIQUE,
    public_key     bytea NOT NULL,              -- COSE
    sign_count     bigint NOT NULL,
    name           text NOT NULL,
    created_at     timestamptz NOT NULL,
    last_used_at   timestamptz
);
CREATE INDEX operator_passkey_of_operator ON operator_passkey (operator_id);

CREATE TABLE operator_identity (                -- a person at an OpenID provider
    issuer       text NOT NULL,
    subject      text NOT NULL,                 -- the provider's own name for the person
    store_id     bigint REFERENCES store,       -- always null: it is a person's
    operator_id  bigint NOT NULL REFERENCES operator,
    linked_at    timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX operator_identity_of_operator ON operator_identity (operator_id);

CREATE TABLE operator_challenge (               -- one that a browser has answered: none is answered twice
    hash      bytea PRIMARY KEY,                -- SHA-256 of it
    store_id  bigint REFERENCES store,          -- always null: it is a browser's
    ends_at   timestamptz NOT NULL              -- after which it is refused anyway
);
CREATE INDEX operator_challenge_ends ON operator_challenge (ends_at);

CREATE INDEX audit_of_key ON audit (api_key_id, done_at) WHERE action IN ('use_key', 'refuse_key');
