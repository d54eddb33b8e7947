"""In: a delivery; out: a generated picture of it, a different one for each."""

import struct
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from paradeiro.simulator.scenario.ground_truth import Package, true_status

_WIDTH, _HEIGHT = 48, 32


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture of a delivery: its content, and from when on it is shown."""

    content: bytes = field(repr=False)
    remark: str
    delivered_at: datetime
    shown_at: datetime


def draw_picture(what: str) -> bytes:
    """A small PNG, a different one for each text: a house of one colour before a sky of another."""
    ink = sha256(what.encode()).digest()
    house = [[8 < x < 40 and y > 14 for x in range(_WIDTH)] for y in range(_HEIGHT)]
    rows = b"".join(b"\x00" + b"".join(ink[:3] if here else ink[3:6] for here in line) for line in house)
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def told_delivery(package: Package, at: datetime) -> tuple[datetime, datetime] | None:
    """When the delivery that is valid at an instant happened, and when its news came; None if there is none."""
    delivered_at = true_status(package, at).delivered_at
    if delivered_at is None:
        return None
    news = (h.visible_at for h in package.happenings if h.happened_at == delivered_at and h.says == "delivered")
    return delivered_at, min(news)


def signed_delivery(package: Package, at: datetime, remark: str = "") -> DrawnPicture | None:
    """The signature of the delivery that is valid at an instant; None if there is none. It is shown with the news."""
    told = told_delivery(package, at)
    if told is None:
        return None
    delivered_at, shown_at = told
    return DrawnPicture(draw_picture(f"{package.code} {delivered_at} {remark}"), remark, delivered_at, shown_at)
