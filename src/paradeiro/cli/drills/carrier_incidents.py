"""In: a simulated carrier; out: the incidents that can befall it, and why the others cannot.

One set for all carriers beside the post office, made of the simulator's faults.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from paradeiro.cli.running.simulated_carriers import Mishap
from paradeiro.domain.words import NoticeKind, Way
from paradeiro.sdk.contract import Connector
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.faults import Fault

Kind = type[SimulatedCarrier]
_HOUR = timedelta(hours=1)
_RETRY_AFTER = 3600
# So many pushes in a row that are not proven are told to a person; one may come from anyone.
FORGED_BEFORE_NOTICE = 5


class Repair(StrEnum):
    """What ends an incident, beside the carrier's recovery."""

    ITSELF = "itself"
    CREDENTIALS = "new credentials"
    REPLAY = "replay"
    FILE = "the right file"


@dataclass(frozen=True, slots=True)
class Part:
    """A fault for a part of an incident, in hours since it began; `until` None: to its end."""

    kind: str
    since: float = 0
    until: float | None = None
    status: int = 500
    retry_after: int | None = None
    feed_only: bool = False


@dataclass(frozen=True, slots=True)
class CarrierIncident:
    """One incident. `why_not`: why it cannot befall a carrier; empty if it can. `notices`: the kinds of the one notice
    (none: nothing to notice), opened `within` this time, once `at_least` so many pushes or files met with the `mishap`.
    """

    name: str
    what: str
    why_not: Callable[[Connector, Kind], str]
    notices: frozenset[NoticeKind] = frozenset()
    within: timedelta = timedelta(0)
    hours: float = 8
    parts: tuple[Part, ...] = ()
    mishap: Mishap = Mishap.NONE
    at_least: int = 1
    repair: Repair = Repair.ITSELF
    # Requests that are allowed while it lasts; None: no limit is checked.
    most_requests: int | None = None
    # Two where two interfaces fail in two ways: the one for tokens (an outage) and the one for packages.
    most_notices: int = 1

    def faults(self, carrier: Kind) -> list[tuple[Part, Fault]]:
        """Its faults at a carrier, not dated yet."""
        return [
            (
                part,
                Fault(
                    carrier.name,
                    part.kind,
                    status=part.status,
                    retry_after=part.retry_after,
                    path=carrier.feed_path if part.feed_only else "",
                    field=carrier.events_field,
                ),
            )
            for part in self.parts
        ]


def _unless_asked(_: Connector, carrier: Kind) -> str:
    return "" if answers(carrier) else "it is not asked"


def _unless_it_knows_us(_: Connector, carrier: Kind) -> str:
    return "" if carrier.secret_fields else "it asks for no credentials"


def _unless_json(_: Connector, carrier: Kind) -> str:
    return "" if carrier.events_field else "it gives no JSON"


def _unless_feed(connector: Connector, carrier: Kind) -> str:
    return "" if Way.FEED in connector.ways and carrier.feed_path else "it has no feed"


def _unless_push(connector: Connector, carrier: Kind) -> str:
    return "" if pushes(connector, carrier) else "its pushes are not taken"


def _unless_file(connector: Connector, carrier: Kind) -> str:
    return "" if Way.FILE in connector.ways and _has_own(carrier, "files") else "it writes no files"


def answers(carrier: Kind) -> bool:
    """Whether it is asked."""
    return _has_own(carrier, "app")


def pushes(connector: Connector, carrier: Kind) -> bool:
    """Whether it pushes and we take that."""
    return Way.PUSH in connector.ways and connector.read_push is not None and _has_own(carrier, "pushes")


def _has_own(carrier: Kind, method: str) -> bool:
    return getattr(carrier, method) is not getattr(SimulatedCarrier, method)


_OUTAGE = frozenset({NoticeKind.OUTAGE})
_DRIFT = frozenset({NoticeKind.CONTRACT_DRIFT})
_UNREADABLE = _OUTAGE | _DRIFT | {NoticeKind.MALFORMED_REPLY}
_CHANGED = _UNREADABLE | {NoticeKind.UNKNOWN_CODE}

CARRIER_INCIDENTS: Sequence[CarrierIncident] = (
    CarrierIncident(
        "outage", "503 for eight hours", _unless_asked, _OUTAGE, 3 * _HOUR, parts=(Part("status", status=503),)
    ),
    CarrierIncident(
        "revoked",
        "the credentials are refused",
        _unless_it_knows_us,
        frozenset({NoticeKind.CREDENTIALS_REFUSED}),
        3 * _HOUR,
        # What it signs with the new key cannot be checked with the old one: that is another incident.
        mishap=Mishap.LOST,
        repair=Repair.CREDENTIALS,
    ),
    CarrierIncident(
        "rate-limit",
        "429, again after an hour",
        _unless_asked,
        _OUTAGE,
        4 * _HOUR,
        parts=(Part("status", status=429, retry_after=_RETRY_AFTER),),
        most_requests=20,
    ),
    CarrierIncident(
        "web-page", "a web page with 200", _unless_asked, _UNREADABLE, 4 * _HOUR, parts=(Part("html"),), most_notices=2
    ),
    CarrierIncident(
        "empty",
        "200 without a body, then {}",
        _unless_asked,
        _UNREADABLE,
        4 * _HOUR,
        parts=(Part("empty", until=4), Part("hollow", since=4)),
        most_notices=2,
    ),
    CarrierIncident(
        "renamed",
        "a field has another name",
        _unless_json,
        _CHANGED,
        6 * _HOUR,
        parts=(Part("renamed"),),
        repair=Repair.REPLAY,
    ),
    CarrierIncident("push-lost", "no push arrives", _unless_push, mishap=Mishap.LOST),
    CarrierIncident("push-twice", "every push arrives twice", _unless_push, mishap=Mishap.TWICE),
    CarrierIncident(
        "push-forged",
        "pushes are signed with another secret",
        _unless_push,
        frozenset({NoticeKind.PUSH_REFUSED}),
        24 * _HOUR,
        hours=24,
        mishap=Mishap.FORGED,
        at_least=FORGED_BEFORE_NOTICE,
    ),
    CarrierIncident(
        "feed-unread",
        "the feed answers 500 for a day",
        _unless_feed,
        _OUTAGE | {NoticeKind.MALFORMED_REPLY},
        3 * _HOUR,
        hours=24,
        parts=(Part("status", feed_only=True),),
    ),
    CarrierIncident(
        "file-broken",
        "a file breaks off in the middle",
        _unless_file,
        # A place of the file where it is cut by lines, else the whole of it.
        _DRIFT | {NoticeKind.MALFORMED_REPLY},
        12 * _HOUR,
        hours=12,
        mishap=Mishap.BROKEN,
        repair=Repair.FILE,
    ),
    CarrierIncident("file-twice", "every file comes twice", _unless_file, hours=12, mishap=Mishap.TWICE),
)
