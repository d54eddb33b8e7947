ALTER TABLE tracking_event ADD COLUMN echo boolean NOT NULL DEFAULT false;

CREATE TABLE stand_in (
    store_id    bigint NOT NULL REFERENCES store,
    carrier     text NOT NULL,
    account_id  bigint NOT NULL REFERENCES account, -- asked about the carrier's packages while its own account cannot answer
    rank        integer NOT NULL,                   -- the lowest that answers is asked
    PRIMARY KEY (store_id, carrier, account_id)
);
CREATE INDEX stand_in_account ON stand_in (account_id);

CREATE TABLE stand_in_answer (
    store_id     bigint NOT NULL REFERENCES store,
    shipment_id  bigint NOT NULL REFERENCES shipment,
    account_id   bigint NOT NULL REFERENCES account,
    digest       bytea,                       -- of the stand-in's last answer; the home account's stays in shipment
    outcome      text NOT NULL,
    failures     integer NOT NULL DEFAULT 0,
    asked_at     timestamptz NOT NULL,
    PRIMARY KEY (shipment_id, account_id)
);
