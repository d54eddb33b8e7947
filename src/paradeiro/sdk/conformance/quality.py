"""In: a connector's quality.toml; out: what is claimed of each rule and case, and what is wrong with the claims."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

STATES = ("done", "todo", "exempt")


@dataclass(frozen=True, slots=True)
class Claim:
    """The claimed state of one rule. `todo` and `exempt` need a reason."""

    state: str
    reason: str = ""


def claims_of(folder: Path) -> Mapping[str, Claim]:
    """The table [rules] of quality.toml: `rule = "done"`, or `rule = { state = "todo", reason = "…" }`."""
    found = tomllib.loads((folder / "quality.toml").read_text(encoding="utf-8")).get("rules", {})
    return {name: _claim(value) for name, value in found.items()}


def case_claims(folder: Path) -> Mapping[str, Claim]:
    """The table [cases] of quality.toml: `case = "fixture"` (the state is the fixture's name), or `case = { state =
    "exempt", reason = "…" }`.
    """
    found = tomllib.loads((folder / "quality.toml").read_text(encoding="utf-8")).get("cases", {})
    return {name: _claim(value) for name, value in found.items()}


def _claim(value: object) -> Claim:
    if isinstance(value, dict):
        return Claim(str(value.get("state", "")), str(value.get("reason", "")).strip())
    return Claim(str(value))


def claim_problems(claims: Mapping[str, Claim], applying: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """A rule that applies is not named, an unknown rule is named, or `todo`/`exempt` has no reason."""
    yield from (f"rule '{name}' is not in quality.toml" for name in applying if name not in claims)
    known = set(known)
    for name, claim in claims.items():
        if name not in known:
            yield f"quality.toml has a rule '{name}' that the suite does not know: {', '.join(sorted(known))}"
        elif claim.state not in STATES:
            yield f"rule '{name}' is '{claim.state}', should be one of {', '.join(STATES)}"
        elif claim.state != "done" and not claim.reason:
            yield f"rule '{name}' is '{claim.state}' without a reason"
