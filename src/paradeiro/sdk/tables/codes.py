"""In: a connector's `codes.csv`; out: the meaning of each of the carrier's codes."""

import csv
from importlib import resources

from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status | None, Reason | None]

# Of a code that the table lacks. A code with neither status nor reason is known and says nothing of the position.
UNKNOWN: Meaning = (Status.UNKNOWN, None)
NOTHING: Meaning = (None, None)


def read_codes(package: str | None) -> dict[str, Meaning]:
    """The table of a connector (its `__package__`): columns code, words, status, reason, note. Raises ValueError for a
    status or reason that does not exist.
    """
    text = resources.files(package or "").joinpath("codes.csv").read_text(encoding="utf-8")
    return {
        row["code"]: (
            Status(row["status"]) if row["status"] else None,
            Reason(row["reason"]) if row["reason"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    }
