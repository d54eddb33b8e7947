-- The whole schema. Equal to all migrations together (a test compares them).
-- Every table has store_id; every key has it, and every foreign key carries it (decision 0050).
-- Every instant is timestamptz. Secrets are encrypted bytes.

CREATE TABLE store (
    store_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    name        text NOT NULL UNIQUE,
    time_zone   text NOT NULL DEFAULT 'America/Sao_Paulo',
    policy      jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    told_until  timestamptz,                -- restored from a backup: a lost instance mailed the news until then
    effect_salt uuid NOT NULL DEFAULT gen_random_uuid() -- of the keys of effects, so that nobody can guess them
);

CREATE TABLE account (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    store_id       bigint NOT NULL REFERENCES store,
    connector      text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('carrier', 'order_system', 'marketplace', 'mail', 'webhook')),
    name           text NOT NULL,
    channel        text,                    -- marketplaces: the order's channel that this account serves
    settings       jsonb NOT NULL DEFAULT '{}',
    secrets        bytea NOT NULL,
    state          text NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'outage', 'paused', 'disabled', 'removed')),
    problem        text NOT NULL DEFAULT '',
    problem_since  timestamptz,
    failures       integer NOT NULL DEFAULT 0,
    open_at        timestamptz,             -- not asked before this instant
    cursor         text NOT NULL DEFAULT '',
    next_visit     timestamptz,             -- order systems: when to look for orders again; carriers: to read the feed
    created_at     timestamptz NOT NULL,
    feed_failing_since timestamptz,         -- a carrier's feed fails apart from its questions; null: it was read
    feed_read_at   timestamptz,             -- when its last page was read
    UNIQUE (store_id, connector, name),
    PRIMARY KEY (id, store_id)
);

CREATE TABLE api_key (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    store_id    bigint NOT NULL REFERENCES store,
    name        text NOT NULL,
    hash        bytea NOT NULL,
    scopes      text[] NOT NULL,
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    last_used_at timestamptz,       -- to the minute
    ends_at     timestamptz,        -- invalid from then on; null: until it is revoked
    last_used_from text NOT NULL DEFAULT '', -- a network address
    PRIMARY KEY (id, store_id),
    UNIQUE (hash, store_id)
);

CREATE TABLE orders (
    id                  bigint GENERATED ALWAYS AS IDENTITY,
    store_id            bigint NOT NULL REFERENCES store,
    number              text NOT NULL,
    customer_name       text NOT NULL DEFAULT '',
    customer_email      text,
    locale              text NOT NULL DEFAULT 'pt-BR',
    channel             text,
    marketplace_number  text,
    ordered_at          timestamptz,
    promised_at         timestamptz,
    delivered_at        timestamptz,        -- set once all its shipments are delivered
    awaits_code         boolean NOT NULL DEFAULT false, -- an invoice has no tracking code yet
    seen_at             timestamptz NOT NULL,
    created_at          timestamptz NOT NULL,
    erased_at           timestamptz,        -- when the customer was erased; later statements do not restore them
    mails               text NOT NULL DEFAULT 'all' CHECK (mails IN ('all', 'important', 'none')),
    mails_to            text,               -- the address that the customer chose; null: that of the order
    postal_code         text,               -- of the destination, digits and letters only: needed to look the order up
    mails_asked         text,               -- a requested address that is not confirmed yet
    mails_code          text,               -- sent to that address for confirmation
    mails_times         integer NOT NULL DEFAULT 0, -- how many addresses were requested
    items               jsonb NOT NULL DEFAULT '[]', -- what was bought, line by line
    number_due          timestamptz,        -- by when its channel must accept a tracking number; null: no deadline, or met
    UNIQUE (store_id, number),
    PRIMARY KEY (id, store_id),
    UNIQUE (mails_code, store_id)
);
CREATE INDEX orders_of_customer ON orders (store_id, lower(customer_email)) WHERE customer_email IS NOT NULL;
CREATE INDEX orders_with_customer ON orders (store_id, created_at) WHERE erased_at IS NULL;
CREATE INDEX orders_awaiting ON orders (store_id, seen_at) WHERE awaits_code;

