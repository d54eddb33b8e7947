"""In: packages of a carrier that writes files; out: OCOREN 3.1 and 5.0, cut by the manual's positions."""

from datetime import datetime, timedelta

import pytest

from paradeiro.simulator.carriers.brazil.ocoren import ZONE, Ocoren
from paradeiro.simulator.carriers.simulated_carrier import WrittenFile
from tests.simulator.carriers.carrier_stories import (
    SHOP,
    SHOWN_AFTER,
    START,
    STEP,
    carrier,
    everything,
    package,
    true_words,
)

# Of the base table of the manual.
BASE = {
    0: "accepted",
    1: "delivered",
    9: "attempt_failed",
    14: "exception",
    23: "exception",
    25: "returned",
    29: "available_for_pickup",
    46: "attempt_failed",
    52: "in_transit",
    67: "unknown",
    95: "in_transit",
    98: "in_transit",
}
END = START + timedelta(days=20)
# Of each version: width, record of an occurrence, and where its parts are (from 1, inclusive).
VERSIONS = {
    "3.1": (120, "342", {"number": (21, 28), "code": (29, 30), "date": (31, 38), "time": (39, 42), "text": (45, 114)}),
    "5.0": (250, "542", {"number": (21, 29), "code": (30, 32), "date": (33, 40), "time": (41, 44), "load": (47, 66)}),
}


def records(file: WrittenFile, width: int) -> list[str]:
    text = file.content.decode("latin-1")
    assert text.endswith("\r\n")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert all(len(line) <= width for line in lines)
    return [line.ljust(width) for line in lines]


def cut(record: str, version: str) -> dict[str, str]:
    places = {"issuer": (4, 17), "series": (18, 20)} | VERSIONS[version][2]
    return {name: record[first - 1 : last] for name, (first, last) in places.items()}


