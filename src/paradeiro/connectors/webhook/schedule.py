"""In: nothing; out: how long a message waits after each failed attempt. After the last one the account is disabled."""

from datetime import timedelta

# As Standard Webhooks recommends it ("Deliverability and reliability"): ten attempts in a little more than three days.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
