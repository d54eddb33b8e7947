CREATE TABLE set_aside (                        -- what could not be handled: left alone until its notice ends
    what      text NOT NULL,                    -- shipment, effect, reply, account or reminder
    row_id    bigint NOT NULL,
    store_id  bigint NOT NULL REFERENCES store,
    subject   text NOT NULL,                    -- of the notice, which may be about several
    name      text NOT NULL,                    -- how a person finds it
    since     timestamptz NOT NULL,
    PRIMARY KEY (what, row_id)
);
CREATE INDEX set_aside_of_notice ON set_aside (store_id, subject);
