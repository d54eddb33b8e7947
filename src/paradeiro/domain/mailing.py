"""In: what a mail would say, a store's wishes, the time; out: what kind of mail it is, and when it may go. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import assert_never

from paradeiro.domain.words import EffectKind, MailChoice, MailKind, Reason, Status

# What is about this hour, and what takes back something wrong, is worth a mail at night too.
_OF_THE_HOUR = frozenset({MailKind.OUT_FOR_DELIVERY, MailKind.DELIVERED, MailKind.CORRECTION})
# These are owed: who was told something that is not so must hear it, and who asked for a mail gets it.
OWED = frozenset({MailKind.CORRECTION, MailKind.ADDRESS})
REMIND_DAYS = 2  # before the last day of a pickup
_SLOW = frozenset({Reason.DELAYED, Reason.MISROUTED})
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
    """Which mails a store's customers get, and when. `unsent` are left out. Hours are the store's; the same twice: no
    quiet hours.
    """

    unsent: frozenset[MailKind] = frozenset()
    quiet_from: time = time(21)
    quiet_to: time = time(8)
    at_once: frozenset[MailKind] = _OF_THE_HOUR  # in quiet hours too
    moves_a_day: bool = True  # at most one mail a day that says no more than that the package moved on


@dataclass(frozen=True, slots=True)
class OwnTemplates:
    """A store's own layout of its mails, as Jinja2; empty: the built-in one."""

    html: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Mailed:
    """The last mail about a package that went: what it said, and when."""

    status: Status
    at: datetime


# Mails that say no more than that all goes its way.
_MERELY_NEWS = frozenset({MailKind.SHIPPED, MailKind.IN_TRANSIT})


def wanted(kind: MailKind, choice: MailChoice) -> bool:
    """Whether the customer wants a mail of this kind. The one that asks about an address they asked for."""
    if kind is MailKind.ADDRESS:
        return True
    match choice:
        case MailChoice.ALL:
            return True
        case MailChoice.IMPORTANT:
            return kind not in _MERELY_NEWS
        case MailChoice.NONE:
            return False
        case _:
            assert_never(choice)


def mail_kind(effect: EffectKind, status: Status, reason: Reason | None) -> MailKind:
    """What a mail is about."""
    if effect is EffectKind.CUSTOMER_CORRECTION:
        return MailKind.CORRECTION
    if effect is EffectKind.CUSTOMER_ADDRESS:
        return MailKind.ADDRESS
    if effect is EffectKind.CUSTOMER_REMINDER:
        return MailKind.PICKUP_REMINDER
    if status is Status.IN_TRANSIT and reason in _SLOW:
        return MailKind.PROBLEM
    if status is Status.EXCEPTION and reason is Reason.CUSTOMS:
        return MailKind.IN_TRANSIT  # its normal passage
    return _KINDS.get(status, MailKind.PROBLEM)


def may_go_at(
    kind: MailKind, policy: MailPolicy, status: Status, last: Mailed | None, *, now: datetime, zone: tzinfo
) -> datetime:
    """When this mail may go, `now` at the earliest: not in quiet hours, and one that says no more than the last one of
    today not before tomorrow.
    """
    if kind is MailKind.ADDRESS:
        return now  # somebody waits for it
    local = now.astimezone(zone)
    again = kind is MailKind.IN_TRANSIT and policy.moves_a_day and last is not None and last.status is status
    if again and last is not None and last.at.astimezone(zone).date() == local.date():
        local = datetime.combine(local.date() + timedelta(days=1), time(), zone)
    if kind in policy.at_once or not _quiet(policy, local.time()):
        return max(local, now)
    day = local.date() + timedelta(days=local.time() >= policy.quiet_to)
    return datetime.combine(day, policy.quiet_to, zone)


def _quiet(policy: MailPolicy, at: time) -> bool:
    if policy.quiet_from <= policy.quiet_to:
        return policy.quiet_from <= at < policy.quiet_to
    return at >= policy.quiet_from or at < policy.quiet_to


def reminds(status: Status, deadline: date | None, today: date) -> bool:
    """Whether a reminder to pick it up is true today."""
    if status is not Status.AVAILABLE_FOR_PICKUP or deadline is None:
        return False
    return today <= deadline <= today + timedelta(days=REMIND_DAYS)
