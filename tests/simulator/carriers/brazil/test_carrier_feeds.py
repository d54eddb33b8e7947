"""In: carriers that tell what is new, packages whose events show late and in disorder; out: a reader misses nothing."""

import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from paradeiro.simulator.carriers.brazil import esl_cloud, ocoren, total_express
from paradeiro.simulator.carriers.brazil.esl_cloud import EslCloud
from paradeiro.simulator.carriers.brazil.ocoren import Ocoren
from paradeiro.simulator.carriers.brazil.total_express import TotalExpress
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.scenario.carrier_journeys import carrier_journey
from paradeiro.simulator.scenario.ground_truth import Package
from tests.simulator.carriers.brazil.test_esl_cloud import FEED, HEADERS
from tests.simulator.carriers.brazil.test_total_express import AUTH, question
from tests.simulator.carriers.carrier_stories import START, carrier, client, package

DAYS = 25
Told = Counter[tuple[str, int, datetime]]  # whose, which code, when


def journeys(cls: type[SimulatedCarrier]) -> list[Package]:
    chance = Random(11)
    made = []
    for number in range(1, 41):
        posted = START + chance.uniform(0, 72) * timedelta(hours=1)
        made.append(replace(package(cls, number), happenings=carrier_journey(chance, posted, cls.sayable)[1]))
    return made


def shown(packages: list[Package], vocabulary: dict[str, tuple[int, str]], at: datetime) -> Told:
    return Counter((p.code, vocabulary[h.code][0], h.happened_at) for p in packages for h in p.visible(at))


async def test_the_lots_of_total_express() -> None:
    packages = journeys(TotalExpress)
    simulated, now = carrier(TotalExpress, *packages)
    told: Told = Counter()
    async with client(simulated) as http:
        for _ in range(DAYS * 8):
            now.at += timedelta(hours=3)
            answer = ET.fromstring((await http.post("/webservice24.php", content=question(), auth=AUTH)).content)
            for parcel in answer.iterfind(".//ArrayEncomendaRetorno/item"):
                for status in parcel.iterfind("ArrayStatusTotal/item"):
                    when = datetime.fromisoformat(status.findtext("DataStatus", "")).replace(tzinfo=total_express.ZONE)
                    told[parcel.findtext("Awb", ""), int(status.findtext("CodStatus", "")), when] += 1
            assert told <= shown(packages, total_express.VOCABULARY, now())
    assert told == shown(packages, total_express.VOCABULARY, now())


async def test_the_feed_of_esl_cloud() -> None:
    """Read from the time of the last reading, by the time of typing."""
    packages = journeys(EslCloud)
    simulated, now = carrier(EslCloud, *packages)
    told: dict[int, tuple[str, int, datetime]] = {}
    since = START - timedelta(days=1)
    async with client(simulated) as http:
        for _ in range(DAYS * 8):
            now.at += timedelta(hours=3)
            query = {"since": since.isoformat(), "per": "100"}
            for each in (await http.get(FEED, params=query, headers=HEADERS)).json()["data"]:
                when = datetime.fromisoformat(each["occurrence_at"])
                told[each["id"]] = (each["invoice"]["key"], each["occurrence"]["code"], when)
            since = now()
    assert Counter(told.values()) == shown(packages, esl_cloud.VOCABULARY, now())


@pytest.mark.parametrize("quirks", [False, True])
def test_the_files_of_ocoren(quirks: bool) -> None:
    packages = journeys(Ocoren)
    simulated, _ = carrier(Ocoren, *packages, version="5.0", quirks=quirks)
    end = START + timedelta(days=DAYS)
    files = {file.name: file for file in simulated.files(START, end)}.values()
    told: Told = Counter()
    for file in files:
        for line in file.content.decode("latin-1").split("\r\n"):
            if line.startswith("542"):
                (whose,) = (p.code for p in packages if p.code[25:34] == line[20:29])
                minute = datetime.strptime(line[32:44], "%d%m%Y%H%M").replace(tzinfo=ocoren.ZONE)
                told[whose, int(line[29:32]), minute] += 1
    expected: Told = Counter()
    for each in packages:
        for happening in each.visible(end):
            minute = happening.happened_at.replace(second=0)
            local = minute.astimezone(ocoren.ZONE)
            when = local.replace(hour=0, minute=0) if happening.code == "paper" else local
            expected[each.code, ocoren.VOCABULARY[happening.code].code, when] += 1
    assert told == expected
