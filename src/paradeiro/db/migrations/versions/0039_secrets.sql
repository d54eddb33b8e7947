-- Pictures of deliveries are encrypted; those from before by and by (worker/maintenance.py). `size` of the picture itself.
ALTER TABLE proof ADD COLUMN sealed boolean NOT NULL DEFAULT false, ADD COLUMN size integer;
CREATE INDEX proof_unsealed ON proof (id) WHERE NOT sealed;

CREATE TABLE secret_check (                     -- by which a wrong secret key is known at once; one row
    id        smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    store_id  bigint REFERENCES store,          -- always null: the key belongs to no store
    sealed    bytea NOT NULL
);
