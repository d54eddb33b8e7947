"""In: what mail servers say of mails that came back; out: what that means for the address they went to. Pure."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from paradeiro.domain.mail_refusals import SenderFault
from paradeiro.domain.words import BounceKind

# So many different mails refused within this time, and nobody reads that mailbox.
SOFT_MOST = 3
SOFT_WITHIN = timedelta(days=30)
LONGEST_REASON = 300
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that came back. `mail` is the key of its effect, which only who had the mail can know; `address` is the
    one the report names, if it names one. `plain`: the words leave no doubt.
    """

    mail: str
    kind: BounceKind
    reason: str = field(repr=False)
    address: str = field(default="", repr=False)
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Blamed:
    """A mail that came back because of us: it says nothing of its reader. `mail` is the key of its effect."""

    mail: str
    fault: SenderFault
    reason: str = field(repr=False)
    plain: bool = True


def enhanced_status(text: str) -> str:
    """The first enhanced status code in a text ("5.1.1"); empty if there is none. An IP address is none."""
    found = _ENHANCED.search(text)
    return ".".join(str(int(part)) for part in found.groups()) if found else ""


def suppresses(kind: BounceKind, soft_before: int) -> bool:
    """Whether the address gets no more mail. `soft_before`: how many other mails to it came back softly of late."""
    return kind is not BounceKind.SOFT or soft_before + 1 >= SOFT_MOST


def same_address(text: str) -> str:
    """An address as it is compared: nobody gives two mailboxes names that differ in capitals only."""
    return text.strip().lower()
