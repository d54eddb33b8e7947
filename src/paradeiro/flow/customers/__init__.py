"""In: requests of customers, reports of mail servers; out: mail choices, links, branding, personal data."""
