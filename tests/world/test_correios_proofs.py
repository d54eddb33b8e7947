"""In: the world's pictures of deliveries over real HTTP; out: what our own session gets from it, and what is missed."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from paradeiro.connectors.correios import CONNECTOR, proofs
from paradeiro.connectors.correios.client import CorreiosSession
from paradeiro.connectors.correios.parse import parse
from paradeiro.domain.proofs import content_type
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import AccountRef, ProofAnswer, ProofAsked
from paradeiro.world.compare import unproven
from paradeiro.world.correios_proofs import pictures
from paradeiro.world.parties import World
from paradeiro.world.truth import Package


@pytest.fixture
async def session(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CorreiosSession]:
    monkeypatch.setattr(proofs, "_PAUSES", (0.0, 0.0))
    world.clock.set(world.truth.end)
    made = CONNECTOR.open(AccountRef(1, 1, "correios", "main", world.accounts()["correios"]), world.clock)
    assert isinstance(made, CorreiosSession)
    yield made
    await made.close()


def proven(world: World, kind: ProofKind, *, shown: bool = True) -> list[Package]:
    """Delivered packages with such a proof that is shown by now, or not yet."""
    now, signed = world.clock(), kind is ProofKind.SIGNED
    drawn = ((p, pictures(p, now, signed=signed)) for p in world.truth.packages)
    return [p for p, found in drawn if found and (max(d.shown_at for d in found) <= now) is shown]


async def fetched(session: CorreiosSession, kind: ProofKind, packages: list[Package]) -> list[ProofAnswer]:
    return await session.fetch_proofs(kind, [ProofAsked(p.code) for p in packages[: proofs.MOST_CODES]])


@pytest.mark.parametrize("kind", ProofKind)
async def test_its_pictures_are_read_by_our_own_session(
    world: World, session: CorreiosSession, kind: ProofKind
) -> None:
    packages = proven(world, kind)
    assert packages
    for package, answer in zip(packages, await fetched(session, kind, packages), strict=False):
        drawn = pictures(package, world.clock(), signed=kind is ProofKind.SIGNED)
        assert answer.outcome is Outcome.FOUND
        assert [p.content for p in answer.pictures] == [d.content for d in drawn]
        assert {content_type(p.content) for p in answer.pictures} == {"image/png"}
        if kind is ProofKind.SIGNED:
            assert [p.taken_at for p in answer.pictures] == [d.delivered_at for d in drawn]


@pytest.mark.parametrize("kind", ProofKind)
async def test_a_package_without_such_a_service_has_none(
    world: World, session: CorreiosSession, kind: ProofKind
) -> None:
    have = {p.code for p in proven(world, kind)} | {p.code for p in proven(world, kind, shown=False)}
    without = [p for p in world.truth.packages if p.code not in have][:3]
    assert {each.outcome for each in await fetched(session, kind, without)} == {Outcome.NOT_FOUND}


async def test_what_the_service_offers_is_what_the_answer_about_the_package_says(
    world: World, session: CorreiosSession
) -> None:
    """Whoever is said to have a proof has one as soon as the package is delivered; of the others nobody asks."""
    told = {p.code: parse(a.body)[0].proofs for p in world.truth.packages for a in await session.fetch([p.code])}
    for kind in ProofKind:
        have = {p.code for p in [*proven(world, kind), *proven(world, kind, shown=False)]}
        assert have <= {code for code, kinds in told.items() if kind in kinds}


async def test_some_come_hours_after_the_news(world: World, session: CorreiosSession) -> None:
    package = proven(world, ProofKind.IMAGE)[0]
    drawn = pictures(package, world.clock(), signed=False)
    world.clock.set(max(d.shown_at for d in drawn) - timedelta(minutes=1))
    (early,) = await fetched(session, ProofKind.IMAGE, [package])
    assert early.outcome is Outcome.NOT_FOUND
    assert early.ticket
    world.clock.set(world.clock() + timedelta(minutes=1))
    (there,) = await session.fetch_proofs(ProofKind.IMAGE, [ProofAsked(package.code, early.ticket)])
    assert there.outcome is Outcome.FOUND


async def test_spoilt_pictures_cannot_be_read(world: World, session: CorreiosSession) -> None:
    world.archive.spoilt = True
    for kind in ProofKind:
        (answer,) = await fetched(session, kind, proven(world, kind)[:1])
        assert (answer.outcome, answer.pictures) == (Outcome.MALFORMED, ())


# What is missed


def all_pictures(world: World) -> dict[str, set[bytes]]:
    now = world.clock()
    found = {
        p.code: {d.content for signed in (False, True) for d in pictures(p, now, signed=signed)}
        for p in world.truth.packages
    }
    return {code: contents for code, contents in found.items() if contents}


def test_who_keeps_all_has_nothing_missing(world: World) -> None:
    world.clock.set(world.truth.end)
    assert unproven(world, all_pictures(world), world.clock()) == []


def test_a_picture_that_is_not_kept_is_missed_a_day_after_it_was_shown(world: World) -> None:
    world.clock.set(world.truth.end)
    package = proven(world, ProofKind.IMAGE)[0]
    shown_at = max(d.shown_at for d in pictures(package, world.clock(), signed=False))
    kept = {code: contents for code, contents in all_pictures(world).items() if code != package.code}
    early = [each for each in unproven(world, kept, shown_at + timedelta(hours=23)) if package.code in each]
    late = [each for each in unproven(world, kept, shown_at + timedelta(hours=25)) if package.code in each]
    assert early == []
    assert len(late) == 1
    assert "of its delivery are missing" in late[0]


def test_a_picture_of_no_delivery_is_found(world: World) -> None:
    world.clock.set(world.truth.end)
    kept = all_pictures(world)
    code = next(iter(kept))
    kept[code] |= {b"somebody else's house"}
    (said,) = unproven(world, kept, world.clock())
    assert code in said
    assert "1 pictures are not of the delivery that stands" in said
