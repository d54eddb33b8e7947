"""In: a message as a fixture writes it (JSON), or a request; out: the Message, and whether the request is as expected.

To write expected files anew: PARADEIRO_WRITE_EXPECTED=1, then read the difference before it is believed.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from paradeiro.connectors import discover
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import Message, Order, Shipment, TrackingEvent
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.conformance.subject import folder_of
from paradeiro.sdk.contract import AccountRef, Request

WRITE = "PARADEIRO_WRITE_EXPECTED"


class Story(msgspec.Struct, forbid_unknown_fields=True):
    """A message in the fixtures' form: the timeline is folded from its events."""

    kind: EffectKind
    now: datetime
    order: Order
    events: list[TrackingEvent]
    tracking_code: str = "AA123456785BR"
    estimate: datetime | None = None
    registered_at: datetime | None = None
    link: str = "https://loja.example/t/tok-en"
    store_name: str = "Loja Exemplo"
    store_zone: str = "America/Sao_Paulo"


def fixtures(connector: str, kind: str, ending: str = "json") -> list[Path]:
    """The inputs of one kind in a connector's folder."""
    folder = folder_of(discover()[connector]) / "fixtures" / kind
    return sorted(p for p in folder.glob(f"*.{ending}") if ".expected." not in p.name)


def read_message(path: Path) -> Message:
    """Read one fixture of fixtures/tellings."""
    story = msgspec.json.decode(path.read_bytes(), type=Story)
    timeline = fold(
        story.events,
        now=story.now,
        made_at=story.order.ordered_at,
        base=Status.REGISTERED,
        estimate=story.estimate,
    )
    registered_at = story.registered_at or story.now
    invoice = story.order.invoices[0]
    shipment = Shipment(
        7, 1, "correios", story.tracking_code, story.order.number, invoice, registered_at, "tok-en", timeline.snapshot
    )
    return Message(
        effect_id=42,
        effect_key="6f1ed002-ab55-4cbb-8e5a-0c2f3d1b7a10",
        kind=story.kind,
        order=story.order,
        shipment=shipment,
        timeline=timeline,
        store_name=story.store_name,
        store_zone=story.store_zone,
        tracking_link=story.link,
        thread_key="order-1-7d1ed002",
        now=story.now,
    )


def assert_as_expected(path: Path, actual: str, ending: str = ".expected.json") -> None:
    """The expected file beside a fixture equals the actual text."""
    expected = path.with_name(path.stem + ending)
    if os.environ.get(WRITE):
        expected.write_bytes(actual.encode())
    assert expected.is_file(), f"{expected.name} is missing: make it with {WRITE}=1 and read it"
    assert actual == expected.read_bytes().decode(), f"{path.name} is told differently from {expected.name}"


def request_text(request: Request) -> str:
    """An HTTP request as readable JSON."""
    shown: dict[str, Any] = {
        "method": request.method,
        "path": request.path,
        "headers": dict(request.headers),
        "body": json.loads(request.body),
    }
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def account(connector: str, **settings: str) -> AccountRef:
    """An account with these settings."""
    return AccountRef(1, 1, connector, "test", settings)
