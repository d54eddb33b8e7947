"""Group keys of refusals, and which messages supersede refused ones."""

from paradeiro.domain.outbox.refusals import reason_group, superseding_pairs
from paradeiro.domain.words import EffectKind


def test_numbers_addresses_and_quoted_texts_tell_no_reasons_apart() -> None:
    first = reason_group("Invoice 12-A of order 1001 not found", 404)
    assert (
        first == reason_group("invoice  99 of order v2002x-01 NOT found", 404) == "404 invoice # of order # not found"
    )
    assert reason_group("user ana@example.com unknown", 400) == reason_group("user bia@example.com unknown", 400)
    assert reason_group('carrier "Correios" not allowed', 400) == reason_group("carrier 'Jad Log' not allowed", 400)


def test_other_words_and_other_statuses_are_other_reasons() -> None:
    assert reason_group("not found", 404) != reason_group("not allowed", 404)
    assert reason_group("not found", 404) != reason_group("not found", 400)
    assert reason_group("", None) == "-"
    assert len(reason_group("word " * 200, 400)) <= 160


def test_what_newer_messages_make_needless() -> None:
    pairs = set(superseding_pairs())
    update, opening = EffectKind.MARKETPLACE_UPDATE, EffectKind.MARKETPLACE_OPENING
    assert (update, update, False) in pairs
    assert (opening, update, True) in pairs, "an opening after a delivery would take it back"
    assert (EffectKind.CUSTOMER_REMINDER, EffectKind.CUSTOMER_MAIL, False) in pairs
    number = EffectKind.MARKETPLACE_TRACKING_NUMBER
    assert not any(older is number and newer is not number for older, newer, _ in pairs), "nothing else says a number"
