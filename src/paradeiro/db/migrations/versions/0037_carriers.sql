-- Carriers beside the post office. Nothing is rewritten: a column with a constant default is not.
ALTER TABLE shipment ADD COLUMN carrier_code text NOT NULL DEFAULT '';

CREATE TABLE shipment_identifier (              -- what else a shipment is known by; see domain/orders/identifiers.py
    shipment_id  bigint NOT NULL REFERENCES shipment,
    store_id     bigint NOT NULL REFERENCES store,
    kind         text NOT NULL,
    value        text NOT NULL,
    account_id   bigint REFERENCES account,     -- whose answer named it; null: the order did
    PRIMARY KEY (shipment_id, kind, value)
);
CREATE INDEX shipment_identifier_value ON shipment_identifier (store_id, kind, value);

CREATE TABLE shipment_leg (                     -- another carrier's part of a shipment's way, asked on its own
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id      bigint NOT NULL REFERENCES store,
    shipment_id   bigint NOT NULL REFERENCES shipment,
    account_id    bigint REFERENCES account,    -- null: no account there yet
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
    UNIQUE (shipment_id, carrier, tracking_code)
);
CREATE INDEX shipment_leg_due ON shipment_leg (account_id, next_check) WHERE next_check IS NOT NULL;
CREATE INDEX shipment_leg_code ON shipment_leg (account_id, tracking_code);

CREATE TABLE courier_rule (                     -- which account follows the packages of a courier, as orders write its name
    store_id    bigint NOT NULL REFERENCES store,
    courier     text NOT NULL,                  -- lower case, without accents
    account_id  bigint REFERENCES account,      -- null: its packages are not followed, on a person's word
    written     text NOT NULL,                  -- the name as an order wrote it
    actor       text NOT NULL,
    set_at      timestamptz NOT NULL,
    PRIMARY KEY (store_id, courier)
);

CREATE TABLE unassigned_package (               -- an invoice whose carrier nobody recognised: followed once there is a rule
    order_id        bigint NOT NULL REFERENCES orders,
    store_id        bigint NOT NULL REFERENCES store,
    invoice_number  text NOT NULL,
    courier         text NOT NULL,              -- lower case, without accents
    invoice         jsonb NOT NULL,
    seen_at         timestamptz NOT NULL,
    PRIMARY KEY (order_id, invoice_number)
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
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id     bigint NOT NULL REFERENCES store,
    account_id   bigint NOT NULL REFERENCES account,
    name         text NOT NULL,
    source       text NOT NULL,                 -- upload, folder, sftp, ftps or mail
    digest       bytea NOT NULL,
    size         bigint NOT NULL,
    parts        integer NOT NULL DEFAULT 0,    -- stored as answers, all of them once `read_at` is set
    problems     jsonb NOT NULL DEFAULT '[]',   -- the lines that could not be read, and why
    received_at  timestamptz NOT NULL,
    read_at      timestamptz,
    UNIQUE (account_id, digest)
);

CREATE TABLE lookup_quota (                     -- how many look-ups an account may pay for in a month
    account_id  bigint PRIMARY KEY REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    monthly     integer NOT NULL,
    month       date NOT NULL,                  -- that `used` counts
    used        integer NOT NULL DEFAULT 0
);

CREATE TABLE unmatched_answer (                 -- what a feed, push or file said of a shipment that nobody had registered yet
    account_id  bigint NOT NULL REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    kind        text NOT NULL,
    value       text NOT NULL,
    reply_id    bigint NOT NULL,
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, value, reply_id)
);
CREATE INDEX unmatched_answer_value ON unmatched_answer (store_id, kind, value);
CREATE INDEX unmatched_answer_seen ON unmatched_answer (seen_at);
