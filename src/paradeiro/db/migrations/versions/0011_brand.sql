CREATE TABLE brand (                            -- how a store looks to its customers
    store_id     bigint PRIMARY KEY REFERENCES store,
    accent       text NOT NULL,
    font         text NOT NULL,
    footer       text NOT NULL,
    email        text NOT NULL,
    phone        text NOT NULL,
    site         text NOT NULL,
    host         text UNIQUE,                   -- null: its customers come by the house's own address
    logo         bytea,
    logo_type    text NOT NULL,
    logo_width   integer NOT NULL,
    logo_height  integer NOT NULL
);
