-- When the events that are known of a package say something else by themselves: a delivery that was dated ahead of the
-- clock counts from then on, though the carrier answers the same bytes.
ALTER TABLE shipment ADD COLUMN reassess_at timestamptz;
CREATE INDEX shipment_reassess ON shipment (reassess_at) WHERE reassess_at IS NOT NULL;
-- Those that are doubted already are looked at once, at the first sweep after the upgrade.
UPDATE shipment s SET reassess_at = now()
WHERE EXISTS (
    SELECT 1 FROM notice n WHERE n.shipment_id = s.id AND n.kind = 'implausible_event' AND n.resolved_at IS NULL);
