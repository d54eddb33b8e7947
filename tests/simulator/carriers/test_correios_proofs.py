"""In: the simulator's pictures of deliveries over real HTTP; out: our own session's results, and what is missing."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from paradeiro.connectors.correios import CONNECTOR, proofs
from paradeiro.connectors.correios.client import CorreiosSession
from paradeiro.connectors.correios.parse import parse
from paradeiro.domain.following.proofs import content_type
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import AccountRef, ProofAnswer, ProofAsked
from paradeiro.simulator.carriers.correios_proofs import delivery_pictures
from paradeiro.simulator.parties import Simulator
from paradeiro.simulator.scenario.compare import proof_differences
from paradeiro.simulator.scenario.ground_truth import Package


@pytest.fixture
async def session(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CorreiosSession]:
    monkeypatch.setattr(proofs, "_PAUSES", (0.0, 0.0))
    simulator.clock.set(simulator.ground_truth.end)
    made = CONNECTOR.open(AccountRef(1, 1, "correios", "main", simulator.accounts()["correios"]), simulator.clock)
    assert isinstance(made, CorreiosSession)
    yield made
    await made.close()


def packages_with_proof(simulator: Simulator, kind: ProofKind, *, shown: bool = True) -> list[Package]:
    """Delivered packages with such a proof that is shown by now, or not yet."""
    now, signed = simulator.clock(), kind is ProofKind.SIGNED
    drawn = ((p, delivery_pictures(p, now, signed=signed)) for p in simulator.ground_truth.packages)
    return [p for p, found in drawn if found and (max(d.shown_at for d in found) <= now) is shown]


async def fetch_proofs(session: CorreiosSession, kind: ProofKind, packages: list[Package]) -> list[ProofAnswer]:
    return await session.fetch_proofs(kind, [ProofAsked(p.code) for p in packages[: proofs.MOST_CODES]])


@pytest.mark.parametrize("kind", ProofKind)
async def test_its_pictures_are_read_by_our_own_session(
    simulator: Simulator, session: CorreiosSession, kind: ProofKind
) -> None:
    packages = packages_with_proof(simulator, kind)
    assert packages
    for package, answer in zip(packages, await fetch_proofs(session, kind, packages), strict=False):
        drawn = delivery_pictures(package, simulator.clock(), signed=kind is ProofKind.SIGNED)
        assert answer.outcome is Outcome.FOUND
        assert [p.content for p in answer.pictures] == [d.content for d in drawn]
        assert {content_type(p.content) for p in answer.pictures} == {"image/png"}
        if kind is ProofKind.SIGNED:
            assert [p.taken_at for p in answer.pictures] == [d.delivered_at for d in drawn]


@pytest.mark.parametrize("kind", ProofKind)
async def test_a_package_without_such_a_service_has_none(
    simulator: Simulator, session: CorreiosSession, kind: ProofKind
) -> None:
    have = {p.code for p in packages_with_proof(simulator, kind)} | {
        p.code for p in packages_with_proof(simulator, kind, shown=False)
    }
    without = [p for p in simulator.ground_truth.packages if p.code not in have][:3]
    assert {each.outcome for each in await fetch_proofs(session, kind, without)} == {Outcome.NOT_FOUND}


async def test_what_the_service_offers_is_what_the_answer_about_the_package_says(
    simulator: Simulator, session: CorreiosSession
) -> None:
    """A package with a proof service has its proof once it is delivered; no proof of others is requested."""
    told = {
        p.code: parse(a.body)[0].proofs for p in simulator.ground_truth.packages for a in await session.fetch([p.code])
    }
    for kind in ProofKind:
        have = {
            p.code for p in [*packages_with_proof(simulator, kind), *packages_with_proof(simulator, kind, shown=False)]
        }
        assert have <= {code for code, kinds in told.items() if kind in kinds}


async def test_some_come_hours_after_the_news(simulator: Simulator, session: CorreiosSession) -> None:
    package = packages_with_proof(simulator, ProofKind.IMAGE)[0]
    drawn = delivery_pictures(package, simulator.clock(), signed=False)
    simulator.clock.set(max(d.shown_at for d in drawn) - timedelta(minutes=1))
    (early,) = await fetch_proofs(session, ProofKind.IMAGE, [package])
    assert early.outcome is Outcome.NOT_FOUND
    assert early.ticket
    simulator.clock.set(simulator.clock() + timedelta(minutes=1))
    (there,) = await session.fetch_proofs(ProofKind.IMAGE, [ProofAsked(package.code, early.ticket)])
    assert there.outcome is Outcome.FOUND


async def test_corrupt_pictures_cannot_be_read(simulator: Simulator, session: CorreiosSession) -> None:
    simulator.archive.corrupt = True
    for kind in ProofKind:
        (answer,) = await fetch_proofs(session, kind, packages_with_proof(simulator, kind)[:1])
        assert (answer.outcome, answer.pictures) == (Outcome.MALFORMED, ())


# What is missed


def all_pictures(simulator: Simulator) -> dict[str, set[bytes]]:
    now = simulator.clock()
    found = {
        p.code: {d.content for signed in (False, True) for d in delivery_pictures(p, now, signed=signed)}
        for p in simulator.ground_truth.packages
    }
    return {code: contents for code, contents in found.items() if contents}


def test_who_keeps_all_has_nothing_missing(simulator: Simulator) -> None:
    simulator.clock.set(simulator.ground_truth.end)
    assert proof_differences(simulator, all_pictures(simulator), simulator.clock()) == []


def test_a_picture_that_is_not_kept_is_missed_a_day_after_it_was_shown(simulator: Simulator) -> None:
    simulator.clock.set(simulator.ground_truth.end)
    package = packages_with_proof(simulator, ProofKind.IMAGE)[0]
    shown_at = max(d.shown_at for d in delivery_pictures(package, simulator.clock(), signed=False))
    kept = {code: contents for code, contents in all_pictures(simulator).items() if code != package.code}
    early = [
        each for each in proof_differences(simulator, kept, shown_at + timedelta(hours=23)) if package.code in each
    ]
    late = [each for each in proof_differences(simulator, kept, shown_at + timedelta(hours=25)) if package.code in each]
    assert early == []
    assert len(late) == 1
    assert "of its delivery are missing" in late[0]


def test_a_picture_of_no_delivery_is_found(simulator: Simulator) -> None:
    simulator.clock.set(simulator.ground_truth.end)
    kept = all_pictures(simulator)
    code = next(iter(kept))
    kept[code] |= {b"somebody else's house"}
    (said,) = proof_differences(simulator, kept, simulator.clock())
    assert code in said
    assert "1 pictures are not of the delivery that stands" in said
