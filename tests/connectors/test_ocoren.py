"""In: OCOREN files, right and broken; out: what is read of them, in which parts, and in how much memory."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.ocoren import CONNECTOR
from paradeiro.connectors.ocoren.codes import FILES, rows_of
from paradeiro.connectors.ocoren.groups import read_groups
from paradeiro.connectors.ocoren.parse import parse_with
from paradeiro.connectors.ocoren.split import MOST_EVENTS, split_file
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import NoticeKind, Outcome, Reason, Status, Withdraws
from paradeiro.sdk.ways_in import FilePart
from tests.connectors.ocoren_files import END, count50, e31, e50, file_of, head31, head50, volumes

BASE = {"table": "base"}
LATER = datetime(2026, 6, 1, tzinfo=UTC)


def parts_of(body: bytes) -> list[FilePart]:
    return list(split_file(io.BytesIO(body), BASE))


def problems_of(body: bytes) -> list[tuple[int, str]]:
    return [(part.line, part.problem) for part in parts_of(body) if part.problem]


def read(body: bytes, **settings: str) -> list[ParsedAnswer]:
    return parse_with(body, settings or BASE)


def event_of(code: str, *, obs: str = "00", **settings: str) -> TrackingEvent:
    (answer,) = read(file_of(*head31(), e31(code, "10032026", "1105", obs=obs)), **settings)
    return answer.events[0]


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_published_row_of_the_base_list_is_accounted_for() -> None:
    rows = {row.code: row for row in rows_of("base")}
    assert sorted(rows) == [f"{number:02}" for number in range(100)], "38 is assigned, although some programs skip it"
    assert all(row.words for row in rows.values())
    assert {code for code, row in rows.items() if row.status is Status.UNKNOWN} == {"02", "31"}, "undecided"
    assert {code for code, row in rows.items() if row.status is None} == {"67", "82", "99"}
    assert rows["38"].reason is Reason.DAMAGED


@pytest.mark.parametrize(
    ("table", "rows", "delivered"),
    [("base", 100, {"01", "24"}), ("table-2", 68, {"35", "36", "38"}), ("table-3", 7, set())],
)
def test_what_delivers_in_each_table(table: str, rows: int, delivered: set[str]) -> None:
    found = rows_of(table)
    assert len({row.code for row in found}) == len(found) == rows
    assert {row.code for row in found if row.status is Status.DELIVERED} == delivered


def test_one_number_means_another_thing_in_each_table() -> None:
    meanings = {name: event_of("52", table=name) for name in FILES}
    assert [(e.status, e.reason) for e in meanings.values()] == [
        (Status.IN_TRANSIT, None),
        (Status.EXCEPTION, Reason.ON_HOLD),
        (Status.EXCEPTION, Reason.DAMAGED),
    ]


@pytest.mark.parametrize("settings", [{"carrier": "X"}, {"table": ""}, {"table": "proceda"}, {"table": "own"}])
def test_without_a_table_every_code_is_unknown(settings: dict[str, str]) -> None:
    body = file_of(*head31(), *(e31(f"{code:02}", "10032026", number=str(code + 1)) for code in range(100)))
    answers = read(body, **settings)
    assert len(answers) == 100
    assert {a.events[0].status for a in answers} == {Status.UNKNOWN}
    assert all(a.unknown_codes == (a.events[0].code,) for a in answers)


def test_own_rows_stand_over_the_table() -> None:
    own = "02=delivered; 1=none\n41=attempt_failed/refused;84=withdraws_previous ;;07=;x y=delivered;"
    own += "25=gone;26=exception/no"
    body = file_of(
        *head31(), *(e31(code, "10032026", number=code) for code in ("02", "01", "41", "84", "07", "25", "26", "98"))
    )
    found = {a.events[0].code: a.events[0] for a in read(body, table="base", codes=own)}
    assert {code: event.status for code, event in found.items()} == {
        "02": Status.DELIVERED,
        "01": None,
        "41": Status.ATTEMPT_FAILED,
        "84": None,
        "07": Status.UNKNOWN,  # rows that cannot be read make their code unknown
        "25": Status.UNKNOWN,
        "26": Status.UNKNOWN,
        "98": Status.IN_TRANSIT,
    }
    assert found["84"].withdraws is Withdraws.PREVIOUS
    assert event_of("02", table="own", codes=own).status is Status.DELIVERED
    assert event_of("01", table="own", codes="110=delivered").status is Status.UNKNOWN


def test_table_2_takes_the_event_before_back() -> None:
    story = [e31("31", "10032026", "0800"), e31("35", "10032026", "1100"), e31("84", "10032026", "1130")]
    (answer,) = read(file_of(*head31(), *story), table="table-2")
    assert answer.events[-1].withdraws is Withdraws.PREVIOUS
    assert fold(answer.events, now=LATER).snapshot.status is Status.OUT_FOR_DELIVERY
    again = [*story, e31("20", "10032026", "1200"), e31("86", "10032026", "1300")]
    (answer,) = read(file_of(*head31(), *again), table="table-2")
    assert fold(answer.events[:-1], now=LATER).snapshot.status is Status.OUT_FOR_DELIVERY, "20 changes nothing"
    assert fold(answer.events, now=LATER).snapshot.reason is Reason.MISROUTED, "86: the wrong person has it"


# ── deliveries that are none ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "obs", "status", "written"),
    [
        ("01", "00", Status.DELIVERED, "01"),
        ("01", "  ", Status.DELIVERED, "01"),
        ("01", "03", Status.DELIVERED, "01"),
        ("01", "01", Status.UNKNOWN, "01/01"),
        ("01", "02", Status.EXCEPTION, "01/02"),
        ("01", "04", Status.UNKNOWN, "01/04"),
        ("01", "05", Status.EXCEPTION, "01/05"),
        ("01", "77", Status.UNKNOWN, "01/77"),
        ("03", "01", Status.ATTEMPT_FAILED, "03"),
        ("03", "03", Status.UNKNOWN, "03/03"),
        ("25", "01", Status.RETURNED, "25"),
        ("52", "03", Status.IN_TRANSIT, "52"),
    ],
)
def test_what_the_observation_changes(code: str, obs: str, status: Status, written: str) -> None:
    found = event_of(code, obs=obs, **BASE)
    assert (found.status, found.code) == (status, written)


@pytest.mark.parametrize(
    ("records", "status"),
    [
        ([volumes(3, 1)], Status.EXCEPTION),
        ([volumes(3, 0)], Status.EXCEPTION),
        ([volumes(2, 2), volumes(3, 2)], Status.EXCEPTION),
        ([volumes(3, 3)], Status.DELIVERED),
        (["544".ljust(250)], Status.DELIVERED),
        (["543ENTREGUE EM PARTE".ljust(250)], Status.DELIVERED),
    ],
)
def test_fewer_volumes_than_the_invoice_has_are_no_delivery(records: list[str], status: Status) -> None:
    (answer,) = read(file_of(*head50(), e50("01", "10032026"), *records))
    assert answer.events[0].status is status


@pytest.mark.parametrize("line", [b"544XX", b"544\x00", b"54", b"5449" + b"9" * 2000])
def test_a_line_after_a_delivery_that_cannot_be_read_may_have_said_that_it_was_partial(line: bytes) -> None:
    body = file_of(*head50(), e50("01", "10032026")) + line + END + file_of(e50("98", "10032026", number="101"))
    assert [a.outcome for a in read(body)] == [Outcome.FOUND, Outcome.MALFORMED, Outcome.MALFORMED]
    assert [e.code for a in read(body) for e in a.events] == ["98"]


def test_the_free_text_is_never_read_nor_shown() -> None:
    text = "ENTREGUE A PESSOA EXEMPLO DOC 000000000"
    attached = f"543{text:70}".ljust(250)
    for body in (
        file_of(*head31(), e31("46", "10032026", text=text)),
        file_of(*head50(), e50("46", "10032026"), attached),
    ):
        (answer,) = read(body)
        assert answer.events[0].status is Status.ATTEMPT_FAILED
        assert "EXEMPLO" not in repr(answer)


def test_a_delivery_of_the_number_a_year_ago_does_not_count() -> None:
    (answer,) = read(file_of(*head31(), e31("01", "05032025"), e31("98", "10032026")))
    made = datetime(2026, 3, 8, 12, tzinfo=UTC)
    timeline = fold(answer.events, now=LATER, made_at=made)
    assert timeline.snapshot.status is Status.IN_TRANSIT
    assert [doubt.kind for doubt in timeline.doubts] == [NoticeKind.IMPLAUSIBLE_EVENT]


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("time", "instant", "day_only"),
    [
        ("1105", "2026-03-10T14:05:00+00:00", False),
        ("2400", "2026-03-11T03:00:00+00:00", False),
        ("0000", "2026-03-10T15:00:00+00:00", True),
        ("    ", "2026-03-10T15:00:00+00:00", True),
    ],
)
def test_times_are_local(time: str, instant: str, *, day_only: bool) -> None:
    for body in (file_of(*head31(), e31("98", "10032026", time)), file_of(*head50(), e50("98", "10032026", time))):
        (answer,) = read(body)
        found = answer.events[0]
        assert (found.occurred_at, found.day_only) == (datetime.fromisoformat(instant), day_only)
        assert found.zone_assumed


@pytest.mark.parametrize(
    "line", [e31("01", "10132026"), e31("01", "10032026", "2561"), e31("01", "10032026", "9"), e31("01", "00000000")]
)
def test_what_cannot_be_a_date_is_no_event(line: str) -> None:
    (answer,) = read(file_of(*head31(), line))
    assert answer.outcome is Outcome.MALFORMED


def test_a_number_of_eight_digits_names_only_a_tail() -> None:
    names = [
        [i.text for i in a.identifiers] for a in read(file_of(*head31(), e31("01", "10032026", number="123456789")))
    ]
    assert names == [["tail:99888777000100/1/23456789"]]
    names = [
        [i.text for i in a.identifiers] for a in read(file_of(*head50(), e50("01", "10032026", number="123456789")))
    ]
    assert names == [["99888777000100/1/123456789"]]


def test_letters_of_a_tax_number_stay() -> None:
    (answer,) = read(file_of(*head31(), e31("01", "10032026", sender="12abc34501de35", series="007")))
    assert [i.text for i in answer.identifiers] == ["tail:12ABC34501DE35/7/100"]


@pytest.mark.parametrize("code", ["1", "01", "001", " 01", "01 "])
def test_a_code_of_two_digits_is_the_same_in_both_versions(code: str) -> None:
    line = f"{e50('01', '10032026')[:29]}{code:>3}{e50('01', '10032026')[32:]}"
    (answer,) = read(file_of(*head50(), line))
    assert answer.events[0].code == "01"


# ── parts of a file ──────────────────────────────────────────────────────────────────────────────────────────────────


def many(count: int) -> Iterator[bytes]:
    """A file of version 5.0, line by line: every third event with records that belong to it."""
    for line in head50():
        yield line.encode() + END
    for number in range(1, count + 1):
        yield e50("01" if number % 2 else "98", "10032026", number=str(number)).encode() + END
        if number % 3 == 0:
            yield f"543{'RECEBIDO':70}".ljust(250).encode() + END + volumes(2, number % 2 + 1).encode() + END
    yield count50(count % 10_000).encode() + END


class Made(io.RawIOBase):
    """A file that is nowhere: its lines are made as they are read."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.lines, self.rest = lines, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # what BufferedReader gives
        while len(self.rest) < len(buffer) and (line := next(self.lines, b"")):
            self.rest += line
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