CREATE TABLE shipment (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    store_id        bigint NOT NULL REFERENCES store,
    order_id        bigint NOT NULL,
    account_id      bigint,                      -- the account to ask; null: none yet
    carrier         text NOT NULL,
    tracking_code   text NOT NULL,
    invoice_number  text NOT NULL DEFAULT '',
    invoice         jsonb NOT NULL DEFAULT '{}',
    tracking_token  text NOT NULL,               -- the customer's link
    registered_at   timestamptz NOT NULL,
    status          text NOT NULL,
    reason          text,
    delivered_at    timestamptz,
    news_at         timestamptz,
    snapshot        jsonb NOT NULL DEFAULT '{}',
    next_check      timestamptz,                 -- null: none
    leased_until    timestamptz,
    digest          bytea,                       -- of the last answer
    outcome         text NOT NULL DEFAULT '',    -- of the last check
    failures        integer NOT NULL DEFAULT 0,
    asked_at        timestamptz,
    vanished_at     timestamptz,                 -- since when the carrier no longer shows a delivery that it had shown
    used_until      timestamptz,                 -- when another order of the store had this code delivered before
    reassess_at     timestamptz,                 -- when its events must be folded again because of the clock
    hinted_at       timestamptz,                 -- a push asked for it since it was last claimed: due then
    delivery_due   timestamptz,                 -- by when its channel must accept the delivery; null: no deadline, or met
    package_id      bigint,                      -- null: a package; else only a further invoice of that one
    replaced_by     bigint,                      -- the package whose label took the place of this one's
    replaced_at     timestamptz,
    replaced_actor  text NOT NULL DEFAULT '',    -- who said so; empty: the order system, by another code
    carrier_code    text NOT NULL DEFAULT '',    -- the carrier's own number, where `tracking_code` is another identifier
    UNIQUE (store_id, order_id, carrier, tracking_code, invoice_number),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    UNIQUE (tracking_token, store_id),
    FOREIGN KEY (package_id, store_id) REFERENCES shipment (id, store_id),
    FOREIGN KEY (replaced_by, store_id) REFERENCES shipment (id, store_id)
);
CREATE INDEX shipment_due ON shipment (account_id, next_check) WHERE next_check IS NOT NULL;
CREATE INDEX shipment_code ON shipment (store_id, tracking_code);
CREATE INDEX shipment_followed ON shipment (account_id, tracking_code);
CREATE INDEX shipment_of_order ON shipment (order_id);
CREATE INDEX shipment_further ON shipment (package_id) WHERE package_id IS NOT NULL;
CREATE INDEX shipment_successor ON shipment (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX shipment_odd ON shipment (account_id, outcome) WHERE outcome IN ('malformed', 'not_found');

CREATE TABLE reply (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    store_id       bigint NOT NULL,             -- no foreign keys to or from here: partitions come and go, and each
    account_id     bigint NOT NULL,             -- key would lock those tables when one does (decision 0009)
    tracking_code  text NOT NULL,               -- '' for an answer that belongs to no single code
    digest         bytea NOT NULL,              -- of the bytes as they came
    outcome        text NOT NULL,
    body           bytea NOT NULL,              -- compressed; see db/following/compression.py
    received_at    timestamptz NOT NULL,
    recorded_at    timestamptz,
    partition_day  date NOT NULL,               -- the day (UTC) it came; 'infinity' once its day is dropped and it stays
    compression    smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, partition_day, store_id)
) PARTITION BY RANGE (partition_day);           -- a partition per day, reply_20261102, made by db/following/partitions.py
CREATE UNIQUE INDEX reply_once ON reply
    (account_id, tracking_code, digest, partition_day, ((received_at AT TIME ZONE 'UTC')::date), store_id);
CREATE INDEX reply_unrecorded ON reply (received_at) WHERE recorded_at IS NULL;
CREATE TABLE reply_held PARTITION OF reply FOR VALUES FROM ('infinity') TO (MAXVALUE);

