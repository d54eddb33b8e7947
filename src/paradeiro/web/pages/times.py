"""In: the current time, a store's zone, a language; out: times as the screens show them, in words and exact."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from paradeiro.sdk.wording import Catalogue, Language
from paradeiro.sdk.wording.times import capital, date_words, time_words
from paradeiro.web.package_view import zone_city

_WEEK = 6


@dataclass(frozen=True, slots=True)
class Times:
    """Formats the times of one page, in the store's zone."""

    now: datetime
    zone: ZoneInfo
    words: Catalogue

    @property
    def city(self) -> str:
        return zone_city(self.zone.key)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def inline(self, at: datetime) -> str:
        """Inside a sentence: "hoje, 14:20", "quinta, 12 de março, 14:20"."""
        local, today = self.local(at), self.local(self.now).date()
        return f"{date_words(local.date(), today, self.words.calendar)}, {time_words(local)}"

    def alone(self, at: datetime) -> str:
        """The same at the beginning of a line."""
        return capital(self.inline(at))

    def brief(self, at: datetime) -> str:
        """In a narrow column: "Hoje, 14:20", "Terça, 14:20", "12/03"."""
        local, today = self.local(at), self.local(self.now).date()
        past = (today - local.date()).days
        if past in {-1, 0, 1}:
            return self.alone(at)
        if 1 < past <= _WEEK:
            return f"{capital(self.words.calendar.weekdays[local.weekday()])}, {time_words(local)}"
        return self.day(at)

    def day(self, at: datetime) -> str:
        """A day alone, the year only when it is another: "12/03", "12 Mar", "12/03/2025"."""
        local = self.local(at)
        english = self.words.language is Language.EN
        if local.year == self.local(self.now).year:
            return f"{local.day} {local:%b}" if english else f"{local:%d/%m}"
        return f"{local.day} {local:%b %Y}" if english else f"{local:%d/%m/%Y}"

    def exact(self, at: datetime) -> str:
        """To the second, with the zone, for tooltips."""
        local = self.local(at)
        return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"
