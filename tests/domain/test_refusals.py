"""What refusals have in common, and which of them newer messages make needless."""

from paradeiro.domain.refusals import kind_of_why, needless_after
from paradeiro.domain.words import EffectKind


def test_numbers_addresses_and_quoted_texts_tell_no_reasons_apart() -> None:
    first = kind_of_why("Invoice 12-A of order 1001 not found", 404)
    assert first == kind_of_why("invoice  99 of order v2002x-01 NOT found", 404) == "404 invoice # of order # not found"
    assert kind_of_why("user ana@example.com unknown", 400) == kind_of_why("user bia@example.com unknown", 400)
    assert kind_of_why('carrier "Correios" not allowed', 400) == kind_of_why("carrier 'Jad Log' not allowed", 400)


def test_other_words_and_other_statuses_are_other_reasons() -> None:
    assert kind_of_why("not found", 404) != kind_of_why("not allowed", 404)
    assert kind_of_why("not found", 404) != kind_of_why("not found", 400)
    assert kind_of_why("", None) == "-"
    assert len(kind_of_why("word " * 200, 400)) <= 160


def test_what_newer_messages_make_needless() -> None:
    pairs = set(needless_after())
    update, opening = EffectKind.MARKETPLACE_UPDATE, EffectKind.MARKETPLACE_OPENING
    assert (update, update, False) in pairs
    assert (opening, update, True) in pairs, "an opening after a delivery would take it back"
    assert (EffectKind.CUSTOMER_REMINDER, EffectKind.CUSTOMER_MAIL, False) in pairs
    number = EffectKind.MARKETPLACE_TRACKING_NUMBER
    assert not any(older is number and newer is not number for older, newer, _ in pairs), "nothing else says a number"
