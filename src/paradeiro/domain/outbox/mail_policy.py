"""In: the content of a mail, a store's policy, the time; out: the kind of mail, and when it may be sent. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import assert_never

from paradeiro.domain.words import EffectKind, MailChoice, MailKind, Reason, Status

# Urgent mails and corrections are sent at night too.
_OF_THE_HOUR = frozenset({MailKind.OUT_FOR_DELIVERY, MailKind.DELIVERED, MailKind.CORRECTION})
# Always sent: corrections, and confirmation mails that the customer asked for.
ALWAYS_SENT = frozenset({MailKind.CORRECTION, MailKind.ADDRESS})
REMIND_DAYS = 2  # before the last day of a pickup
_DELAY_REASONS = frozenset({Reason.DELAYED, Reason.MISROUTED})
_KINDS = {
    Status.ACCEPTED: MailKind.SHIPPED,
    Status.IN_TRANSIT: MailKind.IN_TRANSIT,
    Status.OUT_FOR_DELIVERY: MailKind.OUT_FOR_DELIVERY,
    Status.AVAILABLE_FOR_PICKUP: MailKind.AVAILABLE_FOR_PICKUP,
    Status.ATTEMPT_FAILED: MailKind.ATTEMPT_FAILED,
    Status.RETURNING: MailKind.RETURNED,
    Status.RETURNED: MailKind.RETURNED,
    Status.DELIVERED: MailKind.DELIVERED,
}


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """Which mails a store's customers get, and when. `unsent`: kinds not sent. Quiet hours are in the store's zone;
    equal values: none.
    """

    unsent: frozenset[MailKind] = frozenset()
    quiet_from: time = time(21)
    quiet_to: time = time(8)
    at_once: frozenset[MailKind] = _OF_THE_HOUR  # in quiet hours too
    moves_a_day: bool = True  # at most one in-transit mail a day


@dataclass(frozen=True, slots=True)
class StoreTemplates:
    """A store's own layout of its mails, as Jinja2; empty: the built-in one."""

    html: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SentMail:
    """The last mail sent about a package: its status and time."""

    status: Status
    at: datetime


# Mails about normal progress only.
_PROGRESS_ONLY = frozenset({MailKind.SHIPPED, MailKind.IN_TRANSIT})


def customer_wants(kind: MailKind, choice: MailChoice) -> bool:
    """Whether the customer wants a mail of this kind; an address confirmation always."""
    if kind is MailKind.ADDRESS:
        return True
    match choice:
        case MailChoice.ALL:
            return True
        case MailChoice.IMPORTANT:
            return kind not in _PROGRESS_ONLY
        case MailChoice.NONE:
            return False
        case _:
            assert_never(choice)


def mail_kind(effect: EffectKind, status: Status, reason: Reason | None) -> MailKind:
    """The kind of a mail, by its effect and the status."""
    if effect is EffectKind.CUSTOMER_CORRECTION:
        return MailKind.CORRECTION
    if effect is EffectKind.CUSTOMER_ADDRESS:
        return MailKind.ADDRESS
    if effect is EffectKind.CUSTOMER_REMINDER:
        return MailKind.PICKUP_REMINDER
    if status is Status.IN_TRANSIT and reason in _DELAY_REASONS:
        return MailKind.PROBLEM
    if status is Status.EXCEPTION and reason is Reason.CUSTOMS:
        return MailKind.IN_TRANSIT  # its normal passage
    return _KINDS.get(status, MailKind.PROBLEM)


def send_time(
    kind: MailKind, policy: MailPolicy, status: Status, last: SentMail | None, *, now: datetime, zone: tzinfo
) -> datetime:
    """When this mail may be sent, `now` at the earliest: not in quiet hours, and a second in-transit mail of a day not
    before tomorrow.
    """
    if kind is MailKind.ADDRESS:
        return now  # the customer waits for it
    local = now.astimezone(zone)
    again = kind is MailKind.IN_TRANSIT and policy.moves_a_day and last is not None and last.status is status
    if again and last is not None and last.at.astimezone(zone).date() == local.date():
        local = datetime.combine(local.date() + timedelta(days=1), time(), zone)
    if kind in policy.at_once or not _in_quiet_hours(policy, local.time()):
        return max(local, now)
    day = local.date() + timedelta(days=local.time() >= policy.quiet_to)
    return datetime.combine(day, policy.quiet_to, zone)


def _in_quiet_hours(policy: MailPolicy, at: time) -> bool:
    if policy.quiet_from <= policy.quiet_to:
        return policy.quiet_from <= at < policy.quiet_to
    return at >= policy.quiet_from or at < policy.quiet_to


def reminder_due(status: Status, deadline: date | None, today: date) -> bool:
    """Whether a pickup reminder is due today."""
    if status is not Status.AVAILABLE_FOR_PICKUP or deadline is None:
        return False
    return today <= deadline <= today + timedelta(days=REMIND_DAYS)