def test_each_part_is_read_alone_and_all_parts_say_what_the_file_says() -> None:
    body = b"".join(many(1_001))
    parts = parts_of(body)
    assert not [part for part in parts if part.problem]
    assert len(parts) == 6
    assert all(part.body.startswith(head50()[0].encode() + END + head50()[1].encode()) for part in parts)
    assert all(1 <= len(list(read_groups(io.BytesIO(part.body)))) <= MOST_EVENTS for part in parts)
    assert [answer for part in parts for answer in read(part.body)] == read(body)
    assert body.split(END)[parts[1].line - 1].startswith(b"542"), "the line is where its first event stands"


def test_a_part_has_one_header() -> None:
    other = head31("OUTRA TRANSPORTADORA")
    body = file_of(
        *head31(), e31("00", "10032026"), *other[1:], e31("98", "10032026"), *head50(), e50("01", "10032026")
    )
    parts = parts_of(body)
    assert [part.line for part in parts] == [4, 7, 11]
    assert [b"OUTRA" in part.body for part in parts] == [False, True, False]
    assert [len(read(part.body)) for part in parts] == [1, 1, 1]


def peak_of(count: int) -> int:
    """The most bytes held while a file of so many events is split and each part is read."""
    stream = io.BufferedReader(Made(many(count)))
    tracemalloc.start()
    try:
        events = sum(len(a.events) for part in split_file(stream, BASE) for a in read(part.body))
        assert events == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file() -> None:
    peak_of(400)  # tables, regular expressions
    small, large = peak_of(1_000), peak_of(8_000)
    assert large < small * 1.25
    assert large < 3_000_000


