"""In: what mail servers say of mails that came back; out: what that means for the address they went to. Pure."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from paradeiro.domain.words import BounceKind

# So many different mails refused within this time, and nobody reads that mailbox.
SOFT_MOST = 3
SOFT_WITHIN = timedelta(days=30)
LONGEST_REASON = 300
# RFC 3463 and RFC 7505: no such mailbox, no such domain, no address at all, moved away, a domain without mail, shut.
_NO_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# It is the sender that is refused: that says nothing of the reader.
_OURS = frozenset({"5.1.7", "5.1.8"})
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that came back. `mail` is the key of its effect, which only who had the mail can know; `address` is the
    one the report names, if it names one.
    """

    mail: str
    kind: BounceKind
    reason: str = field(repr=False)
    address: str = field(default="", repr=False)


def enhanced_status(text: str) -> str:
    """The first enhanced status code in a text ("5.1.1"); empty if there is none. An IP address is none."""
    found = _ENHANCED.search(text)
    return ".".join(str(int(part)) for part in found.groups()) if found else ""


def bounce_kind(status: str) -> BounceKind | None:
    """What a final failure with this status says of the address; None: nothing. Without a status nothing is known of
    the address, only that this mail was not taken.
    """
    if status in _NO_ADDRESS:
        return BounceKind.HARD
    return None if status in _OURS or status.startswith("2.") else BounceKind.SOFT


def suppresses(kind: BounceKind, soft_before: int) -> bool:
    """Whether the address gets no more mail. `soft_before`: how many other mails to it came back softly of late."""
    return kind is not BounceKind.SOFT or soft_before + 1 >= SOFT_MOST


def same_address(text: str) -> str:
    """An address as it is compared: nobody gives two mailboxes names that differ in capitals only."""
    return text.strip().lower()
