"""In: a message; out: the content of its mail, in words and in order, without a layout. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from paradeiro.connectors.email.look import Look, look_of
from paradeiro.domain.customers.brand import Brand
from paradeiro.domain.days import day_of
from paradeiro.domain.outbox.mail_policy import mail_kind
from paradeiro.domain.records import Item, Message
from paradeiro.domain.words import EffectKind, MailKind, Source, Status
from paradeiro.sdk.carrier_name import carrier_name
from paradeiro.sdk.public_history import PublicEvent, public_events
from paradeiro.sdk.wording import Catalogue, Tone, catalogue_for
from paradeiro.sdk.wording.places import city_of, place_line, place_name, tidy, with_preposition
from paradeiro.sdk.wording.shipment_wording import (
    JourneyStep,
    PositionText,
    correction_sentence,
    event_words,
    fill_template,
    journey_steps,
    lateness_sentence,
    position_text,
    withdrawal_sentence,
)
from paradeiro.sdk.wording.times import capital, date_words, full_date, moment_words, time_words, zone_of

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
        """The instant in ISO format, for programs."""
        return self.at.isoformat()


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day, newest first."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Action:
    """What the reader must do; never empty when present."""

    words: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach the store: its text, and its link (empty: none)."""

    name: str
    value: str
    link: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before layout. Unknown texts are empty."""

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
    stops: tuple[JourneyStep, ...]
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
        """When it happened, in ISO format, for programs."""
        return self.at.isoformat() if self.at else ""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The identifying facts of the package."""
        return tuple(fact for fact in (self.tracking_code, self.carrier) if fact.value)

    @property
    def padding(self) -> str:
        """One letter for each blank that keeps the rest of the mail out of a mail program's preview."""
        return "." * max(0, _LONGEST_PREHEADER - len(self.preheader))

    @property
    def preheader(self) -> str:
        """The preview text beside the subject in a list of mails."""
        return f"{self.apology or self.sentence} {self.late or self.then}"


def moment_of(message: Message) -> datetime:
    """When the mail is written. A message without a time is written when its news happened."""
    snapshot = message.timeline.snapshot
    return message.now or snapshot.news_at or message.shipment.registered_at


def letter(message: Message) -> Letter:
    """The content of the mail."""
    words = catalogue_for(message.order.customer.locale)
    zone, now = zone_of(message.store_zone), moment_of(message)
    today = now.astimezone(zone).date()
    where = _reminder_text(message, position_text(message.timeline, now=now, zone=zone, catalogue=words), today, words)
    corrects, snapshot = message.kind is EffectKind.CUSTOMER_CORRECTION, message.timeline.snapshot
    shown, more = _latest_events(message)
    label, tone = (words.correction.label, Tone.TROUBLE) if corrects else (where.label, where.tone)
    return Letter(
        language=words.language.value,
        kind=mail_kind(message.kind, snapshot.status, snapshot.reason),
        look=look_of(message.brand, tone),
        subject=_subject(message, label, words),
        store=_shorten(message.store_name),
        label=label,
        tone=tone,
        apology=(correction_sentence if corrects else withdrawal_sentence)(message.timeline, words),
        sentence=where.sentence,
        at=where.at,
        moment=capital(moment_words(where.at, today, words.calendar)) if where.at else "",
        place=where.place,
        then=where.then,
        late=lateness_sentence(message.order.promised_at, snapshot, now=now, zone=zone, catalogue=words),
        note=_shorten(where.note),
        action=_action(message, where.then, today, words) if where.act else None,
        stops=journey_steps(message.timeline, words),
        dates=_dates(message, zone, today, words),
        items=_items(message.shipment.items, words),
        order=Fact(words.labels.order, _order_number(message)),
        carrier=Fact(words.labels.carrier, _carrier(message)),
        tracking_code=Fact(words.labels.tracking_code, tidy(message.shipment.shown_code)),
        link=safe_link(message.tracking_link) or safe_link(message.shipment.invoice.tracking_url or ""),
        days=_days(shown, zone, today, words),
        more=words.labels.more.format(count=more) if more else "",
        why=words.labels.why.format(store=_shorten(message.store_name)),
        zone_note=words.labels.times.format(zone=_zone_name(zone)),
        contacts=_contacts(message.brand, words),
        footer=tuple(_shorten(line) for line in message.brand.footer.splitlines() if tidy(line)),
        words=words,
    )


