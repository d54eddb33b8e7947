"""In: nothing; out: every incident at Correios that is drilled: what happens, what is noticed by when, how it ends."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from paradeiro.domain.records import Parsed
from paradeiro.domain.words import NoticeKind, Status
from paradeiro.world.faults import Fault
from paradeiro.world.parties import World

Parse = Callable[[bytes], list[Parsed]]
# From how answers are read today to how they are read once we are repaired.
Mend = Callable[[Parse], Parse]
_PATH = "srorastro"
_HOUR = timedelta(hours=1)


def _nothing(_: World) -> None:
    """Nothing more."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `strike` and `end` change the world beside its `faults`. `notices` are the kinds that one notice
    must be of (none: nothing is to be told), opened `within` the incident's beginning. `mend`, where we must be
    repaired: how answers are read after that; the stored ones are replayed. `lasts`: the carrier keeps to its change,
    and the mended reading is what follows it; else the carrier goes back to how it was, after `hours`.
    """

    name: str
    what: str
    notices: frozenset[NoticeKind]
    within: timedelta
    faults: tuple[Fault, ...] = ()
    strike: Callable[[World], None] = _nothing
    end: Callable[[World], None] = _nothing
    mend: Mend | None = None
    lasts: bool = False
    new_credentials: bool = False
    hours: float = 8.0


def _fault(kind: str, *, every: int = 1, status: int = 500) -> tuple[Fault, ...]:
    return (Fault("correios", kind, path=_PATH, every=every, status=status),)


def _renamed(new: str, old: str) -> Mend:
    """The mended reading of a name that changed."""
    return lambda parse: lambda body: parse(body.replace(f'"{new}":'.encode(), f'"{old}":'.encode()))


_DATES = re.compile(rb'"dtHrCriado": ?"(\d\d)\.(\d\d)\.(\d{4}) ([\d:]{8})"')


def _other_dates(parse: Parse) -> Parse:
    """The mended reading of dates with dots."""
    return lambda body: parse(_DATES.sub(rb'"dtHrCriado":"\3-\2-\1T\4"', body))


def _new_codes(parse: Parse) -> Parse:
    """The mended table: the new numbers are deliveries."""
    return lambda body: [_known(each) for each in parse(body)]


def _known(parsed: Parsed) -> Parsed:
    new = {f"{kind}/{number}" for kind in ("BDE", "BDI") for number in ("90", "91", "97")}
    events = tuple(replace(e, status=Status.DELIVERED) if e.code in new else e for e in parsed.events)
    return replace(parsed, events=events, unknown_codes=tuple(c for c in parsed.unknown_codes if c not in new))


def _revoke(world: World) -> None:
    world.post.contract.access_code = "codigo-novo"
    world.post.tokens.clear()


def _slow(world: World) -> None:
    world.post.seconds *= 10


def _fast(world: World) -> None:
    world.post.seconds /= 10


_DRIFT = frozenset({NoticeKind.CONTRACT_DRIFT})

INCIDENTS: Sequence[Incident] = (
    Incident("switched-off", "302 to a web page", _DRIFT, 2 * _HOUR, _fault("redirect")),
    Incident(
        "renamed-list",
        "'eventos' is 'events'",
        _DRIFT,
        2 * _HOUR,
        _fault("renamed_list"),
        mend=_renamed("events", "eventos"),
    ),
    Incident(
        "renamed-root",
        "'objetos' is 'itens'",
        _DRIFT,
        2 * _HOUR,
        _fault("renamed_root"),
        mend=_renamed("itens", "objetos"),
    ),
    Incident("other-dates", "dates as 05.11.2026 14:20", _DRIFT, 2 * _HOUR, _fault("other_dates"), mend=_other_dates),
    Incident(
        "new-codes",
        "deliveries have new codes",
        frozenset({NoticeKind.UNKNOWN_CODE}),
        8 * _HOUR,
        _fault("new_delivery_codes"),
        mend=_new_codes,
        lasts=True,
    ),
    Incident(
        "revoked",
        "the credentials are revoked",
        frozenset({NoticeKind.CREDENTIALS_REFUSED}),
        2 * _HOUR,
        strike=_revoke,
        new_credentials=True,
    ),
    Incident("language", "Accept-Language is refused", _DRIFT, 2 * _HOUR, _fault("language")),
    Incident("silent", "empty answers with 200 OK", _DRIFT, 4 * _HOUR, _fault("no_events")),
    Incident("doubled", "events twice and in no order", frozenset(), 0 * _HOUR, _fault("doubled")),
    Incident("slow", "ten times slower", _DRIFT, 12 * _HOUR, strike=_slow, end=_fast, hours=12),
    Incident("half-500", "half of the answers are 500", _DRIFT, 8 * _HOUR, _fault("status", every=2)),
)
