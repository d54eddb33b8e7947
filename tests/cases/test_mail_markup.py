"""In: what Gmail requires of a parcel's mark-up (the folder `mail-markup`); out: it is there, or the mark-up is not."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from paradeiro.connectors.email.render import render
from paradeiro.domain.records import Place
from tests.connectors.tellings import fixtures, read_message

HERE = Path(__file__).parent / "mail-markup"
REQUIRED = json.loads((HERE / "required.json").read_text(encoding="utf-8"))["required"]
TELLINGS = fixtures("email", "tellings")


def _markup(path: Path, goal: Place | None) -> dict[str, object] | None:
    outgoing = read_message(path)
    snapshot = replace(outgoing.timeline.snapshot, destination=goal)
    outgoing = replace(outgoing, timeline=replace(outgoing.timeline, snapshot=snapshot))
    html = render(outgoing, {"from_address": "loja@example.com"}).body.decode()
    found = re.search(r'application/ld\+json">(.*?)</script>', _plain(html), re.DOTALL)
    return json.loads(found[1]) if found else None


def _plain(message: str) -> str:
    from email import message_from_string, policy

    mail = message_from_string(message, policy=policy.default)
    part = mail.get_body(("html",))
    return part.get_content() if part else ""


@pytest.mark.parametrize("path", TELLINGS, ids=lambda p: p.stem)
@pytest.mark.parametrize(
    ("goal", "there"),
    [
        (Place("Itu", "SP"), True),
        (Place("Lisboa", None, "PT"), True),
        (Place("Itu"), False),
        (Place(None, "SP"), False),
        (None, False),
    ],
)
def test_required_is_there_or_the_markup_is_not(path: Path, goal: Place | None, *, there: bool) -> None:
    found = _markup(path, goal)
    assert (found is not None) is there
    for name in REQUIRED if found else ():
        value: object = found
        for part in name.split("."):
            assert isinstance(value, dict)
            value = value.get(part)
        assert value, name
