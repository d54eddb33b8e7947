"""In: an instant or a day, today, a calendar; out: the time in words, in the reader's zone."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from paradeiro.sdk.wording.catalogue import Calendar

_WEEK = 6


def zone_of(*names: str) -> tzinfo:
    """The first valid zone of these names, else UTC: a message may be imprecise, it must not fail."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
    return UTC


def day_words(day: date, today: date, calendar: Calendar) -> str:
    """A day inside a sentence: "hoje", "ontem", "na terça", "em 12 de março", "em 12 de março de 2025"."""
    match (today - day).days:
        case 0:
            return calendar.today
        case 1:
            return calendar.yesterday
        case past if 1 < past <= _WEEK:
            return calendar.on_weekday[day.weekday()]
        case _:
            template = calendar.on_date if day.year == today.year else calendar.on_date_of_year
            return _fill(template, day, calendar)


def date_words(day: date, today: date, calendar: Calendar) -> str:
    """A day that stands alone: "hoje", "amanhã", "quinta, 12 de março"."""
    match (day - today).days:
        case 0:
            return calendar.today
        case 1:
            return calendar.tomorrow
        case -1:
            return calendar.yesterday
        case _:
            return full_date(day, today, calendar)


def full_date(day: date, today: date, calendar: Calendar) -> str:
    """A day with its name and date, the year only when it is another: "quinta, 12 de março"."""
    return _fill(calendar.date if day.year == today.year else calendar.date_of_year, day, calendar)


def moment_words(at: datetime, today: date, calendar: Calendar) -> str:
    """A local instant: "terça, 10 de março, 14:20"."""
    return calendar.at_time.format(date=full_date(at.date(), today, calendar), time=time_words(at))


def time_words(at: datetime) -> str:
    """Hours and minutes of a local instant: "14:20"."""
    return f"{at:%H:%M}"


def capital(text: str) -> str:
    """The text with a capital first letter, to stand at the beginning of a line."""
    return text[:1].upper() + text[1:]


def _fill(template: str, day: date, calendar: Calendar) -> str:
    return template.format(
        weekday=calendar.weekdays[day.weekday()], day=day.day, month=calendar.months[day.month - 1], year=day.year
    )
