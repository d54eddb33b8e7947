ALTER TABLE shipment
    ADD COLUMN package_id      bigint REFERENCES shipment, -- null: a package; else only a further invoice of that one
    ADD COLUMN replaced_by     bigint REFERENCES shipment, -- the package whose label took the place of this one's
    ADD COLUMN replaced_at     timestamptz,
    ADD COLUMN replaced_author text NOT NULL DEFAULT '';   -- who said so; empty: the order system, by another code
ALTER TABLE shipment ADD CONSTRAINT shipment_replaced_instants CHECK (
    replaced_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
CREATE INDEX shipment_further ON shipment (package_id) WHERE package_id IS NOT NULL;
CREATE INDEX shipment_successor ON shipment (replaced_by) WHERE replaced_by IS NOT NULL;
-- The same code twice in an order is one package with two invoices: the first row is the package.
UPDATE shipment s SET package_id = f.id, account_id = NULL, next_check = NULL, leased_until = NULL, hinted_at = NULL
FROM (SELECT min(id) AS id, store_id, order_id, carrier, tracking_code FROM shipment
      GROUP BY store_id, order_id, carrier, tracking_code HAVING count(*) > 1) f
WHERE (s.store_id, s.order_id, s.carrier, s.tracking_code) = (f.store_id, f.order_id, f.carrier, f.tracking_code)
  AND s.id <> f.id;
-- What people stated of the other rows is the package's too: it is asked for and folded again.
WITH copied AS (
    INSERT INTO tracking_event (store_id, shipment_id, occurred_at, code, place_key, status, reason, source, withdraws,
                                withdrawn, body, reply_id, author, recorded_at, echo)
    SELECT e.store_id, d.package_id, e.occurred_at, e.code, e.place_key, e.status, e.reason, e.source, e.withdraws,
           e.withdrawn, e.body, e.reply_id, e.author, e.recorded_at, e.echo
    FROM tracking_event e JOIN shipment d ON d.id = e.shipment_id
    WHERE d.package_id IS NOT NULL AND e.source <> 'carrier'
    ON CONFLICT (shipment_id, occurred_at, code, place_key) DO NOTHING RETURNING shipment_id)
UPDATE shipment s SET next_check = s.registered_at, digest = NULL FROM copied WHERE s.id = copied.shipment_id;
-- The customer hears of the package.
UPDATE effect e SET state = 'superseded', ended_at = e.created_at, message = 'the package is told once'
FROM shipment d WHERE d.id = e.shipment_id AND d.package_id IS NOT NULL AND e.state = 'pending'
  AND e.kind IN ('customer_mail', 'customer_correction', 'customer_reminder');
