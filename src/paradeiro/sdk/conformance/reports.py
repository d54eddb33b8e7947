"""In: a connector whose mails can bounce, and saved reports; out: a sentence for each broken rule.

A saved report is in `fixtures/reports/KIND_name.eml` or `.json`, as received; KIND is the bounce kind (`hard`, `soft`,
`complaint`), `blamed` (bounced because of the sender), `nothing`, or `malformed`.
"""

from collections.abc import Iterator
from uuid import UUID

from paradeiro.domain.words import BounceKind, Outcome
from paradeiro.sdk.conformance.mutations import GARBAGE
from paradeiro.sdk.conformance.subject import PromiseBrokenError, Subject
from paradeiro.sdk.contract import Connector, Report

_KINDS = frozenset(BounceKind)
_EXPECTED = {"nothing": Outcome.NOT_FOUND, "malformed": Outcome.MALFORMED, "blamed": Outcome.FOUND}
_CUTS = 60


def reads_reports(connector: Connector) -> bool:
    """Whether what it sends can bounce."""
    return connector.read_report is not None


def check_reports(subject: Subject) -> Iterator[str]:
    """Saved reports are read as their names say, corrupted ones raise nothing, and each names a mail by its key."""
    saved = sorted((subject.folder / "fixtures" / "reports").glob("*.*"))
    missing = _KINDS - {path.name.partition("_")[0] for path in saved}
    if missing:
        yield f"fixtures/reports/ has none of: {', '.join(sorted(missing))}"
    for path in saved:
        raw, kind = path.read_bytes(), path.name.partition("_")[0]
        found = _read(subject, raw)
        kinds = {bounce.kind.value for bounce in found.bounces}
        if kind in _KINDS and (found.outcome is not Outcome.FOUND or kinds != {kind}):
            yield f"{path.name}: gave {found.outcome} {sorted(kinds)} ({found.message})"
        if kind not in _KINDS and (found.outcome is not _EXPECTED.get(kind) or found.bounces):
            should = _EXPECTED.get(kind, "named otherwise")
            yield f"{path.name}: gave {found.outcome} {sorted(kinds)}, should be {should}"
        yield from (f"{path.name}: {bounce.mail!r} is no key" for bounce in found.bounces if not _is_key(bounce.mail))
        step = max(len(raw) // _CUTS, 1)
        for cut in (*(raw[:at] for at in range(0, len(raw), step)), raw.replace(b"\n", b""), raw[::-1]):
            _read(subject, cut)
    for name, rubbish in GARBAGE.items():
        if _read(subject, rubbish).bounces:
            yield f"{name} is a report to it"


def _is_key(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _read(subject: Subject, raw: bytes) -> Report:
    assert subject.connector.read_report is not None
    try:
        found = subject.connector.read_report(raw)
    except Exception as error:
        raise PromiseBrokenError(f"read_report raised {type(error).__name__}: {str(error)[:120]}") from error
    if (found.outcome is Outcome.FOUND) != bool(found.bounces or found.blamed):
        raise PromiseBrokenError(f"read_report gave {found.outcome} with {len(found.bounces)} bounces")
    return found
