"""In: a timeline, a try in vain, a picture's bytes; out: whether proof is due, when to try again, what it is."""

from datetime import datetime, timedelta

from paradeiro.domain.records import Timeline
from paradeiro.domain.words import Source, Status

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# Between two tries; after the last of them the search is given up.
_PAUSES = (_HOUR, 6 * _HOUR, _DAY, 3 * _DAY)
# How long a carrier shows pictures is not known; of older deliveries, as a backfill brings them, none are asked for.
_OLDEST = timedelta(days=90)
UNKNOWN_TYPE = "application/octet-stream"
# What browsers show as nothing but a picture. A document or a drawing may hold more than that: it is handed out only.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif"})
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "application/pdf": "pdf",
    "image/tiff": "tif",
}


def proof_is_due(timeline: Timeline, now: datetime) -> bool:
    """Whether a delivery stands that the carrier itself reported lately: of no other has it pictures."""
    delivered_at = timeline.snapshot.delivered_at
    if not timeline.snapshot.delivered or delivered_at is None or now - delivered_at > _OLDEST:
        return False
    return any(
        event.status is Status.DELIVERED
        and event.source is Source.CARRIER
        and event.occurred_at == delivered_at
        and event.identity not in timeline.withdrawn
        for event in timeline.events
    )


def next_try(tries: int, now: datetime) -> datetime | None:
    """When to ask again after so many tries that gave nothing; None when it is enough."""
    return now + _PAUSES[tries - 1] if tries <= len(_PAUSES) else None


def content_type(content: bytes) -> str:
    """What bytes are by how they begin, whatever anybody says they are."""
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), UNKNOWN_TYPE)


def ending(kind: str) -> str:
    """The ending of a file's name for a content type."""
    return _ENDINGS.get(kind, "bin")
