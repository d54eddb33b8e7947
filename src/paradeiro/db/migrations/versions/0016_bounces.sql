ALTER TABLE orders ADD COLUMN mails_to text;
ALTER TABLE orders ADD COLUMN postal_code text;
ALTER TABLE effect ADD COLUMN told_to text;
CREATE UNIQUE INDEX effect_mail ON effect (key) WHERE told_to IS NOT NULL;

CREATE TABLE bounce (                           -- a mail that came back
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id   bigint NOT NULL REFERENCES store,
    effect_id  bigint NOT NULL REFERENCES effect,
    address    text NOT NULL,                   -- in small letters
    kind       text NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    reason     text NOT NULL,
    at         timestamptz NOT NULL,
    forgiven   boolean NOT NULL DEFAULT false,  -- somebody said that the address is good: it counts no more
    UNIQUE (effect_id, kind)
);
CREATE INDEX bounce_of_address ON bounce (store_id, address, at);

CREATE TABLE suppression (                      -- an address that gets no more mail
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id  bigint NOT NULL REFERENCES store,
    address   text NOT NULL,                    -- in small letters
    kind      text NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    reason    text NOT NULL,
    since     timestamptz NOT NULL,
    UNIQUE (store_id, address)
);
