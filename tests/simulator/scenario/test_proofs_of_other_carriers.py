"""What proves a delivery is compared with what was kept, at every carrier that has it."""

import pytest

from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import make_simulator
from paradeiro.simulator.scenario.compare import proof_differences
from paradeiro.simulator.scenario.scenario import Scenario
from tests.databases import START


@pytest.mark.parametrize("carrier", ["ups", "fedex"])
def test_a_missing_picture_and_one_of_nobody_are_found(carrier: str) -> None:
    truth = Scenario(60, 8, 7, START, (carrier,)).ground_truth()
    simulator = make_simulator(truth, SimulatorClock(truth.end))
    at, kind = truth.end, simulator.carriers[carrier]
    kept = {p.followed_as: {each.content for each in kind.pictures(p, at)} for p in kind.packages}
    others = [said for said in proof_differences(simulator, kept, at) if not said.startswith(tuple(kept))]
    assert proof_differences(simulator, kept, at) == others, "the post office's pictures alone are missing"
    code = next(code for code, pictures in kept.items() if pictures)
    none = proof_differences(simulator, {code: set() for code in kept}, at)
    strange = proof_differences(simulator, kept | {code: {b"x"}}, at)
    assert [said for said in none if "missing" in said and said.startswith(tuple(kept))]
    assert [said for said in strange if "not of the delivery" in said and code in said]