CREATE TABLE tracking_event (
    id               bigint GENERATED ALWAYS AS IDENTITY,
    store_id         bigint NOT NULL REFERENCES store,
    shipment_id      bigint NOT NULL,
    occurred_at      timestamptz NOT NULL,
    code             text NOT NULL,
    place_key        text NOT NULL DEFAULT '',
    status           text,
    reason           text,
    source           text NOT NULL,
    withdraws        text,
    withdrawn        boolean NOT NULL DEFAULT false,
    body             jsonb NOT NULL,            -- place, words, deadlines: what is shown, not what identifies
    reply_id         bigint,                    -- the reply may have expired since
    actor            text NOT NULL DEFAULT '',  -- who stated it by hand
    recorded_at      timestamptz NOT NULL,
    duplicate        boolean NOT NULL DEFAULT false, -- another source has the same event
    UNIQUE (shipment_id, occurred_at, code, place_key, store_id),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id)
);
CREATE INDEX tracking_event_unknown ON tracking_event (store_id, recorded_at) WHERE status = 'unknown';

CREATE TABLE effect (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    store_id      bigint NOT NULL REFERENCES store,
    order_id      bigint NOT NULL,
    shipment_id   bigint NOT NULL,
    account_id    bigint NOT NULL,
    kind          text NOT NULL,
    cause         text NOT NULL,
    key           uuid NOT NULL DEFAULT gen_random_uuid(),
    state         text NOT NULL DEFAULT 'pending'
                  CHECK (state IN ('pending', 'sending', 'done', 'superseded', 'refused')),
    sent_status   text,
    request       bytea,                        -- as rendered; kept until it is known how it ended
    not_before    timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    doubts        integer NOT NULL DEFAULT 0,   -- how often the outcome of a try was unknown
    receipt       text NOT NULL DEFAULT '',
    message       text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    up_to         bigint,                       -- reports events up to this id only; null: the newest facts
    sent_to       text,                         -- the address that a mail went to
    refusal       text,                         -- the kind of reason of a refusal; null: no notice counts it
    UNIQUE (shipment_id, account_id, kind, cause, store_id),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX effect_refused ON effect (account_id, id) WHERE state = 'refused';
CREATE INDEX effect_refusal ON effect (account_id, refusal, id) WHERE refusal IS NOT NULL;
CREATE INDEX effect_open ON effect (account_id, order_id, id) WHERE state IN ('pending', 'sending');

CREATE TABLE attempt (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    store_id     bigint NOT NULL REFERENCES store,
    effect_id    bigint NOT NULL,
    began_at     timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    outcome      text NOT NULL,
    http_status  integer,
    message      text NOT NULL DEFAULT '',
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (effect_id, store_id) REFERENCES effect (id, store_id)
);
CREATE INDEX attempt_of_effect ON attempt (effect_id);

CREATE TABLE notice (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    store_id      bigint NOT NULL REFERENCES store,
    kind          text NOT NULL,
    subject       text NOT NULL,                -- what it is about: one open notice per kind and subject
    message       text NOT NULL,
    facts         jsonb NOT NULL DEFAULT '{}',  -- the parts of the message, for translation
    account_id    bigint,
    shipment_id   bigint,
    reply_id      bigint,
    seen          integer NOT NULL DEFAULT 1,
    opened_at     timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    resolved_at   timestamptz,
    resolved_by   text,
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id)
);
CREATE UNIQUE INDEX notice_open ON notice (store_id, kind, subject) WHERE resolved_at IS NULL;

