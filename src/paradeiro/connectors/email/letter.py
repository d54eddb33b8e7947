"""In: a telling; out: all that its mail says, in words and in order, with no layout yet. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from paradeiro.connectors.email.look import Look, look
from paradeiro.domain.brand import Brand
from paradeiro.domain.days import day_of
from paradeiro.domain.mailing import mail_kind
from paradeiro.domain.records import Item, Telling
from paradeiro.domain.words import EffectKind, MailKind, Source, Status
from paradeiro.sdk.carriers import carrier_name
from paradeiro.sdk.history import Told, told_events
from paradeiro.sdk.speech import Catalogue, Tone, catalogue_for
from paradeiro.sdk.speech.moments import capital, date_words, full_date, moment_words, time_words, zone_of
from paradeiro.sdk.speech.places import city_of, place_line, place_name, tidy, with_preposition
from paradeiro.sdk.speech.say import (
    Position,
    Stop,
    correction_sentence,
    event_words,
    filled,
    journey,
    lateness,
    position,
    taken_back,
)

MOST_EVENTS = 12
_MOST_ITEMS = 8
_LONGEST_TEXT = 240
_LONGEST_PREHEADER = 110


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the timeline. `at` is local."""

    time: str
    at: datetime
    text: str
    place: str

    @property
    def instant(self) -> str:
        """For programs."""
        return self.at.isoformat()


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day, newest first."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A small thing with its name."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Action:
    """What the reader must do: never empty when there is one."""

    words: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to the store: what is shown, and where it leads (empty: nowhere)."""

    name: str
    value: str
    link: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it has a layout. Empty texts are things that nobody knows."""

    language: str
    kind: MailKind
    look: Look
    subject: str
    store: str
    label: str
    tone: Tone
    apology: str
    sentence: str
    at: datetime | None
    moment: str
    place: str
    then: str
    late: str
    note: str
    action: Action | None
    stops: tuple[Stop, ...]
    dates: tuple[Fact, ...]
    items: tuple[str, ...]
    order: Fact
    carrier: Fact
    tracking_code: Fact
    link: str
    days: tuple[Day, ...]
    more: str
    why: str
    zone_note: str
    contacts: tuple[Contact, ...]
    footer: tuple[str, ...]
    words: Catalogue

    @property
    def instant(self) -> str:
        """When it happened, for programs."""
        return self.at.isoformat() if self.at else ""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the package is known by."""
        return tuple(fact for fact in (self.tracking_code, self.carrier) if fact.value)

    @property
    def padding(self) -> str:
        """One letter for each blank that keeps the rest of the mail out of a list of mails."""
        return "." * max(0, _LONGEST_PREHEADER - len(self.preheader))

    @property
    def preheader(self) -> str:
        """What a list of mails shows beside the subject."""
        return f"{self.apology or self.sentence} {self.late or self.then}"


def moment_of(telling: Telling) -> datetime:
    """When the mail is written. A telling without a time is written when its news happened."""
    snapshot = telling.timeline.snapshot
    return telling.now or snapshot.news_at or telling.shipment.registered_at


def letter(telling: Telling) -> Letter:
    """What the mail says."""
    words = catalogue_for(telling.order.customer.locale)
    zone, now = zone_of(telling.store_zone), moment_of(telling)
    today = now.astimezone(zone).date()
    where = _reminded(telling, position(telling.timeline, now=now, zone=zone, catalogue=words), today, words)
    corrects, snapshot = telling.kind is EffectKind.CUSTOMER_CORRECTION, telling.timeline.snapshot
    shown, more = _shown(telling)
    label, tone = (words.correction.label, Tone.TROUBLE) if corrects else (where.label, where.tone)
    return Letter(
        language=words.language.value,
        kind=mail_kind(telling.kind, snapshot.status, snapshot.reason),
        look=look(telling.brand, tone),
        subject=_subject(telling, label, words),
        store=_cut(telling.store_name),
        label=label,
        tone=tone,
        apology=correction_sentence(telling.timeline, words) if corrects else taken_back(telling.timeline, words),
        sentence=where.sentence,
        at=where.at,
        moment=capital(moment_words(where.at, today, words.calendar)) if where.at else "",
        place=where.place,
        then=where.then,
        late=lateness(telling.order.promised_at, snapshot, now=now, zone=zone, catalogue=words),
        note=_cut(where.note),
        action=_action(telling, where.then, today, words) if where.act else None,
        stops=journey(telling.timeline, words),
        dates=_dates(telling, zone, today, words),
        items=_items(telling.shipment.items, words),
        order=Fact(words.labels.order, _order_number(telling)),
        carrier=Fact(words.labels.carrier, _carrier(telling)),
        tracking_code=Fact(words.labels.tracking_code, tidy(telling.shipment.tracking_code)),
        link=safe_link(telling.tracking_link) or safe_link(telling.shipment.invoice.tracking_url or ""),
        days=_days(shown, zone, today, words),
        more=words.labels.more.format(count=more) if more else "",
        why=words.labels.why.format(store=_cut(telling.store_name)),
        zone_note=words.labels.times.format(zone=_zone_name(zone)),
        contacts=_contacts(telling.brand, words),
        footer=tuple(_cut(line) for line in telling.brand.footer.splitlines() if tidy(line)),
        words=words,
    )


def _reminded(telling: Telling, where: Position, today: date, words: Catalogue) -> Position:
    """The position as a reminder says it."""
    snapshot = telling.timeline.snapshot
    if telling.kind is not EffectKind.CUSTOMER_REMINDER or snapshot.pickup_deadline is None:
        return where
    said = {
        "at": with_preposition(words, city_of(snapshot.place), "at"),
        "deadline": date_words(snapshot.pickup_deadline, today, words.calendar),
    }
    reminder = words.reminder
    return replace(where, label=reminder.label, sentence=filled(reminder.sentence, said), then=reminder.then)


def _contacts(brand: Brand, words: Catalogue) -> tuple[Contact, ...]:
    labels = words.labels
    found = (
        Contact(labels.write_us, tidy(brand.email), f"mailto:{tidy(brand.email)}"),
        Contact(labels.call_us, _cut(brand.phone, 40), ""),
        Contact(labels.shop, safe_link(brand.site).removeprefix("https://").rstrip("/"), safe_link(brand.site)),
    )
    return tuple(contact for contact in found if contact.value)


def safe_link(text: str) -> str:
    """A web address that may stand in a mail, else nothing: a link must neither run code nor break out of its line."""
    plain = text.strip()
    good = plain.startswith(("https://", "http://")) and plain.isascii() and plain.isprintable()
    return plain if good and not set(plain) & set(" \"'<>\\") else ""


def _order_number(telling: Telling) -> str:
    """The order's number as its customer knows it: the marketplace's, if one sold it."""
    sold_as = telling.order.marketplace_number if telling.order.channel else None
    return tidy(sold_as or telling.order.number)


def _subject(telling: Telling, label: str, words: Catalogue) -> str:
    order = words.labels.order.lower()
    return f"{label} · {order} {_cut(_order_number(telling), 60)}"


def _carrier(telling: Telling) -> str:
    return _cut(carrier_name(telling))


def _action(telling: Telling, then: str, today: date, words: Catalogue) -> Action:
    snapshot, labels = telling.timeline.snapshot, words.labels
    facts = []
    if snapshot.pickup_address:
        facts.append(Fact(labels.pickup_address, _cut(place_name(snapshot.pickup_address))))
    elif snapshot.status is Status.AVAILABLE_FOR_PICKUP and snapshot.place.unit:
        facts.append(Fact(labels.pickup_address, _cut(place_line(snapshot.place, unit=True))))
    if snapshot.pickup_deadline:
        facts.append(Fact(labels.pickup_deadline, full_date(snapshot.pickup_deadline, today, words.calendar)))
    return Action(then, tuple(facts))


def _dates(telling: Telling, zone: tzinfo, today: date, words: Catalogue) -> tuple[Fact, ...]:
    """What was promised, and what is expected now where that is another day."""
    order, snapshot, labels = telling.order, telling.timeline.snapshot, words.labels
    promised = order.promised_at.astimezone(zone).date() if order.promised_at else None
    facts = []
    if promised:
        facts.append(Fact(labels.promised, full_date(promised, today, words.calendar)))
    if snapshot.delivered_at:
        facts.append(
            Fact(labels.delivered, moment_words(snapshot.delivered_at.astimezone(zone), today, words.calendar))
        )
    elif snapshot.estimate and not snapshot.status.final:
        expected = day_of(snapshot.estimate, zone)
        if expected != promised and expected >= today:
            facts.append(Fact(labels.expected, full_date(expected, today, words.calendar)))
    return tuple(facts)


def _items(items: tuple[Item, ...], words: Catalogue) -> tuple[str, ...]:
    named = [f"{item.quantity} × {_cut(item.name, 80)}" for item in items if tidy(item.name)]
    rest = len(named) - _MOST_ITEMS
    return (*named[:_MOST_ITEMS], *((words.labels.more_items.format(count=rest),) if rest > 0 else ()))


def _shown(telling: Telling) -> tuple[tuple[Told, ...], int]:
    """The latest events, newest first, and how many more there are."""
    told = told_events(telling.timeline)[::-1]
    return told[:MOST_EVENTS], max(len(told) - MOST_EVENTS, 0)


def _days(shown: tuple[Told, ...], zone: tzinfo, today: date, words: Catalogue) -> tuple[Day, ...]:
    entries: dict[date, list[Entry]] = {}
    for told in shown:
        entry = _entry(told, zone, words)
        entries.setdefault(entry.at.date(), []).append(entry)
    return tuple(Day(capital(full_date(day, today, words.calendar)), tuple(group)) for day, group in entries.items())


def _entry(told: Told, zone: tzinfo, words: Catalogue) -> Entry:
    event = told.event
    at = event.occurred_at.astimezone(zone)
    place = place_line(event.place, unit=True)
    if event.source is not Source.CARRIER:
        place = " · ".join(part for part in (place, words.labels.told_by_store) if part)
    text = words.correction.in_history if told.undoes_delivery else event_words(event, words)
    return Entry(time_words(at), at, _cut(text), _cut(place))


def _zone_name(zone: tzinfo) -> str:
    """The city that names a zone: "America/Sao_Paulo" gives "São Paulo"."""
    name = str(getattr(zone, "key", "UTC"))
    return place_name(name.rpartition("/")[2].replace("_", " ").upper()) if "/" in name else name


def _cut(text: str, longest: int = _LONGEST_TEXT) -> str:
    plain = tidy(text)
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"
