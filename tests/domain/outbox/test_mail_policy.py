"""In: kinds of mails, policies, hours; out: when each may be sent."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.outbox.mail_policy import MailPolicy, SentMail, mail_kind, reminder_due, send_time
from paradeiro.domain.words import EffectKind, MailKind, Reason, Status

ZONE = ZoneInfo("America/Sao_Paulo")
MAIL = EffectKind.CUSTOMER_MAIL


def at(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("effect", "status", "reason", "kind"),
    [
        (MAIL, Status.ACCEPTED, None, MailKind.SHIPPED),
        (MAIL, Status.IN_TRANSIT, None, MailKind.IN_TRANSIT),
        (MAIL, Status.IN_TRANSIT, Reason.DELAYED, MailKind.PROBLEM),
        (MAIL, Status.EXCEPTION, Reason.CUSTOMS, MailKind.IN_TRANSIT),
        (MAIL, Status.EXCEPTION, Reason.PAYMENT_DUE, MailKind.PROBLEM),
        (MAIL, Status.RETURNING, None, MailKind.RETURNED),
        (MAIL, Status.CANCELLED, None, MailKind.PROBLEM),
        (EffectKind.CUSTOMER_REMINDER, Status.AVAILABLE_FOR_PICKUP, None, MailKind.PICKUP_REMINDER),
        (EffectKind.CUSTOMER_CORRECTION, Status.DELIVERED, None, MailKind.CORRECTION),
    ],
)
def test_what_a_mail_is_about(effect: EffectKind, status: Status, reason: Reason | None, kind: MailKind) -> None:
    assert mail_kind(effect, status, reason) is kind


@pytest.mark.parametrize(
    ("now", "goes"),
    [
        (at(20, 59), at(20, 59)),
        (at(21), at(8, day=11)),
        (at(23, 30), at(8, day=11)),
        (at(0, 10), at(8)),
        (at(7, 59), at(8)),
        (at(8), at(8)),
    ],
)
def test_quiet_hours_end_in_the_morning(now: datetime, goes: datetime) -> None:
    assert send_time(MailKind.SHIPPED, MailPolicy(), Status.ACCEPTED, None, now=now, zone=ZONE) == goes
    assert send_time(MailKind.DELIVERED, MailPolicy(), Status.DELIVERED, None, now=now, zone=ZONE) == now


def test_quiet_hours_within_a_day_and_none() -> None:
    siesta = MailPolicy(quiet_from=time(12), quiet_to=time(14))
    said = (MailKind.SHIPPED, siesta, Status.ACCEPTED, None)
    assert send_time(*said, now=at(12, 30), zone=ZONE) == at(14)
    assert send_time(*said, now=at(23), zone=ZONE) == at(23)
    never = MailPolicy(quiet_from=time(0), quiet_to=time(0))
    assert send_time(MailKind.SHIPPED, never, Status.ACCEPTED, None, now=at(0), zone=ZONE) == at(0)


def test_a_day_has_one_mail_that_it_moved_on() -> None:
    last = SentMail(Status.IN_TRANSIT, at(9))
    said = (MailKind.IN_TRANSIT, MailPolicy(), Status.IN_TRANSIT, last)
    assert send_time(*said, now=at(15), zone=ZONE) == at(8, day=11)
    assert send_time(*said, now=at(9, day=11), zone=ZONE) == at(9, day=11)
    other = SentMail(Status.ACCEPTED, at(9))
    assert send_time(MailKind.IN_TRANSIT, MailPolicy(), Status.IN_TRANSIT, other, now=at(15), zone=ZONE) == at(15)
    chatty = MailPolicy(moves_a_day=False)
    assert send_time(MailKind.IN_TRANSIT, chatty, Status.IN_TRANSIT, last, now=at(15), zone=ZONE) == at(15)


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


@given(INSTANTS, st.sampled_from(MailKind), st.times(), st.times())
def test_what_waits_may_go_when_it_was_said(now: datetime, kind: MailKind, begin: time, end: time) -> None:
    policy = MailPolicy(
        quiet_from=begin.replace(second=0, microsecond=0), quiet_to=end.replace(second=0, microsecond=0)
    )
    goes = send_time(kind, policy, Status.ACCEPTED, None, now=now, zone=ZONE)
    assert now <= goes <= now + timedelta(days=1)
    assert send_time(kind, policy, Status.ACCEPTED, None, now=goes, zone=ZONE) == goes


def test_reminders_are_for_the_last_days() -> None:
    waits, today = Status.AVAILABLE_FOR_PICKUP, date(2026, 3, 10)
    said = [reminder_due(waits, today + timedelta(days=left), today) for left in (-1, 0, 1, 2, 3)]
    assert said == [False, True, True, True, False]
    assert not reminder_due(Status.DELIVERED, today, today)
    assert not reminder_due(waits, None, today)
