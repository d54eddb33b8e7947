"""Every notice kind has a sentence in the operator's language."""

from paradeiro.domain.words import NoticeKind
from paradeiro.sdk.wording.notices import notice_kinds, notice_sentence


def test_every_kind_has_a_sentence() -> None:
    assert notice_kinds() == {kind.value for kind in NoticeKind}


def test_a_sentence_says_its_facts_and_lacks_none() -> None:
    said = notice_sentence("outage", {"account": "Correios", "why": "HTTP 500"}, "english")
    assert said.startswith("Correios não responde")
    assert notice_sentence("outage", {}, "english") == "english"
    assert notice_sentence("something new", {}, "english") == "english"
    hostile = {"account": "{why.__class__}", "why": "{0}"}
    assert "{why.__class__}" in notice_sentence("outage", hostile, "english"), "facts are said, never read as templates"
