"""In: nothing; out: a fixture under which our pauses between two questions to the simulator are short.

They are for real parties, which need a while; the simulator does not. What is asked, and in which order, stays.
"""

from collections.abc import Iterator

import pytest

from paradeiro.connectors.correios import proofs
from paradeiro.flow.accounts import token_store
from paradeiro.flow.following import proofs_of_delivery


@pytest.fixture(scope="module", autouse=True)
def short_pauses() -> Iterator[None]:
    """For modules that play days: 8 of 17 seconds of an incident were pauses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proofs, "_PAUSES", (0.01, 0.05))
        patch.setattr(proofs_of_delivery, "_PAUSE_SECONDS", 0.0)
        patch.setattr(token_store, "_POLL_SECONDS", 0.02)
        yield
