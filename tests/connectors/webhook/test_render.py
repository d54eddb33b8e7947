"""In: messages; out: the requests to endpoints."""

import json
from pathlib import Path

import pytest

from paradeiro.connectors.webhook.render import TYPES, render
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.hard_cases import hard_cases
from tests.connectors.tellings import assert_as_expected, fixtures, read_message, request_text


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem) for p in fixtures("webhook", "tellings")])
def test_a_message_is_as_expected(path: Path) -> None:
    assert_as_expected(path, request_text(render(read_message(path), {})))


def test_every_status_has_a_type_of_its_own() -> None:
    assert set(TYPES) == set(Status)
    assert len(set(TYPES.values())) == len(Status)


def test_no_message_names_the_customer() -> None:
    for name, message in hard_cases(EffectKind.WEBHOOK_EVENT):
        body = render(message, {}).body.decode()
        assert "ana@example.com" not in body, name
        assert "Ana Souza" not in body, name


def test_a_delivery_that_was_taken_back_is_said() -> None:
    by_name = dict(hard_cases(EffectKind.WEBHOOK_EVENT))
    for name, withdrawn in (("withdrawn delivery", True), ("reopened by an operator", True), ("delivered", False)):
        data = json.loads(render(by_name[name], {}).body)["data"]
        assert data["delivery_withdrawn"] is withdrawn, name
        assert (data["delivered_at"] is None) is withdrawn, name


def test_another_effect_is_refused() -> None:
    with pytest.raises(ValueError, match="never told"):
        render(next(hard_cases(EffectKind.ORDER_UPDATE))[1], {})
