"""In: nothing; out: what a carrier's feed and its files give us. Pushes: `sdk/contract.py`.

Whatever comes in any of these ways is stored as it came, as answers, before it counts as read; `parse` reads it later.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Protocol

from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import Outcome
from paradeiro.sdk.sessions import Session


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """One read of a feed. FOUND: `bodies` (raw, each readable by `parse`) and the `cursor` to go on from, stored in one
    transaction; `more`: there is another page now. NOT_FOUND: nothing new, `cursor` stands. Else the failure, with
    `message`. `gap`: what was lost before this page, in words for a person (a notice); empty if nothing was.
    """

    outcome: Outcome
    bodies: tuple[bytes, ...] = field(default=(), repr=False)
    cursor: str = ""
    more: bool = False
    message: str = ""
    http_status: int | None = None
    retry_after: float | None = None
    gap: str = ""


class CarrierFeedSession(Session, Protocol):
    """A carrier's session with a feed of all that changed."""

    async def read_feed(self, cursor: str) -> FeedAnswer:
        """What came since `cursor` (empty at first). Raises nothing. What it took must not be lost at the party when
        we fail before storing it, or `feed_cursor` must be able to read it again.
        """
        ...

    def feed_cursor(self, day: date) -> str:
        """The cursor from which everything of this day, and what came after it, is read again."""
        ...


@dataclass(frozen=True, slots=True)
class FilePart:
    """A part of a file that can be stored and read alone (`parse`), of some hundred lines at most. `line`: the number
    of its first line, from 1. `problem`: why this part cannot be read, for a person; the parts after it still are.
    """

    body: bytes = field(repr=False)
    line: int = 1
    problem: str = ""


# Splits a file in constant memory. Takes the account's settings. Never raises for what a file contains.
FileSplitter = Callable[[BinaryIO, Mapping[str, str]], Iterator[FilePart]]
# Reads an answer with the account's settings (a table of codes that the account names). Pure.
ParserWithSettings = Callable[[bytes, Mapping[str, str]], list[ParsedAnswer]]
