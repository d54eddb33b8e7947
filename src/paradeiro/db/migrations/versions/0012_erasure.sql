ALTER TABLE orders ADD COLUMN erased_at timestamptz;
CREATE INDEX orders_of_customer ON orders (store_id, lower(customer_email)) WHERE customer_email IS NOT NULL;
CREATE INDEX orders_with_customer ON orders (store_id, created_at) WHERE erased_at IS NULL;
