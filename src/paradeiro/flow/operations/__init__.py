"""In: jobs, rows, actions; out: job turns, time limits, the audit log, unusable rows set aside, doctor findings."""
