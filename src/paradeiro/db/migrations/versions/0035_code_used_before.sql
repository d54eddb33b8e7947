-- A code that another order of the store has had delivered: what happened until then is that order's.
ALTER TABLE shipment ADD COLUMN used_until timestamptz;
