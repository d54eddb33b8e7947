"""In: an estimated or promised delivery; out: the instant until which it holds, and the day that it names.

A day lasts to its end: a package expected "on the 20th" is late only after the 20th.
"""

from datetime import date, datetime, time, tzinfo

END_OF_DAY = time(23, 59, 59)


def end_of_estimate(at: datetime) -> datetime:
    """The last instant of an estimate. Parties write a day as its midnight, which means the whole day."""
    return datetime.combine(at.date(), END_OF_DAY, at.tzinfo) if at.time() == time.min else at


def day_of(at: datetime, zone: tzinfo) -> date:
    """The day that an aware instant names in a zone; the end of a day names that day in every zone."""
    return at.date() if at.time() == END_OF_DAY else at.astimezone(zone).date()
