"""A caller's sentence about a recipient who is not there."""

import pytest

from paradeiro.domain.following.phrases import meaning_of
from paradeiro.domain.words import Reason, Status


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Destinatário mudou-se", Reason.RECIPIENT_MOVED),
        ("Entrega não realizada: o destinatário mudou de endereço", Reason.RECIPIENT_MOVED),
        ("Cliente desconhecido no local", Reason.RECIPIENT_UNKNOWN),
        ("Destinatário falecido", Reason.RECIPIENT_UNKNOWN),
        ("Destinatário ausente", Reason.RECIPIENT_ABSENT),
        ("Endereço insuficiente", Reason.ADDRESS_PROBLEM),
    ],
)
def test_why_nobody_took_it(sentence: str, reason: Reason) -> None:
    assert meaning_of(sentence) == (Status.ATTEMPT_FAILED, reason)
