"""In: what a carrier can tell; out: journeys of the kinds that it can tell, and of no other words."""

from datetime import UTC, datetime
from random import Random

import pytest

from paradeiro.simulator.carriers.brazil.brudam import Brudam
from paradeiro.simulator.carriers.brazil.esl_cloud import EslCloud
from paradeiro.simulator.carriers.brazil.jt_express import JtExpress
from paradeiro.simulator.carriers.brazil.loggi import Loggi
from paradeiro.simulator.carriers.brazil.nfe_cte import NfeCte
from paradeiro.simulator.carriers.brazil.ocoren import Ocoren
from paradeiro.simulator.carriers.brazil.ssw import Ssw
from paradeiro.simulator.carriers.brazil.total_express import TotalExpress
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.carrier_journeys import HAPPENINGS, KINDS, carrier_journey

POSTED = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
# The kinds that only some can tell.
TELLS: dict[type[SimulatedCarrier], set[str]] = {
    Ssw: {"tried_again", "sent_back", "paper_later", "handed_on", "counter", "lost", "taken_back", "same_second"},
    Ocoren: {"tried_again", "sent_back", "paper_later", "handed_on", "counter", "lost", "same_second"},
    EslCloud: {"tried_again", "sent_back", "paper_later", "handed_on", "counter", "lost", "same_second"},
    Loggi: {"plain", "tried_again", "sent_back", "handed_on", "counter", "lost", "same_second"},
    TotalExpress: {"plain", "tried_again", "sent_back", "paper_later", "handed_on", "counter", "lost", "same_second"},
    Brudam: {"sent_back", "paper_later", "same_second"},
    JtExpress: {"plain", "lost", "same_second"},
    NfeCte: {"tried_again", "taken_back"},
}


@pytest.mark.parametrize("cls", TELLS, ids=lambda cls: cls.name)
def test_a_carriers_journeys_are_those_that_it_can_tell(cls: type[SimulatedCarrier]) -> None:
    chance = Random(7)
    journeys = [carrier_journey(chance, POSTED, cls.sayable) for _ in range(1000)]
    assert {kind for kind, _ in journeys} == TELLS[cls] | {"short", "nothing"}
    for kind, told in journeys:
        words = [each.code for each in told]
        assert KINDS[kind][1] <= set(words) <= cls.sayable
        assert [each.says for each in told] == [HAPPENINGS[word] for word in words]
        assert [each.happened_at for each in told] == sorted(each.happened_at for each in told)
