"""In: timelines, tries, bytes; out: whether a proof is due, the next try, the content type."""

from datetime import UTC, datetime, timedelta

import pytest

from paradeiro.domain.following.proofs import SHOWN, UNKNOWN_TYPE, content_type, file_extension, next_try, proof_is_due
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Source, Status, Withdraws

NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
AT = NOW - timedelta(hours=3)


def event(status: Status | None, at: datetime = AT, **more: object) -> TrackingEvent:
    return TrackingEvent(at, str(more.pop("code", status)), status, **more)  # type: ignore[arg-type]


def due(*events: TrackingEvent, now: datetime = NOW) -> bool:
    return proof_is_due(fold(events, now=now), now)


def test_of_a_delivery_that_the_carrier_reported() -> None:
    assert due(event(Status.DELIVERED))
    assert not due(event(Status.OUT_FOR_DELIVERY))
    assert not due()


def test_not_of_one_that_only_a_person_stated() -> None:
    stated = event(Status.DELIVERED, source=Source.OPERATOR)
    assert not due(stated)
    assert due(stated, event(Status.DELIVERED, at=AT - timedelta(hours=1)))
    moved = event(Status.IN_TRANSIT, at=AT - timedelta(hours=1))
    assert not due(stated, moved)


def test_not_of_one_that_was_taken_back() -> None:
    back = event(None, at=AT + timedelta(hours=1), code="EST", withdraws=Withdraws.PREVIOUS)
    assert not due(event(Status.DELIVERED), back)
    again = event(Status.DELIVERED, at=AT + timedelta(hours=2))
    assert due(event(Status.DELIVERED), back, again)


def test_not_of_an_old_one() -> None:
    assert due(event(Status.DELIVERED), now=AT + timedelta(days=89))
    assert not due(event(Status.DELIVERED), now=AT + timedelta(days=91))


def test_the_pauses_between_tries() -> None:
    hours = [1, 6, 24, 72]
    tries = [next_try(number, NOW) for number in (1, 2, 3, 4)]
    assert tries == [NOW + timedelta(hours=each) for each in hours]
    assert next_try(5, NOW) is None


@pytest.mark.parametrize(
    ("content", "kind", "name", "shown"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", "jpg", True),
        (b"\x89PNG\r\n\x1a\nxx", "image/png", "png", True),
        (b"GIF89a...", "image/gif", "gif", True),
        (b"GIF87a...", "image/gif", "gif", True),
        (b"%PDF-1.4", "application/pdf", "pdf", False),
        (b"II*\x00....", "image/tiff", "tif", False),
        (b"MM\x00*....", "image/tiff", "tif", False),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>", UNKNOWN_TYPE, "bin", False),
        (b"<html><script>x()</script>", UNKNOWN_TYPE, "bin", False),
        (b"GIF88a", UNKNOWN_TYPE, "bin", False),
        (b"", UNKNOWN_TYPE, "bin", False),
    ],
)
def test_what_bytes_are(content: bytes, kind: str, name: str, shown: bool) -> None:
    assert content_type(content) == kind
    assert file_extension(kind) == name
    assert (kind in SHOWN) is shown
