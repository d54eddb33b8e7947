ALTER TABLE orders ADD COLUMN mails_asked text;
ALTER TABLE orders ADD COLUMN mails_code text UNIQUE;
ALTER TABLE orders ADD COLUMN mails_times integer NOT NULL DEFAULT 0;