CREATE TABLE contract_watch (
    account_id  bigint,
    store_id    bigint NOT NULL REFERENCES store,
    baseline    jsonb NOT NULL DEFAULT '{}',    -- what its answers are like (domain/following/contract_drift.py)
    example     jsonb NOT NULL DEFAULT '{}',    -- an answer before and one after a change, masked
    notified_at timestamptz,                    -- when the open notice was last brought up to date
    silence_checked_at timestamptz,             -- when it was last looked at for silence
    PRIMARY KEY (account_id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE account_hour (
    account_id  bigint NOT NULL,
    store_id    bigint NOT NULL REFERENCES store,
    hour        timestamptz NOT NULL,           -- its beginning
    answers     integer NOT NULL DEFAULT 0,     -- answers that could be read
    events      integer NOT NULL DEFAULT 0,     -- new events, but for history that is older than two days
    active      integer NOT NULL DEFAULT 0,     -- shipments on their way, as last counted
    PRIMARY KEY (account_id, hour, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE TABLE retention_hold (
    store_id       bigint NOT NULL REFERENCES store,
    notice_id      bigint NOT NULL,                   -- while it is open, and `reply_days` longer, the reply stays
    reply_id       bigint NOT NULL,
    understood_at  timestamptz,                 -- when a replay could read what this notice is about
    PRIMARY KEY (notice_id, reply_id, store_id),
    FOREIGN KEY (notice_id, store_id) REFERENCES notice (id, store_id)
);
CREATE INDEX retention_hold_of_reply ON retention_hold (reply_id);
CREATE TABLE hook (                             -- the webhook address at which a party pushes for one account
    account_id    bigint,
    store_id      bigint NOT NULL REFERENCES store,
    token_hash    bytea NOT NULL,               -- of the address's last part
    secrets       bytea NOT NULL,               -- that part, and what the party signs with
    url           bytea,                        -- encrypted too: as registered; null: not registered there yet
    subscription  text NOT NULL DEFAULT '',     -- the party's own name for it
    refused       integer NOT NULL DEFAULT 0,   -- pushes in a row whose signature was wrong
    refused_at    timestamptz,
    created_at    timestamptz NOT NULL,
    checked_at    timestamptz,                  -- when it was last looked whether the party still pushes here
    PRIMARY KEY (account_id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id),
    UNIQUE (token_hash, store_id)
);

CREATE TABLE push (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    store_id     bigint NOT NULL REFERENCES store,
    account_id   bigint NOT NULL,
    digest       bytea NOT NULL,
    outcome      text NOT NULL,
    about        text[] NOT NULL,               -- the tracking codes that it names
    body         bytea NOT NULL,
    seen         integer NOT NULL DEFAULT 1,
    received_at  timestamptz NOT NULL,          -- when it was last accepted
    UNIQUE (account_id, digest, store_id),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX push_received ON push (account_id, received_at);

CREATE TABLE fallback (
    store_id    bigint NOT NULL REFERENCES store,
    carrier     text NOT NULL,
    account_id  bigint NOT NULL,                    -- asked about the carrier's packages while its own account cannot answer
    rank        integer NOT NULL,                   -- the lowest that answers is asked
    PRIMARY KEY (store_id, carrier, account_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX fallback_account ON fallback (account_id);

CREATE TABLE fallback_answer (
    store_id     bigint NOT NULL REFERENCES store,
    shipment_id  bigint NOT NULL,
    account_id   bigint NOT NULL,
    digest       bytea,                       -- of the fallback's last answer; the primary account's is in shipment
    outcome      text NOT NULL,
    failures     integer NOT NULL DEFAULT 0,
    asked_at     timestamptz NOT NULL,
    PRIMARY KEY (shipment_id, account_id, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE proof_search (                     -- the search for one proof of a shipment's delivery
    shipment_id   bigint NOT NULL,
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
    PRIMARY KEY (shipment_id, kind, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id)
);
CREATE INDEX proof_search_due ON proof_search (next_try) WHERE state = 'wanted';

CREATE TABLE proof (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    store_id      bigint NOT NULL REFERENCES store,
    shipment_id   bigint NOT NULL,
    kind          text NOT NULL,
    content_type  text NOT NULL,                -- by its bytes, not by the party's header
    image         bytea NOT NULL,
    digest        bytea NOT NULL,
    comment       text NOT NULL DEFAULT '',
    taken_at      timestamptz,
    fetched_at    timestamptz NOT NULL,
    withdrawn_at  timestamptz,                  -- the delivery that it shows was taken back
    sealed        boolean NOT NULL DEFAULT false, -- `image` is encrypted
    size          integer,                      -- of the picture itself, in bytes (null: that of `image`)
    UNIQUE (shipment_id, digest, store_id),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id)
);
ALTER TABLE proof ALTER COLUMN image SET STORAGE EXTERNAL; -- pictures are packed already
CREATE INDEX proof_unsealed ON proof (id) WHERE NOT sealed;

CREATE TABLE order_hint (                       -- an order that its order system named, to be read now
    account_id  bigint NOT NULL,
    store_id    bigint NOT NULL REFERENCES store,
    number      text NOT NULL,
    hinted_at   timestamptz NOT NULL,           -- the last time; a hint newer than its reading outlives it
    due_at      timestamptz NOT NULL,           -- when to read it (again); while it is being read, a lease
    tries       integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, number, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX order_hint_due ON order_hint (account_id, due_at);

CREATE TABLE feed (                             -- a queue at the order system that we read and commit
    account_id  bigint,
    store_id    bigint NOT NULL REFERENCES store,
    next_read   timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE rate_limit (                       -- what may still be asked of a party now, by all workers together
    account_id  bigint,
    store_id    bigint NOT NULL REFERENCES store,
    level       double precision NOT NULL,      -- requests; below zero: so many are waiting
    filled_at   timestamptz NOT NULL,
    PRIMARY KEY (account_id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE audit (                            -- actions by hand or by API; never changed
    id            bigint GENERATED ALWAYS AS IDENTITY,
    store_id      bigint NOT NULL REFERENCES store,
    done_at       timestamptz NOT NULL,
    actor         text NOT NULL,                -- the person's name, or the key's, or the machine's user
    entry_point   text NOT NULL CHECK (entry_point IN ('api', 'page', 'cli')),
    origin        text NOT NULL,                -- the network address that it came from; empty for the command line
    action        text NOT NULL,
    order_number  text NOT NULL,
    shipment_id   bigint,                       -- null: it was about the order
    said          text NOT NULL,                -- what was stated with it: a reason, a status
    operator_id   bigint,                       -- the person; null: not one
    api_key_id    bigint,                       -- the key; null: not one
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id)
);
CREATE INDEX audit_of_key ON audit (api_key_id, done_at) WHERE action IN ('use_key', 'refuse_key');
CREATE INDEX audit_of_store ON audit (store_id, id);
CREATE INDEX audit_of_order ON audit (store_id, order_number, id);

CREATE TABLE idempotency (                      -- what a request under an Idempotency-Key was answered
    store_id       bigint NOT NULL REFERENCES store,
    api_key_id     bigint NOT NULL,
    key            text NOT NULL,
    digest         bytea NOT NULL,              -- of the request
    status         integer,                     -- null: it is being worked on
    media_type     text NOT NULL DEFAULT '',
    answer         bytea,                       -- deflated
    claimed_until  timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (store_id, api_key_id, key),
    FOREIGN KEY (api_key_id, store_id) REFERENCES api_key (id, store_id)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE uploaded_table (                   -- an uploaded table that waits to be imported
    id          bigint GENERATED ALWAYS AS IDENTITY,
    store_id    bigint NOT NULL REFERENCES store,
    name        text NOT NULL,
    content     bytea NOT NULL,
    actor       text NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (id, store_id)
);
CREATE INDEX uploaded_table_age ON uploaded_table (created_at);

CREATE TABLE stated_invoice (
    store_id   bigint NOT NULL REFERENCES store,
    order_id   bigint NOT NULL,
    number     text NOT NULL,
    returns    boolean NOT NULL,        -- a return's invoice (VTEX: Input): kept, not followed
    body       jsonb NOT NULL,          -- the invoice; its tracking code is the one that was stated last
    actor      text NOT NULL,
    stated_at  timestamptz NOT NULL,
    PRIMARY KEY (order_id, number, store_id),
    FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id)
);
CREATE INDEX orders_at_marketplace ON orders (store_id, marketplace_number) WHERE marketplace_number IS NOT NULL;

CREATE TABLE brand (                            -- how a store looks to its customers
    store_id     bigint PRIMARY KEY REFERENCES store,
    accent       text NOT NULL,
    font         text NOT NULL,
    footer       text NOT NULL,
    email        text NOT NULL,
    phone        text NOT NULL,
    site         text NOT NULL,
    host         text UNIQUE,                   -- null: its customers use the public URL of Paradeiro
    logo         bytea,
    logo_type    text NOT NULL,
    logo_width   integer NOT NULL,
    logo_height  integer NOT NULL
);

CREATE TABLE account_token (                    -- access and refresh tokens from a party
    account_id      bigint,
    store_id        bigint NOT NULL REFERENCES store,
    seed            bytea NOT NULL,             -- of the refresh token that a person typed: what came of another is void
    tokens          bytea,                      -- encrypted; null: none was asked for yet
    expires_at      timestamptz,
    refresh_locked_until timestamptz,           -- a worker is asking for new ones
    PRIMARY KEY (account_id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE mail_template (                    -- a store's own layout of its mails
    store_id    bigint NOT NULL REFERENCES store,
    part        text NOT NULL,                  -- html or text
    source      text NOT NULL,                  -- Jinja2; it was tried on all hard cases
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (store_id, part)
);
CREATE INDEX shipment_waiting ON shipment (id) WHERE status = 'available_for_pickup';
CREATE INDEX shipment_reassess ON shipment (reassess_at) WHERE reassess_at IS NOT NULL;
CREATE UNIQUE INDEX effect_mail ON effect (key, store_id) WHERE sent_to IS NOT NULL;

CREATE TABLE bounce (                           -- a bounced mail
    id         bigint GENERATED ALWAYS AS IDENTITY,
    store_id   bigint NOT NULL REFERENCES store,
    effect_id  bigint NOT NULL,
    address    text NOT NULL,                   -- in small letters
    kind       text NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    reason     text NOT NULL,
    at         timestamptz NOT NULL,
    forgiven   boolean NOT NULL DEFAULT false,  -- the suppression was lifted: it counts no more
    UNIQUE (effect_id, kind, store_id),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (effect_id, store_id) REFERENCES effect (id, store_id)
);
CREATE INDEX bounce_of_address ON bounce (store_id, address, at);

CREATE TABLE suppression (                      -- an address that gets no more mail
    id        bigint GENERATED ALWAYS AS IDENTITY,
    store_id  bigint NOT NULL REFERENCES store,
    address   text NOT NULL,                    -- in small letters
    kind      text NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    reason    text NOT NULL,
    since     timestamptz NOT NULL,
    UNIQUE (store_id, address),
    PRIMARY KEY (id, store_id)
);

CREATE TABLE lookup_attempt (                   -- how many attempts to look up an order are left
    who        bytea PRIMARY KEY,               -- a keyed hash of a network address or an order's number
    store_id   bigint REFERENCES store,         -- null: the lookup names no store
    level      double precision NOT NULL,
    filled_at  timestamptz NOT NULL
);
CREATE INDEX lookup_attempt_filled ON lookup_attempt (filled_at);
CREATE TABLE set_aside (                        -- what could not be handled: left alone until its notice ends
    what      text NOT NULL,                    -- shipment, effect, reply, account or reminder
    row_id    bigint NOT NULL,
    store_id  bigint NOT NULL REFERENCES store,
    subject   text NOT NULL,                    -- of the notice, which may be about several
    name      text NOT NULL,                    -- how a person finds it
    since     timestamptz NOT NULL,
    PRIMARY KEY (what, row_id, store_id)
);
CREATE INDEX set_aside_of_notice ON set_aside (store_id, subject);

-- Bounds of instants, numbers and amounts, as domain/bounds.py has them: a row outside would stop whoever reads it beside others.
-- NOT VALID: rows that were there before were mended, not looked at (migration 0019).
ALTER TABLE orders ADD CONSTRAINT orders_instants CHECK (
    ordered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND promised_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND delivered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND erased_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND seen_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND created_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE account ADD CONSTRAINT account_instants CHECK (
    problem_since BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND open_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND next_visit BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE shipment ADD CONSTRAINT shipment_instants CHECK (
    registered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND delivered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND news_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND next_check BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND leased_until BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND asked_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND vanished_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND hinted_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE shipment ADD CONSTRAINT shipment_replaced_instants CHECK (
    replaced_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE tracking_event ADD CONSTRAINT tracking_event_instants CHECK (
    occurred_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND recorded_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE effect ADD CONSTRAINT effect_instants CHECK (
    not_before BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND created_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND ended_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE notice ADD CONSTRAINT notice_instants CHECK (
    opened_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND last_seen_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE proof_search ADD CONSTRAINT proof_search_instants CHECK (
    next_try BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND leased_until BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND wanted_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE proof ADD CONSTRAINT proof_instants CHECK (
    taken_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND fetched_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE order_hint ADD CONSTRAINT order_hint_instants CHECK (
    hinted_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND due_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE feed ADD CONSTRAINT feed_instants CHECK (
    next_read BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE stated_invoice ADD CONSTRAINT stated_invoice_instants CHECK (
    stated_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE bounce ADD CONSTRAINT bounce_instants CHECK (
    at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE orders ADD CONSTRAINT orders_number CHECK (
    number !~ '[\x01-\x1f\x7f]' AND char_length(number) <= 100) NOT VALID;
ALTER TABLE shipment ADD CONSTRAINT shipment_value CHECK (
    (invoice->>'value')::numeric BETWEEN 0 AND 10000000000000) NOT VALID;
ALTER TABLE stated_invoice ADD CONSTRAINT stated_invoice_value CHECK (
    (body->>'value')::numeric BETWEEN 0 AND 10000000000000) NOT VALID;
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
    seen_at     timestamptz NOT NULL,           -- by the database's clock
    pool_in_use integer NOT NULL DEFAULT 0,     -- its database connections
    pool_waiting integer NOT NULL DEFAULT 0     -- how many flows wait for one
);
CREATE TABLE metric_count (                     -- what all processes have counted, for /metrics
    store_id    bigint REFERENCES store,        -- null: of no single store
    account_id  bigint,                         -- null: of no single account
    metric      text NOT NULL,
    label       text NOT NULL DEFAULT '',       -- an outcome, a job, or the upper bound of a bucket
    value       double precision NOT NULL,
    UNIQUE NULLS NOT DISTINCT (store_id, account_id, metric, label),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE TABLE clock_seen (                       -- the last instant at which a worker trusted its clock; one row
    id          smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    store_id    bigint REFERENCES store,        -- always null: the clock belongs to no store
    seen_at     timestamptz,                    -- null: no clock was trusted yet
    boot        text NOT NULL,                  -- which start of which machine `since_boot` counts from; '' if unknown
    since_boot  double precision NOT NULL,      -- seconds
    problem     text NOT NULL DEFAULT '',       -- why no work is done; empty: the clock is trusted
    problem_at  timestamptz                     -- by the database's clock
);

CREATE TABLE account_carrier (                  -- how an account's party calls our carriers
    account_id  bigint NOT NULL,
    store_id    bigint NOT NULL REFERENCES store,
    carrier     text NOT NULL,                  -- a connector's name, or what orders write; empty: all others
    service     text NOT NULL,                  -- words that the order's text must have; empty: any
    code        text NOT NULL,                  -- the party's own code, and its own name
    name        text NOT NULL,
    costs       text NOT NULL,                  -- of all others: what comes of telling one so
    other       boolean NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, carrier, service, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX orders_number_due ON orders (store_id, number_due, id) WHERE number_due IS NOT NULL;
CREATE INDEX shipment_delivery_due ON shipment (store_id, delivery_due, id) WHERE delivery_due IS NOT NULL;

CREATE TABLE shipment_identifier (              -- what else a shipment is known by; see domain/orders/identifiers.py
    shipment_id  bigint NOT NULL,
    store_id     bigint NOT NULL REFERENCES store,
    kind         text NOT NULL,
    value        text NOT NULL,
    account_id   bigint,                        -- whose answer named it; null: the order did
    PRIMARY KEY (shipment_id, kind, value, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX shipment_identifier_value ON shipment_identifier (store_id, kind, value);

CREATE TABLE shipment_leg (                     -- another carrier's part of a shipment's way, asked on its own
    id            bigint GENERATED ALWAYS AS IDENTITY,
    store_id      bigint NOT NULL REFERENCES store,
    shipment_id   bigint NOT NULL,
    account_id    bigint,                       -- null: no account there yet
    carrier       text NOT NULL,
    tracking_code text NOT NULL,
    named_by      text NOT NULL,                -- the connector whose answer named it
    next_check    timestamptz,                  -- null: not asked (any more)
    leased_until  timestamptz,
    digest        bytea,
    outcome       text NOT NULL DEFAULT '',
    failures      integer NOT NULL DEFAULT 0,
    asked_at      timestamptz,
    created_at    timestamptz NOT NULL,
    UNIQUE (shipment_id, carrier, tracking_code, store_id),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (shipment_id, store_id) REFERENCES shipment (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX shipment_leg_due ON shipment_leg (account_id, next_check) WHERE next_check IS NOT NULL;
CREATE INDEX shipment_leg_code ON shipment_leg (account_id, tracking_code);

CREATE TABLE courier_rule (                     -- which account follows the packages of a courier, as orders write its name
    store_id    bigint NOT NULL REFERENCES store,
    courier     text NOT NULL,                  -- lower case, without accents
    account_id  bigint,                         -- null: its packages are not followed, on a person's word
    written     text NOT NULL,                  -- the name as an order wrote it
    actor       text NOT NULL,
    set_at      timestamptz NOT NULL,
    PRIMARY KEY (store_id, courier),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE unassigned_package (               -- an invoice whose carrier nobody recognised: followed once there is a rule
    order_id        bigint NOT NULL,
    store_id        bigint NOT NULL REFERENCES store,
    invoice_number  text NOT NULL,
    courier         text NOT NULL,              -- lower case, without accents
    invoice         jsonb NOT NULL,
    seen_at         timestamptz NOT NULL,
    PRIMARY KEY (order_id, invoice_number, store_id),
    FOREIGN KEY (order_id, store_id) REFERENCES orders (id, store_id)
);
CREATE INDEX unassigned_package_courier ON unassigned_package (store_id, courier);

CREATE TABLE code_mapping (                     -- what a carrier's code means, as a store's staff said
    store_id   bigint NOT NULL REFERENCES store,
    connector  text NOT NULL,
    code       text NOT NULL,
    status     text,                            -- null: it does not concern the position
    reason     text,
    actor      text NOT NULL,
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (store_id, connector, code)
);

CREATE TABLE received_file (                    -- a carrier's file, and how far it was read
    id           bigint GENERATED ALWAYS AS IDENTITY,
    store_id     bigint NOT NULL REFERENCES store,
    account_id   bigint NOT NULL,
    name         text NOT NULL,
    source       text NOT NULL,                 -- upload, folder, sftp, ftps or mail
    digest       bytea NOT NULL,
    size         bigint NOT NULL,
    parts        integer NOT NULL DEFAULT 0,    -- stored as answers, all of them once `read_at` is set
    problems     jsonb NOT NULL DEFAULT '[]',   -- the lines that could not be read, and why
    received_at  timestamptz NOT NULL,
    read_at      timestamptz,
    UNIQUE (account_id, digest, store_id),
    PRIMARY KEY (id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE lookup_quota (                     -- how many look-ups an account may pay for in a month
    account_id  bigint,
    store_id    bigint NOT NULL REFERENCES store,
    monthly     integer NOT NULL,
    month       date NOT NULL,                  -- that `used` counts
    used        integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);

CREATE TABLE unmatched_answer (                 -- what a feed, push or file said of a shipment that nobody had registered yet
    account_id  bigint NOT NULL,
    store_id    bigint NOT NULL REFERENCES store,
    kind        text NOT NULL,
    value       text NOT NULL,
    reply_id    bigint NOT NULL,
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, value, reply_id, store_id),
    FOREIGN KEY (account_id, store_id) REFERENCES account (id, store_id)
);
CREATE INDEX unmatched_answer_value ON unmatched_answer (store_id, kind, value);
CREATE INDEX unmatched_answer_seen ON unmatched_answer (seen_at);

CREATE TABLE secret_check (                     -- by which a wrong secret key is known at once; one row
    id        smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    store_id  bigint REFERENCES store,          -- always null: the key belongs to no store
    sealed    bytea NOT NULL
);

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