def test_a_line_without_end_is_not_held() -> None:
    tracemalloc.start()
    try:
        parts = list(split_file(io.BufferedReader(Made(b"9" * 4096 for _ in range(5_000))), BASE))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert [(part.line, part.problem) for part in parts] == [(1, "line 1: it is longer than any record")]
    assert len(parts[0].body) == 1_000


# ── broken files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_binary_rubbish_is_one_problem_and_what_follows_is_read() -> None:
    rubbish = END.join(bytes([n % 9, 0xFF, n % 256]) * 20 for n in range(300)) + END
    body = file_of(*head31(), e31("00", "09032026")) + rubbish + file_of(e31("98", "10032026"))
    parts = parts_of(body)
    assert [part.line for part in parts] == [4, 5, parts[2].line]
    assert "more after it" in parts[1].problem
    assert len(parts[1].body) < 2_000
    assert [e.code for part in parts if not part.problem for a in read(part.body) for e in a.events] == ["00", "98"]


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ([e31("01", "10032026")], 1, "before the records 340 and 341"),
        ([*head31()[:2], e31("01", "10032026")], 3, "before the records 340 and 341"),
        ([head31()[0], head31()[2]], 2, "341 stands before 340"),
        ([head31()[1]], 1, "340 stands before 000"),
        ([*head31(), e50("01", "10032026")], 4, "before the records 540 and 541"),
        ([*head50(), "544".ljust(250)], 4, "before any 542"),
        ([*head31(), "344".ljust(120)], 4, "'344' is no record of OCOREN 3.x"),
        ([*head50(), e50("98", "10032026"), count50(2)], 5, "counts 2 events, but has 1"),
        ([*head31(), e31("01", "10032026")[:37]], 4, "ends before its date"),
        ([*head31(), e31("01", "10032026", sender="")], 4, "names no invoice"),
        ([*head31(), e31("  ", "10032026")], 4, "no code"),
    ],
)
def test_a_record_out_of_order_or_cut_is_told(lines: list[str], line: int, words: str) -> None:
    told = problems_of(file_of(*lines))
    assert [number for number, _ in told] == [line]
    assert words in told[0][1]


