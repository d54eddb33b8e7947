ALTER TABLE orders ADD COLUMN mails text NOT NULL DEFAULT 'all' CHECK (mails IN ('all', 'important', 'none'));
