"""In: bounces of mails; out: whether the recipient's address gets no more mail. Pure."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from paradeiro.domain.customers.mail_refusals import SenderFault
from paradeiro.domain.words import BounceKind

# This many different mails softly bounced within this period suppress the address.
SOFT_MOST = 3
SOFT_WITHIN = timedelta(days=30)
LONGEST_REASON = 300
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A bounced mail. `mail`: the key of its effect, known only to receivers of the mail; `address`: the one named by
    the report, or empty. `plain`: the text is unambiguous.
    """

    mail: str
    kind: BounceKind
    reason: str = field(repr=False)
    address: str = field(default="", repr=False)
    plain: bool = True


@dataclass(frozen=True, slots=True)
class SenderBounce:
    """A mail bounced for a fault of the sender, not of the recipient. `mail`: the key of its effect."""

    mail: str
    fault: SenderFault
    reason: str = field(repr=False)
    plain: bool = True


def enhanced_status(text: str) -> str:
    """The first enhanced status code in a text ("5.1.1"); empty if there is none. An IP address is none."""
    found = _ENHANCED.search(text)
    return ".".join(str(int(part)) for part in found.groups()) if found else ""


def suppresses(kind: BounceKind, soft_before: int) -> bool:
    """Whether the address gets no more mail. `soft_before`: how many other mails to it bounced softly recently."""
    return kind is not BounceKind.SOFT or soft_before + 1 >= SOFT_MOST


def normal_address(text: str) -> str:
    """An address in the form in which addresses are compared: stripped, lower case."""
    return text.strip().lower()