def test_after_a_wrong_order_the_next_document_is_read() -> None:
    body = file_of(head31()[0], e31("01", "10032026"), *head31()[1:], e31("98", "11032026"))
    assert [number for number, _ in problems_of(body)] == [2]
    assert [e.code for part in parts_of(body) if not part.problem for a in read(part.body) for e in a.events] == ["98"]


def test_a_file_that_ends_within_a_record_is_told() -> None:
    whole = file_of(*head31(), e31("00", "09032026"), e31("01", "10032026", obs="01"))
    for end in range(len(whole) - 121, len(whole) - 2):
        answers = read(whole[:end])
        assert Outcome.MALFORMED in {a.outcome for a in answers}, end
        assert Status.DELIVERED not in {e.status for a in answers for e in a.events}
    assert [a.outcome for a in read(whole[:-2])] == [Outcome.FOUND], "a last line without an end, in full"


def test_a_file_of_headers_has_no_parts_and_an_empty_one_is_a_problem() -> None:
    assert parts_of(file_of(*head31())) == []
    assert read(file_of(*head31()))[0].outcome is Outcome.NOT_FOUND
    for empty in (b"", b"\r\n \r\n", b"\x1a"):
        assert problems_of(empty) == [(1, "line 1: the file is empty")]
    assert problems_of(file_of(*head31(), e31("01", "10032026")) + b"\x1a") == []


