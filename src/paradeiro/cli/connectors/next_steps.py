"""In: findings about a connector's folder; out: where each is (file, line), and what to do next."""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paradeiro.sdk.conformance.suite import FOLDER, QUALITY, Finding

_README, _QUALITY = "README.md", "quality.toml"
# Sections of a carrier's README without which nobody can judge what it reads.
SECTIONS = ("Where the contract comes from", "Known gaps")
_RULE_NAMED = re.compile(r"rule '(\w+)'")
_FILE_NAMED = re.compile(r"(?:fixtures/)?((?:pushes/)?[\w.*-]+\.(?:\w+|\*))(?=:| is missing)")
_MISSING = re.compile(r"(?:fixtures/)?\S+ is missing")

_SAVE = "save an answer of the carrier there (personal data replaced), and what it means beside it, NAME.expected.json"
_STEPS = {
    FOLDER: "make it; `paradeiro new-connector` shows a small one",
    "fixtures": "say which is right: mend parse.py, or the expected file (`paradeiro parse` prints what is read)",
    "machine_zone": "give each time its zone in parse.py; ask neither the machine's zone nor its locale",
    "shuffled": "take the order from the times in parse.py, not from the place in the list",
    "unknown_code": "read a code that the table lacks as Status.UNKNOWN, and list it in unknown_codes",
    "repeated": "an event is its time, code and place: take none of them from its text or its number in the list",
    "cut_short": "catch the decoder's error in parse(): the outcome is MALFORMED, with the reason",
    "rubbish": "read types strictly (msgspec.Struct) and catch ValueError, RecursionError and OverflowError in parse()",
    "carrier_cases": 'under [cases] in quality.toml: CASE = "FIXTURE", or { state = "exempt", reason = "…" }',
    "failures": "give this failure its outcome in client.py (`sdk/http.py: http_problem`); raise nothing",
    "pushes": "prove the push before reading it: compare in constant time with settings[HOOK_SECRET]",
    "reports": "read what the provider posts as its saved report says",
    "hard_cases": "render every text of the case, escaped, or say in `unfit` what is missing",
    "deterministic": "take time and numbers from the message, never from the clock or chance",
    "read_back": "answer True only if the party shows this very request; None if it cannot be read",
    "no_secrets": "replace it by something invented; mark secret fields with secret=True",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Where a finding is, as a path in the connector's folder with a line where there is one; and what to do."""

    place: str
    next: str


def step_of(finding: Finding, folder: Path) -> Step:
    """The place of a finding and the next step."""
    if finding.rule == QUALITY:
        return _quality_step(finding.message, folder / _QUALITY)
    if finding.rule == FOLDER:
        named = finding.message.split(" ")[0]
        return Step(named if finding.message.endswith("is missing") else "__init__.py", _folder_step(finding.message))
    if _MISSING.match(finding.message):
        return Step(_fixture(finding.message), _SAVE if finding.rule == "fixtures" else _STEPS[finding.rule])
    if "there is no" in finding.message and "expected.json" in finding.message:
        return Step(_fixture(finding.message), "write it (`paradeiro parse … --expected`), each event checked by hand")
    return Step(_fixture(finding.message), _STEPS.get(finding.rule, ""))


def _fixture(message: str) -> str:
    """The saved answer or push that a message names; empty if it concerns none."""
    found = _FILE_NAMED.match(message)
    if found is None:
        return ""
    name = found.group(1).removeprefix("pushes/")
    return f"fixtures/pushes/{name}" if name.endswith(".http") else f"fixtures/{name}"


def _folder_step(message: str) -> str:
    if message.endswith("is missing"):
        return _STEPS[FOLDER]
    return "write in __init__.py what the folder has" if "names effects" in message else "mend it in __init__.py"


def _quality_step(message: str, file: Path) -> Step:
    named = _RULE_NAMED.search(message)
    rule = named.group(1) if named else ""
    line = _line_of(file, rule)
    if "is not in" in message:
        return Step(f"{_QUALITY}:{_line_of(file, '')}", f'add the line: {rule} = "done"')
    if "does not know" in message:
        return Step(f"{_QUALITY}:{line}", "remove the line")
    if "without a reason" in message:
        return Step(f"{_QUALITY}:{line}", f'write why: {rule} = {{ state = "…", reason = "…" }}')
    return Step(f"{_QUALITY}:{line}", 'write "done", or { state = "todo" | "exempt", reason = "…" }')


def _line_of(file: Path, rule: str) -> int:
    """The line that names a rule; for none, the one that the table of rules begins in. 1 if there is none."""
    wanted = re.compile(rf"\s*{rule}\s*=|\s*\[rules\.{rule}\]" if rule else r"\s*\[rules\b")
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return next((number for number, line in enumerate(lines, 1) if wanted.match(line)), 1)


def documentation_hints(name: str, folder: Path) -> Iterator[Step]:
    """What a carrier lacks beside the rules: sections of its README, its page for shops, tests, a simulator."""
    readme = folder / _README
    headings = re.findall(r"(?m)^## (.+?)\s*$", readme.read_text(encoding="utf-8") if readme.is_file() else "")
    for section in SECTIONS:
        if section not in headings:
            yield Step(_README, f"write the section '## {section}'")
    root = next((above for above in folder.parents if (above / "pyproject.toml").is_file()), None)
    if root is None:
        return
    if not (root / f"docs/connectors/{name}.md").is_file():
        yield Step(
            f"docs/connectors/{name}.md", "write the page for shops: credentials step by step, what each notice means"
        )
    tests = root / "tests/connectors"
    if not ((tests / f"test_{name}.py").is_file() or (tests / name).is_dir()):
        yield Step(f"tests/connectors/test_{name}.py", "test client and words, as test_andreani.py beside it does")
    if not any((root / "src/paradeiro/simulator/carriers").rglob(f"{name}.py")):
        yield Step(f"src/paradeiro/simulator/carriers/{name}.py", "simulate it, as andreani.py beside it does")


def import_problem(error: Exception) -> str:
    """Where a connector's code ended while it was imported, and what it said."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/paradeiro/connectors/" in frame.filename and "discover" not in frame.name]
    last = own[-1] if own else frames[-1]
    place = f"{Path(last.filename).parent.name}/{Path(last.filename).name}:{last.lineno}"
    return f"{place}: {type(error).__name__}: {error} → mend it; nothing can be checked before"
