"""In: a request, an instant; out: what the interfaces of carriers have in common: bodies, tokens, wall clocks, news."""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request

from paradeiro.simulator.scenario.ground_truth import Happening, Package

BRASILIA = ZoneInfo("America/Sao_Paulo")
JSON_TYPE = "application/json"


async def json_object(request: Request) -> dict[str, Any] | None:
    """The request's JSON object; None for any other body."""
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def bearer(request: Request) -> str:
    """The token in the header Authorization; empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def basic(request: Request) -> tuple[str, str]:
    """User and password in the header Authorization; empty without them."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    try:
        text = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return (user, password) if scheme.lower() == "basic" else ("", "")


def sent_as(request: Request) -> str:
    """The media type of the request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def local(at: datetime, form: str = "%Y-%m-%dT%H:%M:%S") -> str:
    """Brasília's wall clock, without an offset."""
    return at.astimezone(BRASILIA).strftime(form)


def number_of(*parts: object) -> int:
    """Always the same number for the same values: what seems random and must not change from answer to answer."""
    return int.from_bytes(sha256("|".join(map(str, parts)).encode()).digest()[:6])


def destination(package: Package) -> Happening:
    """An event at the place where the package goes; the first one if it never gets there."""
    first = package.happenings[0]
    return next((each for each in package.happenings if each.city != first.city), first)


@dataclass(slots=True)
class Tokens:
    """Tokens that a carrier gives out, and until when each is good."""

    clock: Callable[[], datetime]
    lasts: timedelta
    good_until: dict[str, datetime] = field(default_factory=dict)

    def give(self) -> str:
        token = f"token-{number_of(self.lasts, len(self.good_until)):x}"
        self.good_until[token] = self.clock() + self.lasts
        return token

    def clear(self) -> None:
        """None is good any more."""
        self.good_until = dict.fromkeys(self.good_until, self.clock())

    def holds(self, token: str) -> bool:
        return token in self.good_until and self.clock() < self.good_until[token]


@dataclass(frozen=True, slots=True)
class News:
    """What became visible of a package, and when the carrier sends it, perhaps a second time."""

    package: Package
    happening: Happening
    sent_at: tuple[datetime, ...]


def news(packages: Iterable[Package], since: datetime, until: datetime) -> list[News]:
    """What became visible after `since`, until `until`: each is sent a little later, every tenth twice."""
    found = []
    for package in packages:
        for happening in package.happenings:
            if not since < happening.visible_at <= until:
                continue
            dice = number_of(package.code, happening.code, happening.happened_at)
            first = happening.visible_at + timedelta(seconds=2 + dice % 20)
            again = (first + timedelta(seconds=30 + dice % 200),) if dice % 10 == 0 else ()
            found.append(News(package, happening, (first, *again)))
    return sorted(found, key=lambda each: each.sent_at)
