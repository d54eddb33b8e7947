"""In: a courier's name, a tracking code, a tracking address; out: the carrier that they point to, with the reason.

A recommendation is for a person: no package is followed by it alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.couriers import courier_key
from paradeiro.domain.words import PartyKind
from paradeiro.sdk.contract import Connector


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A connector that probably carries a package. `reason`: a clause in English, for a person."""

    connector: str
    title: str
    reason: str


def recommend(connectors: Mapping[str, Connector], courier: str, code: str, url: str) -> Recommendation | None:
    """The best recommendation: by the courier's name, else by the tracking address, else by the form of the code if
    that fits one carrier only. None without a certain clue.
    """
    carriers = [c for c in connectors.values() if PartyKind.CARRIER in c.kinds and not c.fallback_for]
    for found in (*_by_name(carriers, courier), *_by_address(carriers, url)):
        return found
    fits = [carrier for carrier in carriers if code and carrier.code_has_form(tidy_code(code))]
    if len(fits) == 1:
        return Recommendation(fits[0].name, fits[0].title, f"{code} has the form of its codes, check digit included")
    return None


def _by_name(carriers: list[Connector], courier: str) -> Iterator[Recommendation]:
    words = set(courier_key(courier).split())
    for carrier in carriers:
        recognised = carrier.recognises_courier is not None and carrier.recognises_courier(courier)
        named = words & {part for part in courier_key(carrier.title).split() if len(part) > 2}
        if recognised or named:
            yield Recommendation(carrier.name, carrier.title, f"the name '{courier}' contains its name")


def _by_address(carriers: list[Connector], url: str) -> Iterator[Recommendation]:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    for carrier in carriers:
        page = urlsplit(carrier.tracking_url("X")).hostname if carrier.tracking_url is not None else None
        if host and page and host == page.removeprefix("www."):
            yield Recommendation(carrier.name, carrier.title, f"its tracking address is at {host}")
