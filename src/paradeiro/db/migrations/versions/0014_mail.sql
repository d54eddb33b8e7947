CREATE TABLE mail_template (                    -- a store's own layout of its mails
    store_id    bigint NOT NULL REFERENCES store,
    part        text NOT NULL,                  -- html or text
    source      text NOT NULL,                  -- Jinja2; it was tried on all hard cases
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (store_id, part)
);
CREATE INDEX shipment_waiting ON shipment (id) WHERE status = 'available_for_pickup';
