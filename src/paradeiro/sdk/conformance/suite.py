"""In: a connector; out: findings, one per broken rule. One suite for tests and `paradeiro check`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paradeiro.sdk.conformance import inbound, outbound, privacy, pushes, readback, reports, wire
from paradeiro.sdk.conformance.cases.rule import check_carrier_cases
from paradeiro.sdk.conformance.quality import Claim, claim_problems, claims_of
from paradeiro.sdk.conformance.subject import PromiseBrokenError, Subject, subject_of
from paradeiro.sdk.contract import Connector

FOLDER = "folder"
QUALITY = "quality"
_FILES = ("__init__.py", "README.md", "quality.toml")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a connector breaks, with a message."""

    connector: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `applies`: whether it concerns a connector at all; `find_problems` gives a sentence per violation."""

    name: str
    about: str
    applies: Callable[[Connector], bool]
    find_problems: Callable[[Subject], Iterator[str]]


def _parses(connector: Connector) -> bool:
    return connector.parse is not None or connector.parse_with is not None


def _renders(connector: Connector) -> bool:
    return connector.render is not None and bool(connector.effects)


def _always(_: Connector) -> bool:
    return True


RULES: tuple[Rule, ...] = (
    Rule("fixtures", "fixtures are read as their expected files say", _parses, inbound.check_fixtures),
    Rule("machine_zone", "same answer under another machine time zone and locale", _parses, inbound.check_machine_zone),
    Rule("shuffled", "shuffled events fold to the same snapshot", _parses, inbound.check_event_order),
    Rule(
        "unknown_code", "an invented code is unknown, loses nothing, moves nothing", _parses, inbound.check_unknown_code
    ),
    Rule("repeated", "the same, a shorter or a reworded reply adds nothing", _parses, inbound.check_repetition),
    Rule("cut_short", "an answer cut at any byte is a typed outcome", _parses, inbound.check_truncation),
    Rule("rubbish", "HTML, empty bodies and wrong types are typed outcomes", _parses, inbound.check_garbage),
    Rule("carrier_cases", "what carriers have sent before is read correctly", _parses, check_carrier_cases),
    Rule("failures", "outage, bad credentials, rate limit: the right outcome", wire.uses_http, wire.check_failures),
    Rule("pushes", "a push is proven, typed, and never more than a hint", pushes.reads_pushes, pushes.check_pushes),
    Rule("reports", "bounce reports are read correctly", reports.reads_reports, reports.check_reports),
    Rule("hard_cases", "hard cases render", _renders, outbound.check_hard_cases),
    Rule("deterministic", "the same message gives the same bytes", _renders, outbound.check_determinism),
    Rule("read_back", "what was sent is read back, and no error counts as a yes", _renders, readback.check_read_back),
    Rule("no_secrets", "no secret or personal data in fixtures or repr", _always, privacy.check_secrets),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one rule. `state` is `passes`, `broken`, `todo`, `exempt`, or `does not apply`."""

    rule: str
    about: str
    state: str
    findings: tuple[Finding, ...] = ()
    reason: str = ""


def check(connector: Connector, folder: Path | None = None) -> list[Finding]:
    """The findings of all rules that the connector claims as done; empty if there are none. `folder` defaults to its
    own.
    """
    return [finding for verdict in verdicts(connector, folder) for finding in verdict.findings]


def verdicts(connector: Connector, folder: Path | None = None, rules: Sequence[Rule] = RULES) -> list[Verdict]:
    """The result of each of `rules`, preceded by the folder and its claims, which the rules depend on."""
    subject = subject_of(connector, folder)
    shape = _verdict(connector, FOLDER, "the folder has what every folder has", _folder_problems(subject))
    if shape.findings:
        return [shape]
    claims = claims_of(subject.folder)
    applying = [rule.name for rule in RULES if rule.applies(connector)]
    problems = claim_problems(claims, applying, (rule.name for rule in RULES))
    honest = _verdict(connector, QUALITY, "quality.toml names every rule", problems)
    return [shape, honest, *(judge(rule, subject, claims.get(rule.name)) for rule in rules)]


def judge(rule: Rule, subject: Subject, claim: Claim | None) -> Verdict:
    """The result of one rule. A rule claimed as todo or exempt, with a reason, is not run."""
    if not rule.applies(subject.connector):
        return Verdict(rule.name, rule.about, "does not apply")
    if claim is not None and claim.state != "done" and claim.reason:
        return Verdict(rule.name, rule.about, claim.state, reason=claim.reason)
    return _verdict(subject.connector, rule.name, rule.about, _rule_problems(rule, subject))


def _rule_problems(rule: Rule, subject: Subject) -> Iterator[str]:
    try:
        yield from rule.find_problems(subject)
    except Exception as error:  # noqa: BLE001 - a rule that raises is a finding, and the others still run
        yield str(error) if isinstance(error, PromiseBrokenError) else f"{type(error).__name__}: {error}"


def _verdict(connector: Connector, rule: str, about: str, problems: Iterator[str]) -> Verdict:
    findings = tuple(Finding(connector.name, rule, message) for message in problems)
    return Verdict(rule, about, "broken" if findings else "passes", findings)


def _folder_problems(subject: Subject) -> Iterator[str]:
    connector, folder = subject.connector, subject.folder
    if folder.name != connector.name:
        yield f"the connector is named '{connector.name}', its folder '{folder.name}'"
    yield from (f"{name} is missing" for name in _FILES if not (folder / name).is_file())
    if not (folder / "fixtures").is_dir():
        yield "fixtures/ is missing"
    if connector.batch_size < 1 or connector.requests_per_second <= 0:
        yield "batch_size and requests_per_second must be positive"
    if connector.effects and connector.render is None:
        yield "it names effects, but has no render"
