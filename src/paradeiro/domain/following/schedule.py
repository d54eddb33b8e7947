"""In: a shipment's snapshot, the outcome of the last check; out: when to check again."""

from datetime import datetime, time, timedelta, tzinfo
from hashlib import sha256

from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Outcome, Status

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

# The interval between checks while a status is recent. Deliveries happen by day, transport also by night.
_PACE = {
    Status.REGISTERED: 2 * _HOUR,
    Status.ACCEPTED: 2 * _HOUR,
    Status.IN_TRANSIT: 90 * _MINUTE,
    Status.OUT_FOR_DELIVERY: 20 * _MINUTE,
    Status.AVAILABLE_FOR_PICKUP: 90 * _MINUTE,
    Status.ATTEMPT_FAILED: 90 * _MINUTE,
    Status.EXCEPTION: 4 * _HOUR,
    Status.RETURNING: 6 * _HOUR,
    Status.UNKNOWN: 2 * _HOUR,
}
_SLOWEST = _DAY
# Carriers correct themselves: a finished shipment is checked a few more times.
_AFTER_END = (_HOUR, 6 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY)
_NOT_AT_ONCE = 10 * _MINUTE
_FIRST_BACKOFF = 2 * _MINUTE
_LONGEST_BACKOFF = _HOUR
_MALFORMED_PAUSE = 5 * _MINUTE
_REFUSED_PAUSE = _DAY
_DAY_BEGINS, _DAY_ENDS = time(7), time(21)
_ONLY_BY_DAY = frozenset({Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED})
_JITTER = 0.1
GIVE_UP_AFTER = timedelta(days=180)


def _backoff(first: timedelta, failures: int) -> timedelta:
    return min(first * float(2 ** min(failures, 10)), _LONGEST_BACKOFF)


def next_check(
    snapshot: Snapshot,
    *,
    now: datetime,
    registered_at: datetime,
    zone: tzinfo,
    tracking_code: str,
    outcome: Outcome = Outcome.FOUND,
    failures: int = 0,
) -> datetime | None:
    """The instant of the next check, always later than `now`; None for no more checks.

    `failures`: consecutive checks without an answer. Checks end after the final status was confirmed a few times, or
    after 180 days without news; the status stays, it never becomes unknown by age.
    """
    match outcome:
        case Outcome.RETRY | Outcome.AUTH_FAILED | Outcome.NOT_WRITTEN | Outcome.ENDED:
            return now + _backoff(_FIRST_BACKOFF, failures)
        case Outcome.MALFORMED:
            return now + _backoff(_MALFORMED_PAUSE, failures)
        case Outcome.REFUSED:
            return now + _REFUSED_PAUSE
        case Outcome.FOUND | Outcome.NOT_FOUND:
            pass
    since = snapshot.news_at or registered_at
    if snapshot.status.final:
        return _check_after_end(snapshot.since or since, now)
    if now - since > GIVE_UP_AFTER:
        return None
    pace = _PACE.get(snapshot.status, 2 * _HOUR)
    # The longer without news, the longer the interval.
    stretched = min(pace * (1 + max((now - since) / _DAY - 1, 0) / 2), _SLOWEST)
    due = now + stretched * (1 + _JITTER * _jitter(tracking_code))
    return _within_daytime(due, zone) if snapshot.status in _ONLY_BY_DAY else due


def _check_after_end(ended: datetime, now: datetime) -> datetime | None:
    ended = min(ended, now)  # an end dated in the future counts as one of now
    return next((ended + pause for pause in _AFTER_END if ended + pause >= now + _NOT_AT_ONCE), None)


def _within_daytime(due: datetime, zone: tzinfo) -> datetime:
    local = due.astimezone(zone)
    if _DAY_BEGINS <= local.time() < _DAY_ENDS:
        return due
    morning = local.replace(hour=_DAY_BEGINS.hour, minute=0, second=0, microsecond=0)
    return (morning if local.time() < _DAY_BEGINS else morning + _DAY).astimezone(due.tzinfo)


def _jitter(tracking_code: str) -> float:
    """A fixed number from -1 to 1 per code, so that shipments registered together are checked at different times."""
    return int.from_bytes(sha256(tracking_code.encode()).digest()[:4]) / 2**31 - 1
