"""Every text of the screens: in both languages, with the same placeholders, and used."""

import re
from pathlib import Path
from string import Formatter

import pytest

from paradeiro.domain.words import (
    AuditAction,
    BounceKind,
    EffectKind,
    EntryPoint,
    LinkPurpose,
    Mailer,
    Outcome,
    PartyKind,
    ProofKind,
    Role,
    SignInMethod,
    TableProblem,
)
from paradeiro.flow.accounts.scopes import Area
from paradeiro.web.pages import layout
from paradeiro.web.pages.wording.screens import MESSAGES

PAGES = Path(layout.__file__).parent
TEXT = "\n".join(p.read_text(encoding="utf-8") for p in [*PAGES.glob("templates/*.html"), *PAGES.rglob("*.py")])
FAMILIES = {
    "kind.": set(EffectKind),
    "outcome.": set(Outcome) | {""},
    "mailer.": set(Mailer),
    "party.": set(PartyKind),
    "action.": set(AuditAction),
    "entry_point.": set(EntryPoint),
    "table.": set(TableProblem),
    "proof.": set(ProofKind),
    "suppressed.": set(BounceKind),
    "state.": {"pending", "sending", "done", "superseded", "refused"},
    "source.": {"upload", "folder", "sftp", "ftps", "mail"},
    "role.": set(Role),
    "role_hint.": set(Role),
    "method.": set(SignInMethod),
    "link.": set(LinkPurpose) - {LinkPurpose.SIGN_IN},
    "link_hint.": set(LinkPurpose) - {LinkPurpose.SIGN_IN},
    "area.": set(Area),
    "scope.": {"read", "write"},
    "verb.": {"read", "write"},
    "account.": {"ok", "outage", "paused", "disabled"},
}


def _parts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_says_the_same_in_both_languages(name: str) -> None:
    portuguese, english = MESSAGES[name]
    assert portuguese
    assert english
    assert _parts(portuguese) == _parts(english)


def test_every_message_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r"""\bt\(["']([\w.-]+)["'][,)]""", TEXT))
    assert asked
    assert asked <= set(MESSAGES)
    for family, words in FAMILIES.items():
        assert {f"{family}{word}" for word in words} == {name for name in MESSAGES if name.startswith(family)}


def test_no_message_is_left_over() -> None:
    rest = TEXT
    for table in (PAGES / "wording").glob("*.py"):
        rest = rest.replace(table.read_text(encoding="utf-8"), "")
    dynamic = (*FAMILIES, "tells.", "done.", "error.")
    unused = [n for n in MESSAGES if not n.startswith(dynamic) and not re.search(rf"""["']{re.escape(n)}["']""", rest)]
    assert unused == []


def test_no_two_tables_have_a_message_of_the_same_name() -> None:
    tables = [p.read_text(encoding="utf-8") for p in (PAGES / "wording").glob("*.py")]
    names = [name for text in tables for name in re.findall(r'^    "([\w.-]+)": \(', text, re.MULTILINE)]
    assert sorted(set(names)) == sorted(names)
