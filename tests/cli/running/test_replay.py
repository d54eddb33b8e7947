"""`paradeiro replay` prints what it would do with --dry-run, then does it, with the same lines."""

from collections import Counter

from paradeiro.cli.running.processes import replay_lines
from paradeiro.domain.words import EffectKind, Status
from paradeiro.flow.replay import ReplayResult

DONE = ReplayResult(
    replies=9,
    unreadable=1,
    events=4,
    remapped=Counter({"BDE/99": 3}),
    moves=Counter({(Status.ACCEPTED, Status.DELIVERED): 2, (Status.IN_TRANSIT, Status.IN_TRANSIT): 1}),
    effects=Counter({EffectKind.ORDER_UPDATE: 3}),
    understood=5,
    resolved=1,
)


def test_everything_that_changes_is_said() -> None:
    assert replay_lines(DONE, dry_run=True) == [
        "9 stored replies read again, 1 still unreadable.",
        "4 events would be added, 3 known ones given another meaning.",
        "  BDE/99: 3 events mean something else now",
        "3 timelines would be changed.",
        "  accepted -> delivered: 2",
        "  in_transit, with other details: 1",
        "3 effects would be planned (no customer is mailed old news).",
        "  order_update: 3",
        "5 replies that were not understood can be now.",
        "1 notices would be resolved by that.",
    ]


def test_the_run_says_the_same_as_done() -> None:
    dry, done = replay_lines(DONE, dry_run=True), replay_lines(DONE, dry_run=False)
    assert [line.replace("would be", "were").replace("can be now", "are now") for line in dry] == done
