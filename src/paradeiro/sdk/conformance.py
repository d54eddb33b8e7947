"""In: a connector; out: findings, each a promise that it breaks. One suite for tests and `paradeiro check`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paradeiro.sdk.contract import Connector
from paradeiro.sdk.rules import inbound, outbound, privacy, pushes, readback, reports, wire
from paradeiro.sdk.rules.quality import Claim, claim_problems, claims_of
from paradeiro.sdk.rules.subject import PromiseBrokenError, Subject, subject_of

FOLDER = "folder"
QUALITY = "quality"
_FILES = ("__init__.py", "README.md", "quality.toml")


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that a connector breaks, in words."""

    connector: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise. `applies` says whether a connector can keep it at all; `broken` gives a sentence per breach."""

    name: str
    about: str
    applies: Callable[[Connector], bool]
    broken: Callable[[Subject], Iterator[str]]


def _parses(connector: Connector) -> bool:
    return connector.parse is not None


def _renders(connector: Connector) -> bool:
    return connector.render is not None and bool(connector.effects)


def _always(_: Connector) -> bool:
    return True


RULES: tuple[Rule, ...] = (
    Rule("fixtures", "fixtures are read as their expected files say", _parses, inbound.fixtures_expected),
    Rule("machine_zone", "same answer under another machine time zone and locale", _parses, inbound.machine_zone),
    Rule("shuffled", "shuffled events fold to the same snapshot", _parses, inbound.shuffled),
    Rule("unknown_code", "an invented code is unknown, loses nothing, moves nothing", _parses, inbound.unknown_code),
    Rule("repeated", "the same, a shorter or a reworded reply adds nothing", _parses, inbound.repeated),
    Rule("cut_short", "an answer cut at any byte is a typed outcome", _parses, inbound.cut_short),
    Rule("rubbish", "HTML, nothing and odd types are typed outcomes", _parses, inbound.rubbish),
    Rule("failures", "outage, bad credentials, rate limit: the right outcome", wire.speaks_http, wire.failures),
    Rule("pushes", "a push is proven, typed, and never more than a hint", pushes.reads_pushes, pushes.pushes),
    Rule("reports", "what came back is read as it is meant", reports.reads_reports, reports.reports),
    Rule("hard_cases", "hard cases render", _renders, outbound.hard_cases_render),
    Rule("deterministic", "the same telling gives the same bytes", _renders, outbound.deterministic),
    Rule("read_back", "what was told is read afterwards, and no trouble is a yes", _renders, readback.read_back),
    Rule("no_secrets", "no secret or personal datum in fixtures or repr", _always, privacy.no_secrets),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one rule went. `state` is `passes`, `broken`, `todo`, `exempt`, or `does not apply`."""

    rule: str
    about: str
    state: str
    findings: tuple[Finding, ...] = ()
    reason: str = ""


def check(connector: Connector, folder: Path | None = None) -> list[Finding]:
    """Every promise that the connector breaks; empty if it keeps all that it claims. `folder` defaults to its own."""
    return [finding for verdict in verdicts(connector, folder) for finding in verdict.findings]


def verdicts(connector: Connector, folder: Path | None = None, rules: Sequence[Rule] = RULES) -> list[Verdict]:
    """How each of `rules` went: the folder and its claims first, since without them nothing else can be said."""
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
    """How one rule went. What is claimed as todo or exempt, with a reason, is not tried."""
    if not rule.applies(subject.connector):
        return Verdict(rule.name, rule.about, "does not apply")
    if claim is not None and claim.state != "done" and claim.reason:
        return Verdict(rule.name, rule.about, claim.state, reason=claim.reason)
    return _verdict(subject.connector, rule.name, rule.about, _tried(rule, subject))


def _tried(rule: Rule, subject: Subject) -> Iterator[str]:
    try:
        yield from rule.broken(subject)
    except Exception as error:  # noqa: BLE001 - a rule that cannot be tried is a finding, and the others still run
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
        yield "it names effects that it tells, but has no render"
