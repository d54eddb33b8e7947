"""In: nothing; out: how long a message waits after each try that failed. When they are used up, so is patience."""

from datetime import timedelta

# As Standard Webhooks recommends it ("Deliverability and reliability"): ten tries in a little more than three days.
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
