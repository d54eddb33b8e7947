ALTER TABLE account DROP CONSTRAINT account_kind_check;
ALTER TABLE account ADD CONSTRAINT account_kind_check
    CHECK (kind IN ('carrier', 'order_system', 'marketplace', 'mail', 'webhook'));
ALTER TABLE account DROP CONSTRAINT account_state_check;
ALTER TABLE account ADD CONSTRAINT account_state_check
    CHECK (state IN ('ok', 'outage', 'paused', 'disabled', 'removed'));
ALTER TABLE effect ADD COLUMN up_to bigint;     -- tells only of events up to this one; null: the newest facts