def test_of_very_many_wrong_places_the_last_are_told_together() -> None:
    pairs = [line for n in range(1, 301) for line in (e31("98", "10032026", number=str(n)), "34X".ljust(120))]
    parts = parts_of(file_of(*head31(), *pairs))
    assert len([part for part in parts if part.problem]) == 101
    assert "199 more after it" in parts[-1].problem
    assert sum(len(read(part.body)) for part in parts if not part.problem) == 300


def test_an_event_with_endless_records_is_refused() -> None:
    body = file_of(
        *head50(), e50("01", "10032026"), *("544".ljust(30) for _ in range(700)), e50("98", "11032026", number="101")
    )
    parts = parts_of(body)
    assert [e.code for part in parts if not part.problem for a in read(part.body) for e in a.events] == ["98"]
    assert max(len(part.body.split(END)) for part in parts) < 30


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", b"\r\n\r\n"])
def test_lines_may_end_as_they_like(end: bytes) -> None:
    body = b"\xef\xbb\xbf" + file_of(*head31(), e31("00", "09032026"), e31("98", "10032026")).replace(END, end)
    for size in (1, 7, 65_536):

        class Slow(io.BytesIO):
            def read(self, _: int | None = -1, size: int = size) -> bytes:
                return super().read(size)

        (part,) = split_file(Slow(body), BASE)
        assert [e.code for a in read(part.body) for e in a.events] == ["00", "98"]


@given(st.data())
def test_nothing_that_a_file_contains_raises(data: st.DataObject) -> None:
    whole = file_of(*head50(), e50("01", "10032026"), volumes(2, 1), count50(1), *head31(), e31("01", "10032026"))
    at, length = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 300))
    body = whole[:at] + data.draw(st.binary(max_size=40)) + whole[at + length :]
    answers = read(body)
    assert answers
    from_parts = [a for part in parts_of(body) if not part.problem for a in read(part.body)]
    assert [e for a in from_parts for e in a.events] == [e for a in answers for e in a.events]


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("courier", "known"),
    [("OCOREN", True), ("Proceda EDI", True), ("Ocorên", True), ("SSW", False), ("Ocorencia Log", False), ("", False)],
)
def test_only_its_own_names_are_recognised(courier: str, *, known: bool) -> None:
    assert CONNECTOR.recognises_courier is not None
    assert CONNECTOR.recognises_courier(courier) is known


def test_events_of_one_minute_are_in_order() -> None:
    (answer,) = read(file_of(*head31(), *(e31(code, "10032026") for code in ("01", "98", "00"))))
    assert [e.code for e in answer.events] == ["00", "98", "01"]
    assert answer.events[0].occurred_at + timedelta(0) == answer.events[2].occurred_at
