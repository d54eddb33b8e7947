ALTER TABLE shipment ADD COLUMN vanished_at timestamptz;
CREATE INDEX shipment_odd ON shipment (account_id, outcome) WHERE outcome IN ('malformed', 'not_found');
CREATE INDEX tracking_event_unknown ON tracking_event (store_id, recorded_at) WHERE status = 'unknown';

CREATE TABLE watch (
    account_id  bigint PRIMARY KEY REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    habit       jsonb NOT NULL DEFAULT '{}',
    example     jsonb NOT NULL DEFAULT '{}',
    told_at     timestamptz,
    listened_at timestamptz
);

CREATE TABLE account_hour (
    account_id  bigint NOT NULL REFERENCES account,
    store_id    bigint NOT NULL REFERENCES store,
    hour        timestamptz NOT NULL,
    answers     integer NOT NULL DEFAULT 0,
    events      integer NOT NULL DEFAULT 0,
    active      integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, hour)
);
