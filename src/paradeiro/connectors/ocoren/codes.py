"""In: a code of an occurrence, its observation, the account's table; out: what it means.

A code means what the table says that the account names: shippers impose tables of their own on all their carriers, and
above 99 each carrier has its own (README.md). There is no table for an account that names none. The rows are in the
three csv files beside this one: status `unknown` for a row that is undecided until the account says how its carrier
uses it, `none` for one that moves nothing.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from paradeiro.domain.words import Reason, Status, Withdraws

# The account's settings.
TABLE, CODES = "table", "codes"
FILES = {"base": "codes.csv", "table-2": "table_2.csv", "table-3": "table_3.csv"}
_NONE, _WITHDRAWS = "none", "withdraws_previous"
# Observations that leave a delivery one: none, and "accepted by agreement".
_AGREED = "03"
_FULL = frozenset({"", "00", _AGREED})
# A part was refused (05: with the recipient's own return invoice).
_PART_REFUSED = frozenset({"02", "05"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of an occurrence. `status` None: it does not concern the position. `code`: as events have it, with
    what changes its meaning behind a slash.
    """

    code: str
    status: Status | None
    reason: Reason | None = None
    withdraws: Withdraws | None = None
    words: str = ""


Table = Mapping[str, Meaning]


def plain_code(code: str) -> str:
    """A code in two digits at least: versions write it with two or three."""
    return code.strip().upper().lstrip("0").rjust(2, "0")


@cache
def rows_of(name: str) -> tuple[Meaning, ...]:
    """The rows of a table."""
    text = resources.files(__package__ or "").joinpath(FILES[name]).read_text(encoding="utf-8")
    return tuple(
        _meaning(row["code"], row["status"], row["reason"], row["words"]) for row in csv.DictReader(text.splitlines())
    )


def _meaning(code: str, status: str, reason: str, words: str) -> Meaning:
    """A row's meaning. Raises ValueError for a word that is none."""
    code = plain_code(code)
    why = Reason(reason) if reason else None
    if status == _WITHDRAWS:
        return Meaning(code, None, withdraws=Withdraws.PREVIOUS, words=words)
    return Meaning(code, None if status == _NONE else Status(status), why, words=words)


@lru_cache(maxsize=256)
def _table(name: str, own: str) -> Table:
    rows = rows_of(name) if name in FILES else ()
    return {row.code: row for row in rows} | {row.code: row for row in _own_rows(own)}


def table_of(settings: Mapping[str, str]) -> Table:
    """The account's table, with its own rows in it. Empty where it names none."""
    return _table((settings.get(TABLE) or "").strip().lower(), settings.get(CODES) or "")


def _own_rows(text: str) -> Iterator[Meaning]:
    """The rows "110=out_for_delivery; 208=attempt_failed/recipient_absent". One whose word is none makes its code
    unknown: the table's meaning may be wrong for this carrier.
    """
    for row in text.replace("\n", ";").split(";"):
        code, _, words = (part.strip().lower() for part in row.partition("="))
        status, _, reason = (part.strip() for part in words.partition("/"))
        if not (code and code.isascii() and code.isalnum()):
            continue
        try:
            yield _meaning(code, status, reason, "")
        except ValueError:
            yield Meaning(plain_code(code), Status.UNKNOWN)


def meaning_of(table: Table, code: str, observation: str, *, partial: bool) -> Meaning:
    """What an occurrence means. A delivery is one only if nothing beside the code says otherwise."""
    code = plain_code(code)
    row = table.get(code, Meaning(code, Status.UNKNOWN))
    words = row.words or f"Ocorrência {code}"
    if row.status is Status.DELIVERED:
        if observation in _PART_REFUSED:
            words = f"{words} (parte recusada ou devolvida)"
            return Meaning(f"{code}/{observation}", Status.EXCEPTION, Reason.REFUSED, words=words)
        if observation not in _FULL:
            return _contradiction(code, observation)
        if partial:
            return Meaning(f"{code}/part", Status.EXCEPTION, Reason.OTHER, words=f"{words} (parte dos volumes)")
    elif row.status is Status.ATTEMPT_FAILED and observation == _AGREED:
        return _contradiction(code, observation)
    return Meaning(code, row.status, row.reason, row.withdraws, words)


def _contradiction(code: str, observation: str) -> Meaning:
    words = f"Ocorrência {code} com observação {observation}"
    return Meaning(f"{code}/{observation}"[:20], Status.UNKNOWN, words=words)