def _reminder_text(message: Message, where: PositionText, today: date, words: Catalogue) -> PositionText:
    """The position as worded in a reminder."""
    snapshot = message.timeline.snapshot
    if message.kind is not EffectKind.CUSTOMER_REMINDER or snapshot.pickup_deadline is None:
        return where
    said = {
        "at": with_preposition(words, city_of(snapshot.place), "at"),
        "deadline": date_words(snapshot.pickup_deadline, today, words.calendar),
    }
    reminder = words.reminder
    return replace(where, label=reminder.label, sentence=fill_template(reminder.sentence, said), then=reminder.then)


def _contacts(brand: Brand, words: Catalogue) -> tuple[Contact, ...]:
    labels = words.labels
    found = (
        Contact(labels.write_us, tidy(brand.email), f"mailto:{tidy(brand.email)}"),
        Contact(labels.call_us, _shorten(brand.phone, 40), ""),
        Contact(labels.shop, safe_link(brand.site).removeprefix("https://").rstrip("/"), safe_link(brand.site)),
    )
    return tuple(contact for contact in found if contact.value)


def safe_link(text: str) -> str:
    """A web address that may stand in a mail, else empty: a link must neither run code nor break out of its line."""
    plain = text.strip()
    good = plain.startswith(("https://", "http://")) and plain.isascii() and plain.isprintable()
    return plain if good and not set(plain) & set(" \"'<>\\") else ""


def _order_number(message: Message) -> str:
    """The order's number as its customer knows it: the marketplace's, if one sold it."""
    sold_as = message.order.marketplace_number if message.order.channel else None
    return tidy(sold_as or message.order.number)


def _subject(message: Message, label: str, words: Catalogue) -> str:
    order = words.labels.order.lower()
    return f"{label} · {order} {_shorten(_order_number(message), 60)}"


def _carrier(message: Message) -> str:
    return _shorten(carrier_name(message))


def _action(message: Message, then: str, today: date, words: Catalogue) -> Action:
    snapshot, labels = message.timeline.snapshot, words.labels
    facts = []
    if snapshot.pickup_address:
        facts.append(Fact(labels.pickup_address, _shorten(place_name(snapshot.pickup_address))))
    elif snapshot.status is Status.AVAILABLE_FOR_PICKUP and snapshot.place.unit:
        facts.append(Fact(labels.pickup_address, _shorten(place_line(snapshot.place, unit=True))))
    if snapshot.pickup_deadline:
        facts.append(Fact(labels.pickup_deadline, full_date(snapshot.pickup_deadline, today, words.calendar)))
    return Action(then, tuple(facts))


def _dates(message: Message, zone: tzinfo, today: date, words: Catalogue) -> tuple[Fact, ...]:
    """The promised date, and the expected date where it differs."""
    order, snapshot, labels = message.order, message.timeline.snapshot, words.labels
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
    named = [f"{item.quantity} × {_shorten(item.name, 80)}" for item in items if tidy(item.name)]
    rest = len(named) - _MOST_ITEMS
    return (*named[:_MOST_ITEMS], *((words.labels.more_items.format(count=rest),) if rest > 0 else ()))


def _latest_events(message: Message) -> tuple[tuple[PublicEvent, ...], int]:
    """The latest events, newest first, and how many more there are."""
    public_event = public_events(message.timeline)[::-1]
    return public_event[:MOST_EVENTS], max(len(public_event) - MOST_EVENTS, 0)


def _days(shown: tuple[PublicEvent, ...], zone: tzinfo, today: date, words: Catalogue) -> tuple[Day, ...]:
    entries: dict[date, list[Entry]] = {}
    for public_event in shown:
        entry = _entry(public_event, zone, words)
        entries.setdefault(entry.at.date(), []).append(entry)
    return tuple(Day(capital(full_date(day, today, words.calendar)), tuple(group)) for day, group in entries.items())


def _entry(public_event: PublicEvent, zone: tzinfo, words: Catalogue) -> Entry:
    event = public_event.event
    at = event.occurred_at.astimezone(zone)
    place = place_line(event.place, unit=True)
    if event.source is not Source.CARRIER:
        place = " · ".join(part for part in (place, words.labels.told_by_store) if part)
    text = words.correction.in_history if public_event.undoes_delivery else event_words(event, words)
    return Entry(time_words(at), at, _shorten(text), _shorten(place))


def _zone_name(zone: tzinfo) -> str:
    """The city that names a zone: "America/Sao_Paulo" gives "São Paulo"."""
    name = str(getattr(zone, "key", "UTC"))
    return place_name(name.rpartition("/")[2].replace("_", " ").upper()) if "/" in name else name


def _shorten(text: str, longest: int = _LONGEST_TEXT) -> str:
    plain = tidy(text)
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"
