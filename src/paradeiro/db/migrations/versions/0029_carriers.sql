CREATE TABLE account_carrier (                  -- how an account's party calls our carriers
    account_id  bigint NOT NULL REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    carrier     text NOT NULL,                  -- a connector's name, or what orders write; empty: all others
    service     text NOT NULL,                  -- words that the order's text must have; empty: any
    code        text NOT NULL,                  -- the party's own code, and its own name
    name        text NOT NULL,
    costs       text NOT NULL,                  -- of all others: what comes of telling one so
    other       boolean NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, carrier, service)
);
ALTER TABLE orders ADD COLUMN items jsonb NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN number_due timestamptz;
ALTER TABLE shipment ADD COLUMN delivery_due timestamptz;
CREATE INDEX orders_number_due ON orders (store_id, number_due, id) WHERE number_due IS NOT NULL;
CREATE INDEX shipment_delivery_due ON shipment (store_id, delivery_due, id) WHERE delivery_due IS NOT NULL;
