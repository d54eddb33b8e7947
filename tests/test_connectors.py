"""In: every connector folder, found by itself; out: each promise of the conformance suite, kept or not."""

import pytest

from paradeiro.connectors import discover
from paradeiro.sdk.conformance.quality import claims_of
from paradeiro.sdk.conformance.subject import folder_of, subject_of
from paradeiro.sdk.conformance.suite import RULES, Rule, judge, verdicts
from paradeiro.sdk.contract import Connector

CONNECTORS = discover()


def test_there_are_connectors() -> None:
    assert CONNECTORS, "no folder in src/paradeiro/connectors: nothing can be followed"


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=lambda c: c.name)
def test_the_folder_is_whole_and_honest(connector: Connector) -> None:
    found = [finding for verdict in verdicts(connector, rules=()) for finding in verdict.findings]
    assert not found, "\n".join(f.message for f in found)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=lambda c: c.name)
def test_a_connector_keeps(connector: Connector, rule: Rule) -> None:
    claims = claims_of(folder_of(connector))
    verdict = judge(rule, subject_of(connector), claims.get(rule.name))
    if verdict.state in {"todo", "exempt", "does not apply"}:
        pytest.skip(f"{verdict.state} {verdict.reason}")
    assert not verdict.findings, "\n".join(f.message for f in verdict.findings[:20])
