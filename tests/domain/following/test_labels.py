"""Which labels were replaced, by the old and new content of an invoice's tracking number field."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.labels import Label, never_posted, replaced_labels
from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Status

NEVER = Snapshot(Status.REGISTERED)
OLD = Label(1, "AA1", NEVER, named_before=True)


def test_another_code_replaces_one_that_never_went() -> None:
    assert replaced_labels([OLD], {"AA2"}, [2]) == {1: 2}


def test_what_is_still_said_was_not_said_or_went_is_not_replaced() -> None:
    assert replaced_labels([OLD], {"AA1", "AA2"}, [2]) == {}
    assert replaced_labels([replace(OLD, named_before=False)], {"AA2"}, [2]) == {}, (
        "somebody else stated it, as a box of its own"
    )
    assert replaced_labels([replace(OLD, snapshot=Snapshot(Status.ACCEPTED))], {"AA2"}, [2]) == {}
    assert replaced_labels([OLD], {"AA2"}, []) == {}, "the other code was known: two boxes"


def test_two_labels_made_again_are_replaced_each_by_its_own() -> None:
    labels = [OLD, Label(2, "AA2", NEVER, named_before=True)]
    assert replaced_labels(labels, {"AA3", "AA4"}, [3, 4]) == {1: 3, 2: 4}
    assert replaced_labels(labels, {"AA3"}, [3]) == {1: 3, 2: 3}


@given(st.sampled_from(Status))
def test_only_what_is_not_on_its_way_may_be_replaced(status: Status) -> None:
    ended = {Status.REGISTERED, Status.UNKNOWN, Status.CANCELLED, Status.RETURNED}
    assert never_posted(Snapshot(status)) is (status in ended)