def occurrences(files: list[WrittenFile], version: str) -> list[dict[str, str]]:
    width, record, _ = VERSIONS[version]
    return [cut(each, version) for file in files for each in records(file, width) if each.startswith(record)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_truth_can_be_read_by_the_base_table_alone(version: str) -> None:
    told = package(Ocoren, 10010, *everything(Ocoren))
    simulated, _ = carrier(Ocoren, told, version=version, quirks=False)
    found = occurrences(simulated.files(START - STEP, END), version)
    assert [BASE[int(each["code"])] for each in found] == true_words(told, END)
    assert {(each["issuer"], each["series"]) for each in found} == {(SHOP, "1  ")}
    assert {int(each["number"]) for each in found} == {10010}
    paper = found[-1]
    assert (paper["code"].lstrip("0"), paper["time"]) == ("67", "0000"), "an administrative note, without a time"
    assert (found[0]["date"], found[0]["time"]) == ("09032026", "1000"), "local time"


def test_the_records_of_version_3() -> None:
    told = package(Ocoren, 10010, "accepted", "handed_on", "absent")
    simulated, _ = carrier(Ocoren, told, quirks=False)
    files = simulated.files(START, START + timedelta(days=2))
    lines = [line for file in files for line in records(file, 120)]
    assert [line[:3] for line in lines] == ["000", "340", "341", "342", "000", "340", "341", "342", "343", *lines_of(3)]
    head = lines[0]
    assert (head[3:38].strip(), head[38:73].strip()) == ("TRANSPORTES EXEMPLO", "LOJA EXEMPLO COMÉRCIO LTDA")
    assert head[73:83] == files[0].at.strftime("%d%m%y%H%M")
    assert head[83:95].startswith("OCO0903")
    assert lines[1][3:17].startswith("OCORR0903")
    assert (lines[2][3:17], lines[2][17:57].strip()) == ("11222333000181", "TRANSPORTES EXEMPLO LTDA")
    redelivery = lines[8]
    assert (redelivery[3:17], redelivery[17:27].strip()) == ("44555666000181", "POA")
    assert (redelivery[27:32].strip(), redelivery[32:44]) == ("1", told.own_number)
    assert cut(lines[-1], "3.1")["text"].strip() == "AUSENTE, NOVA TENTATIVA"


def lines_of(version: int) -> list[str]:
    """The records of a file with one plain occurrence."""
    return ["000", f"{version}40", f"{version}41", f"{version}42"]


def test_the_records_of_version_5() -> None:
    told = package(Ocoren, 123456789, "handed_on", "delivered")
    simulated, _ = carrier(Ocoren, told, version="5.0", quirks=False)
    files = simulated.files(START, START + timedelta(days=2))
    lines = records(files[0], 250)
    assert [line[:3] for line in lines] == ["000", "540", "541", "542", "543", "545", "549"]
    assert lines[0][83:88] == "OCO50"
    assert lines[2][17:67].strip() == "TRANSPORTES EXEMPLO LTDA"
    assert (lines[3][126:136].strip(), lines[3][136:141].strip()) == ("CTB", "1")
    assert (lines[3][141:153], lines[3][153]) == (told.own_number, "1")
    assert (lines[3][164:212], lines[3][212:226]) == ("0" * 48, "0" * 14)
    assert lines[4][3:73].strip() == "ENTREGUE PARA REDESPACHO", "words of delivery at a redelivery"
    assert (lines[5][3:17], lines[5][17:31]) == ("11222333000181", "44555666000181")
    assert lines[6][3:7] == "0001"
    assert occurrences(files, "5.0")[1]["number"] == "123456789"


def test_version_3_has_eight_digits_for_nine() -> None:
    simulated, _ = carrier(Ocoren, package(Ocoren, 123456789, "accepted"), quirks=False)
    found = occurrences(simulated.files(START, END), "3.1")
    assert found[0]["number"] == "23456789"


@pytest.mark.parametrize("quirks", [False, True])
def test_each_event_is_written_after_it_shows_however_the_time_is_cut(quirks: bool) -> None:
    packages = [package(Ocoren, number, *everything(Ocoren)) for number in range(1, 9)]
    simulated, _ = carrier(Ocoren, *packages, quirks=quirks)
    whole = simulated.files(START, END)
    pieces = [
        file
        for hour in range(int((END - START) / timedelta(hours=1)))
        for file in simulated.files(START + timedelta(hours=hour), START + timedelta(hours=hour + 1))
    ]
    assert pieces == whole
    assert [file.at for file in whole] == sorted(file.at for file in whole)
    distinct = list({file.name: file for file in whole}.values())
    assert len(occurrences(distinct, "3.1")) == 8 * len(everything(Ocoren))
    for file in distinct:
        for each in occurrences([file], "3.1"):
            told = datetime.strptime(each["date"] + each["time"], "%d%m%Y%H%M").replace(tzinfo=ZONE)
            assert told + SHOWN_AFTER <= file.at
    first = min(file.at for file in whole)
    assert first >= START + SHOWN_AFTER


def test_files_come_twice_late_and_differently_ended() -> None:
    words = ("accepted", "arrived", "absent", "delivered")
    packages = [package(Ocoren, number, *words, step=timedelta(hours=number)) for number in range(1, 25)]
    simulated, _ = carrier(Ocoren, *packages)
    files = simulated.files(START, END)
    names = [file.name for file in files]
    assert len(names) > len(set(names)), "some come twice"
    first = list(dict.fromkeys(names))
    assert first != sorted(first), "some are overtaken"
    for twice in {name for name in names if names.count(name) > 1}:
        assert len({file.content for file in files if file.name == twice}) == 1
    ends = {line[-1] for file in files for line in file.content.decode("latin-1").split("\r\n") if line}
    assert {".", " "} <= ends
    assert any(len(line) < 120 for file in files for line in file.content.decode("latin-1").split("\r\n") if line)


def test_nothing_to_say_is_no_file_and_nothing_listens() -> None:
    simulated, _ = carrier(Ocoren, package(Ocoren, 1))
    assert simulated.files(START, END) == []
    assert simulated.pushes(START, END, "x") == []
    assert simulated.settings("http://x") == {"table": "base", "carrier": "Transportes Exemplo"}
    assert {"out", "returning", "registered", "taken_back"} & Ocoren.sayable == set(), "the base table has no words"
