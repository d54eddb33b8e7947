"""In: nothing; out: the incidents at Correios: what happens, which notice must be opened by when, how it ends."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from paradeiro.domain.records import ParsedAnswer
from paradeiro.domain.words import NoticeKind, Status
from paradeiro.simulator.faults import Fault
from paradeiro.simulator.parties import Simulator

Parse = Callable[[bytes], list[ParsedAnswer]]
# From today's parser to the parser after the repair of the connector.
Repair = Callable[[Parse], Parse]
_PATH = "srorastro"
_HOUR = timedelta(hours=1)


def _nothing(_: Simulator) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `begin` and `end` change the simulator in addition to `faults`. `notices`: the allowed kinds of the
    one notice (none: no notice), opened `within` this time. `repair`, where the connector must be changed: its parser
    after that; stored replies are replayed. `lasts`: the carrier's change stays; else it ends after `hours`.
    """

    name: str
    what: str
    notices: frozenset[NoticeKind]
    within: timedelta
    faults: tuple[Fault, ...] = ()
    begin: Callable[[Simulator], None] = _nothing
    end: Callable[[Simulator], None] = _nothing
    repair: Repair | None = None
    lasts: bool = False
    new_credentials: bool = False
    hours: float = 8.0


def _fault(kind: str, *, every: int = 1, status: int = 500) -> tuple[Fault, ...]:
    return (Fault("correios", kind, path=_PATH, every=every, status=status),)


def _renamed(new: str, old: str) -> Repair:
    """The repaired parser for a renamed field."""
    return lambda parse: lambda body: parse(body.replace(f'"{new}":'.encode(), f'"{old}":'.encode()))


_DATES = re.compile(rb'"dtHrCriado": ?"(\d\d)\.(\d\d)\.(\d{4}) ([\d:]{8})"')


def _other_dates(parse: Parse) -> Parse:
    """The repaired parser for dates with dots."""
    return lambda body: parse(_DATES.sub(rb'"dtHrCriado":"\3-\2-\1T\4"', body))


def _new_codes(parse: Parse) -> Parse:
    """The repaired code table: the new numbers are deliveries."""
    return lambda body: [_known(each) for each in parse(body)]


def _known(parsed: ParsedAnswer) -> ParsedAnswer:
    new = {f"{kind}/{number}" for kind in ("BDE", "BDI") for number in ("90", "91", "97")}
    events = tuple(replace(e, status=Status.DELIVERED) if e.code in new else e for e in parsed.events)
    return replace(parsed, events=events, unknown_codes=tuple(c for c in parsed.unknown_codes if c not in new))


def _revoke(simulator: Simulator) -> None:
    simulator.post.contract.access_code = "codigo-novo"
    simulator.post.tokens.clear()


# Clearly slower also where other work on this machine makes usual answers several times as long.
_SLOWER = 25


def _slow(simulator: Simulator) -> None:
    simulator.post.seconds *= _SLOWER


def _fast(simulator: Simulator) -> None:
    simulator.post.seconds /= _SLOWER


_DRIFT = frozenset({NoticeKind.CONTRACT_DRIFT})

INCIDENTS: Sequence[Incident] = (
    Incident("switched-off", "302 to a web page", _DRIFT, 2 * _HOUR, _fault("redirect")),
    Incident(
        "renamed-list",
        "'eventos' is 'events'",
        _DRIFT,
        2 * _HOUR,
        _fault("renamed_list"),
        repair=_renamed("events", "eventos"),
    ),
    Incident(
        "renamed-root",
        "'objetos' is 'itens'",
        _DRIFT,
        2 * _HOUR,
        _fault("renamed_root"),
        repair=_renamed("itens", "objetos"),
    ),
    Incident("other-dates", "dates as 05.11.2026 14:20", _DRIFT, 2 * _HOUR, _fault("other_dates"), repair=_other_dates),
    Incident(
        "new-codes",
        "deliveries have new codes",
        frozenset({NoticeKind.UNKNOWN_CODE}),
        8 * _HOUR,
        _fault("new_delivery_codes"),
        repair=_new_codes,
        lasts=True,
    ),
    Incident(
        "revoked",
        "the credentials are revoked",
        frozenset({NoticeKind.CREDENTIALS_REFUSED}),
        2 * _HOUR,
        begin=_revoke,
        new_credentials=True,
    ),
    Incident("language", "Accept-Language is refused", _DRIFT, 2 * _HOUR, _fault("language")),
    Incident("silent", "empty answers with 200 OK", _DRIFT, 4 * _HOUR, _fault("no_events")),
    Incident("doubled", "events twice and in no order", frozenset(), 0 * _HOUR, _fault("doubled")),
    Incident("slow", "25 times slower", _DRIFT, 12 * _HOUR, begin=_slow, end=_fast, hours=12),
    Incident("half-500", "half of the answers are 500", _DRIFT, 8 * _HOUR, _fault("status", every=2)),
)
