"""In: a timeline, failed tries, a picture's bytes; out: whether a proof is due, the next try, the content type."""

from datetime import datetime, timedelta

from paradeiro.domain.records import Timeline
from paradeiro.domain.words import Source, Status

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# Pauses between tries; after the last the search is given up.
_PAUSES = (_HOUR, 6 * _HOUR, _DAY, 3 * _DAY)
# How long carriers keep pictures is unknown; for older deliveries (a backfill) none are requested.
_OLDEST = timedelta(days=90)
UNKNOWN_TYPE = "application/octet-stream"
# Types shown inline. Others (PDF, TIFF) may hold active content: download only.
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
    """Whether the current delivery was reported recently by the carrier itself: only then it has pictures."""
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
    """The next try after so many failed ones; None: give up."""
    return now + _PAUSES[tries - 1] if tries <= len(_PAUSES) else None


def content_type(content: bytes) -> str:
    """The content type by the first bytes, not by any declared type."""
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), UNKNOWN_TYPE)


def file_extension(kind: str) -> str:
    """The file extension for a content type."""
    return _ENDINGS.get(kind, "bin")
