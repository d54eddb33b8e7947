CREATE TABLE stated_invoice (
    store_id   bigint NOT NULL REFERENCES store,
    order_id   bigint NOT NULL REFERENCES orders,
    number     text NOT NULL,
    returns    boolean NOT NULL,        -- a return's invoice (VTEX: Input): kept, not followed
    body       jsonb NOT NULL,          -- the invoice; its tracking code is the one that was stated last
    author     text NOT NULL,
    stated_at  timestamptz NOT NULL,
    PRIMARY KEY (order_id, number)
);
CREATE INDEX orders_at_marketplace ON orders (store_id, marketplace_number) WHERE marketplace_number IS NOT NULL;
