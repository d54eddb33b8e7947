-- What cannot be shown, compared or counted with is refused (domain/bounds.py has the same bounds): a year that no other
-- time zone can tell, a number with a line break, an amount beyond 64 bits. First what is there is mended, so that every
-- row can be written again; then the bounds, not looked at for rows that are there, so that no table is held for long.
UPDATE orders SET
    ordered_at = CASE WHEN ordered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE ordered_at END,
    promised_at = CASE WHEN promised_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE promised_at END,
    delivered_at = CASE WHEN delivered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE delivered_at END,
    erased_at = CASE WHEN erased_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE erased_at END,
    seen_at = CASE WHEN seen_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE seen_at END,
    created_at = CASE WHEN created_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE created_at END
WHERE ordered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR promised_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR delivered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR erased_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR seen_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR created_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE account SET
    trouble_since = CASE WHEN trouble_since NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE trouble_since END,
    open_at = CASE WHEN open_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE open_at END,
    next_visit = CASE WHEN next_visit NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE next_visit END
WHERE trouble_since NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR open_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR next_visit NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE shipment SET
    registered_at = CASE WHEN registered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE registered_at END,
    delivered_at = CASE WHEN delivered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE delivered_at END,
    news_at = CASE WHEN news_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE news_at END,
    next_check = CASE WHEN next_check NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE next_check END,
    leased_until = CASE WHEN leased_until NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE leased_until END,
    asked_at = CASE WHEN asked_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE asked_at END,
    vanished_at = CASE WHEN vanished_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE vanished_at END,
    hinted_at = CASE WHEN hinted_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE hinted_at END
WHERE registered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR delivered_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR news_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR next_check NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR leased_until NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR asked_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR vanished_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR hinted_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE tracking_event SET
    recorded_at = CASE WHEN recorded_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE recorded_at END
WHERE recorded_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE effect SET
    not_before = CASE WHEN not_before NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE not_before END,
    created_at = CASE WHEN created_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE created_at END,
    ended_at = CASE WHEN ended_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE ended_at END
WHERE not_before NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR created_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR ended_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE notice SET
    opened_at = CASE WHEN opened_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE opened_at END,
    last_seen_at = CASE WHEN last_seen_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE last_seen_at END
WHERE opened_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR last_seen_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE proof_search SET
    next_try = CASE WHEN next_try NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE next_try END,
    leased_until = CASE WHEN leased_until NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE leased_until END,
    wanted_at = CASE WHEN wanted_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE wanted_at END
WHERE next_try NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR leased_until NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR wanted_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE proof SET
    taken_at = CASE WHEN taken_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN NULL ELSE taken_at END,
    fetched_at = CASE WHEN fetched_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE fetched_at END
WHERE taken_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR fetched_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE order_hint SET
    hinted_at = CASE WHEN hinted_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE hinted_at END,
    due_at = CASE WHEN due_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE due_at END
WHERE hinted_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
   OR due_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE feed SET
    next_read = CASE WHEN next_read NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE next_read END
WHERE next_read NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE stated_invoice SET
    stated_at = CASE WHEN stated_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE stated_at END
WHERE stated_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
UPDATE bounce SET
    at = CASE WHEN at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00' THEN now() ELSE at END
WHERE at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
-- Events of the year 1 or 9999 count for nothing wherever they stand; each keeps an instant of its own.
UPDATE tracking_event SET occurred_at =
    CASE WHEN occurred_at < '1990-01-01 00:00:00+00' THEN timestamptz '1990-01-01 00:00:00+00' + id * interval '1 microsecond'
         ELSE timestamptz '2100-01-01 00:00:00+00' - id * interval '1 microsecond' END
WHERE occurred_at NOT BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00';
-- What is kept of instants beside the columns.
UPDATE shipment SET snapshot = (
    SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(snapshot)
    WHERE NOT (key IN ('since', 'delivered_at', 'news_at', 'estimate', 'pickup_deadline', 'accepted_at')
               AND jsonb_typeof(value) = 'string' AND value #>> '{}' !~ '^(199|20[0-9])[0-9]-'))
WHERE EXISTS (
    SELECT 1 FROM jsonb_each_text(snapshot)
    WHERE key IN ('since', 'delivered_at', 'news_at', 'estimate', 'pickup_deadline', 'accepted_at')
      AND value !~ '^(199|20[0-9])[0-9]-');
UPDATE shipment SET invoice = invoice - 'issued_at' WHERE invoice->>'issued_at' !~ '^(199|20[0-9])[0-9]-';
UPDATE stated_invoice SET body = body - 'issued_at' WHERE body->>'issued_at' !~ '^(199|20[0-9])[0-9]-';
-- Amounts that are no amounts: sums of them would be beyond 64 bits.
UPDATE shipment SET invoice = jsonb_set(invoice, '{value}', '0')
WHERE (invoice->>'value')::numeric NOT BETWEEN 0 AND 10000000000000;
UPDATE stated_invoice SET body = jsonb_set(body, '{value}', '0')
WHERE (body->>'value')::numeric NOT BETWEEN 0 AND 10000000000000;
-- A number with a line break can be told to nobody; its own id keeps it apart from the same without.
UPDATE orders SET number = left(regexp_replace(number, '[\x01-\x1f\x7f]', ' ', 'g'), 80) || ' ' || id
WHERE number ~ '[\x01-\x1f\x7f]' OR char_length(number) > 100;
ALTER TABLE orders ADD CONSTRAINT orders_instants CHECK (
    ordered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND promised_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND delivered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND erased_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND seen_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND created_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE account ADD CONSTRAINT account_instants CHECK (
    trouble_since BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND open_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND next_visit BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE shipment ADD CONSTRAINT shipment_instants CHECK (
    registered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND delivered_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND news_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND next_check BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND leased_until BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND asked_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND vanished_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND hinted_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE tracking_event ADD CONSTRAINT tracking_event_instants CHECK (
    occurred_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND recorded_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE effect ADD CONSTRAINT effect_instants CHECK (
    not_before BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND created_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND ended_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE notice ADD CONSTRAINT notice_instants CHECK (
    opened_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND last_seen_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE proof_search ADD CONSTRAINT proof_search_instants CHECK (
    next_try BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND leased_until BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND wanted_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE proof ADD CONSTRAINT proof_instants CHECK (
    taken_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND fetched_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE order_hint ADD CONSTRAINT order_hint_instants CHECK (
    hinted_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00'
    AND due_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE feed ADD CONSTRAINT feed_instants CHECK (
    next_read BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE stated_invoice ADD CONSTRAINT stated_invoice_instants CHECK (
    stated_at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE bounce ADD CONSTRAINT bounce_instants CHECK (
    at BETWEEN '1990-01-01 00:00:00+00' AND '2100-01-01 00:00:00+00') NOT VALID;
ALTER TABLE orders ADD CONSTRAINT orders_number CHECK (
    number !~ '[\x01-\x1f\x7f]' AND char_length(number) <= 100) NOT VALID;
ALTER TABLE shipment ADD CONSTRAINT shipment_value CHECK (
    (invoice->>'value')::numeric BETWEEN 0 AND 10000000000000) NOT VALID;
ALTER TABLE stated_invoice ADD CONSTRAINT stated_invoice_value CHECK (
    (body->>'value')::numeric BETWEEN 0 AND 10000000000000) NOT VALID;
