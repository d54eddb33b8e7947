"""In: correct connectors and many wrong ones; out: the suite passes the first and finds the errors of the others."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import Outcome, Status
from paradeiro.sdk.conformance.privacy import find_exposures, is_cpf
from paradeiro.sdk.conformance.quality import Claim, claim_problems
from paradeiro.sdk.conformance.subject import subject_of
from paradeiro.sdk.conformance.suite import RULES, Rule, check, judge, verdicts
from paradeiro.sdk.contract import AccountField, AccountRef, Answer, Clock, Connector, Request
from paradeiro.sdk.template.example_carrier import CONNECTOR as GOOD
from tests.sdk.carrier import MAILER, TELLER, TEMPLATE, TellingSession, open_telling, reading, render, render_mail

BY_NAME = {rule.name: rule for rule in RULES}


def findings(connector: Connector, rule: str, folder: Path = TEMPLATE) -> list[str]:
    verdict = judge(BY_NAME[rule], subject_of(connector, folder), None)
    assert verdict.state in {"passes", "broken"}
    return [finding.message for finding in verdict.findings]


def test_a_right_connector_passes() -> None:
    assert not check(GOOD)
    assert {v.rule for v in verdicts(GOOD) if v.state == "passes"} >= {"fixtures", "cut_short", "failures"}


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_a_right_teller_and_mailer_pass(rule: Rule) -> None:
    # A mail that was handed over cannot be looked up.
    for connector in (TELLER,) if rule.name == "read_back" else (TELLER, MAILER):
        verdict = judge(rule, subject_of(connector, TEMPLATE), None)
        assert not verdict.findings


def each_event(change: Callable[[TrackingEvent, int], TrackingEvent]) -> Connector:
    def changed(parsed: list[ParsedAnswer], _: bytes) -> list[ParsedAnswer]:
        return [replace(p, events=tuple(change(e, i) for i, e in enumerate(p.events))) for p in parsed]

    return reading(changed)


def machine_time(event: TrackingEvent, _: int) -> TrackingEvent:
    wall = time.mktime(event.occurred_at.replace(tzinfo=None).timetuple())
    return replace(event, occurred_at=datetime.fromtimestamp(wall, tz=event.occurred_at.tzinfo))


def numbered(event: TrackingEvent, index: int) -> TrackingEvent:
    return replace(event, code=f"{event.code}-{index}")


def worded(event: TrackingEvent, _: int) -> TrackingEvent:
    return replace(event, code=event.code, occurred_at=event.occurred_at + timedelta(seconds=len(event.description)))


def optimistic(event: TrackingEvent, _: int) -> TrackingEvent:
    return replace(event, status=Status.DELIVERED) if event.status is Status.UNKNOWN else event


def first_wins(parsed: list[ParsedAnswer], _: bytes) -> list[ParsedAnswer]:
    return [replace(p, events=p.events[:1]) for p in parsed]


def forgets_unknown(parsed: list[ParsedAnswer], _: bytes) -> list[ParsedAnswer]:
    return [replace(p, events=tuple(e for e in p.events if e.status is not Status.UNKNOWN)) for p in parsed]


def tells_nobody(parsed: list[ParsedAnswer], _: bytes) -> list[ParsedAnswer]:
    return [replace(p, unknown_codes=()) for p in parsed]


def half_is_enough(parsed: list[ParsedAnswer], data: bytes) -> list[ParsedAnswer]:
    return [ParsedAnswer("EX0001", Outcome.FOUND)] if data.startswith(b"{") and parsed[0].message else parsed


def breaks(parsed: list[ParsedAnswer], _: bytes) -> list[ParsedAnswer]:
    if parsed[0].outcome is Outcome.MALFORMED:
        raise KeyError("history")
    return parsed


def silent(parsed: list[ParsedAnswer], _: bytes) -> list[ParsedAnswer]:
    return [p for p in parsed if p.outcome is not Outcome.MALFORMED]


def page_is_not_found(parsed: list[ParsedAnswer], data: bytes) -> list[ParsedAnswer]:
    return [ParsedAnswer("", Outcome.NOT_FOUND)] if data.lstrip().startswith(b"<") else parsed


def naive(event: TrackingEvent, _: int) -> TrackingEvent:
    return replace(event, occurred_at=event.occurred_at.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("fixtures", each_event(lambda e, _: replace(e, occurred_at=e.occurred_at + timedelta(hours=3)))),
        ("fixtures", each_event(naive)),
        ("machine_zone", each_event(machine_time)),
        ("shuffled", reading(first_wins)),
        ("unknown_code", each_event(optimistic)),
        ("unknown_code", reading(forgets_unknown)),
        ("unknown_code", reading(tells_nobody)),
        ("repeated", each_event(numbered)),
        ("repeated", each_event(worded)),
        ("cut_short", reading(half_is_enough)),
        ("cut_short", reading(breaks)),
        ("rubbish", reading(breaks)),
        ("rubbish", reading(silent)),
        ("rubbish", reading(page_is_not_found)),
    ],
)
def test_a_wrong_reader_is_found(rule: str, wrong: Connector) -> None:
    assert findings(wrong, rule)


def test_the_machine_is_as_before() -> None:
    before = (os.environ.get("TZ"), time.tzname)
    assert not findings(GOOD, "machine_zone")
    assert (os.environ.get("TZ"), time.tzname) == before


def unescaped(outgoing: Any, settings: Any) -> Request:
    request = render(outgoing, settings)
    return replace(request, path=f"/orders/{outgoing.order.number}")


def needs_a_name(outgoing: Any, settings: Any) -> Request:
    assert outgoing.order.customer.name[0]
    return render(outgoing, settings)


def leaks(outgoing: Any, settings: Any) -> Request:
    return replace(render(outgoing, settings), headers=(("X-Token", settings["token"]),))


def of_this_moment(outgoing: Any, settings: Any) -> Request:
    return replace(render(outgoing, settings), body=str(time.perf_counter_ns()).encode())


def injected(outgoing: Any, settings: Any) -> Request:
    request = render_mail(outgoing, settings)
    head = f"X-Store: {outgoing.store_name}\r\n".encode()
    return replace(request, body=head + request.body)


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("hard_cases", replace(TELLER, render=unescaped)),
        ("hard_cases", replace(TELLER, render=needs_a_name)),
        ("hard_cases", replace(TELLER, render=leaks)),
        ("hard_cases", replace(TELLER, render=lambda *_: None)),
        ("hard_cases", replace(MAILER, render=injected)),
        ("deterministic", replace(TELLER, render=of_this_moment)),
    ],
)
def test_a_wrong_teller_is_found(rule: str, wrong: Connector) -> None:
    assert findings(wrong, rule)


class Hopeful:
    """A session that takes every failure for an answer."""

    def __init__(self, settings: object) -> None:
        self.settings = settings

    def __repr__(self) -> str:
        return f"Hopeful({self.settings})"

    async def fetch(self, codes: Sequence[str]) -> list[Answer]:
        return [Answer(code, Outcome.NOT_FOUND) for code in codes]

    async def close(self) -> None:
        pass


def test_a_client_that_takes_an_outage_for_an_answer_is_found() -> None:
    hopeful = replace(GOOD, open=lambda account, _: Hopeful(account.settings))
    assert len(findings(hopeful, "failures")) > 8
    assert "repr of the session shows a secret" in findings(hopeful, "no_secrets")


def test_a_sender_that_never_doubts_is_found() -> None:
    def certain(account: Any, clock: Any) -> Any:
        session = open_telling(account, clock)
        send = session.send

        async def sure(request: Request, telling_id: str) -> Any:
            return replace(await send(request, telling_id), in_doubt=False)

        session.send = sure
        return session

    assert any("in_doubt" in why for why in findings(replace(TELLER, open=certain), "failures"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [(False, "asks its party nothing"), (False, "is None, not False"), (True, "shows nothing is taken for a yes")],
)
def test_a_sink_that_does_not_read_back_is_found(answer: bool, words: str) -> None:
    class Blind(TellingSession):
        async def already_done(self, request: Request, telling_id: str) -> bool:
            return answer

    def blind(account: AccountRef, clock: Clock) -> Blind:
        return Blind(open_telling(account, clock)._client)

    assert any(words in why for why in findings(replace(TELLER, open=blind), "read_back"))


def test_a_secret_that_is_not_marked_is_found() -> None:
    open_secret = replace(GOOD, account_fields=(*GOOD.account_fields, AccountField("api_key")))
    assert "the account field 'api_key' sounds like a secret and is not marked as one" in findings(
        open_secret, "no_secrets"
    )


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("write to ana.souza@gmail.com", True),
        ("write to ana@example.com or b@shop.example or c@x.test", False),
        ('"cpf": "529.982.247-25"', True),
        ('"documento": "52998224725"', True),
        ('"documento": "52998224726"', False),
        ('"cpf": "000.000.000-00"', False),
        ('"fone": "(11) 98765-4321"', True),
        ('"fone": "+55 11 98765-4321"', True),
        ('"fone": "(11) 00000-0000"', False),
        ("AA123456785BR 2026-03-02T10:00:00.123456-03:00", False),
        ("eyJhbGciOiJSUzUxMiJ9.eyJpc3MiOiJ0b2tlbi1zZXJ2aWNlIn0.x", True),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwx", True),
        ("Authorization: Bearer REDACTED", False),
        ("cws-ch1_abcdef", True),
    ],
)
def test_what_must_not_be_in_a_fixture(text: str, *, seen: bool) -> None:
    assert bool(list(find_exposures(text))) is seen


def test_cpf_check_digits() -> None:
    assert is_cpf("529.982.247-25")
    assert not is_cpf("111.111.111-11")
    assert not is_cpf("1234")


def test_claims() -> None:
    claims = {"a": Claim("done"), "b": Claim("todo"), "c": Claim("perhaps"), "z": Claim("done")}
    problems = "\n".join(claim_problems(claims, ["a", "b", "c", "d"], ["a", "b", "c", "d"]))
    assert "'d' is not in quality.toml" in problems
    assert "'b' is 'todo' without a reason" in problems
    assert "'c' is 'perhaps'" in problems
    assert "'z' that the suite does not know" in problems
    assert "'a'" not in problems


def test_a_rule_that_is_still_to_do_is_not_tried() -> None:
    verdict = judge(BY_NAME["shuffled"], subject_of(reading(first_wins), TEMPLATE), Claim("todo", "wanted in May"))
    assert (verdict.state, verdict.reason, verdict.findings) == ("todo", "wanted in May", ())


def test_a_folder_that_lacks_its_files_is_found(tmp_path: Path) -> None:
    messages = {finding.message for finding in check(GOOD, tmp_path)}
    assert {"README.md is missing", "quality.toml is missing", "fixtures/ is missing"} <= messages


def test_fixtures_without_expectation_or_name(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "delivered.json").write_bytes((TEMPLATE / "fixtures" / "not_found.json").read_bytes())
    messages = findings(GOOD, "fixtures", tmp_path)
    assert any("no delivered.expected.json" in m for m in messages)
    assert any("not_found.* is missing" in m for m in messages)
    expected = [{"tracking_code": "EX0003", "outcome": "not_found"}]
    (tmp_path / "fixtures" / "delivered.expected.json").write_text(json.dumps(expected))
    assert any("should be delivered" in m for m in findings(GOOD, "fixtures", tmp_path))
