"""The small map of a package's route: coordinates of places, what is drawn; uncertain places are left out."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from xml.etree import ElementTree as ET

import httpx
import pytest
from markupsafe import Markup

from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import NOWHERE, Place, TrackingEvent
from paradeiro.domain.words import Status
from paradeiro.sdk.wording import CATALOGUES, Language
from paradeiro.sdk.wording.map_words import MAP_WORDING
from paradeiro.sdk.wording.places import place_line
from paradeiro.simulator.cities import CITIES, HUBS
from paradeiro.web.track.map.drawing import draw
from paradeiro.web.track.map.labels import Box, Text, place_initials, place_labels
from paradeiro.web.track.map.places import (
    BRAZIL_SIZE,
    WORLD_SIZE,
    Precision,
    atlas,
    locate,
    map_frames,
    on_brazil,
    on_world,
    plain,
)
from paradeiro.web.track.package import map_of
from tests.flow.conftest import Shop
from tests.flow.test_main_line import OUT, POSTED
from tests.web.customers.test_track import customer  # noqa: F401 - a fixture

PT, EN, ES = (CATALOGUES[language] for language in (Language.PT, Language.EN, Language.ES))
SANTOS, CAMPINAS, ITU = (Place(city, "SP", "BR") for city in ("SANTOS", "CAMPINAS", "ITU"))
SALVADOR, MANAUS = Place("SALVADOR", "BA", "BR"), Place("MANAUS", "AM", "BR")
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
CHINA = Place(country="CN", unit="CHINA")


def drawn(*places: Place, to: Place | None = None, now: Place | None = None, words: object = PT) -> ET.Element:
    """The map as a tree: it must be well-formed. Where the package is: the last place, if nothing else is said."""
    svg = draw(places, places[-1] if now is None else now, to, words)  # type: ignore[arg-type] # a catalogue
    assert isinstance(svg, Markup)
    return ET.fromstring(svg)


def description(svg: ET.Element) -> str:
    return svg.attrib["aria-label"]


def names(svg: ET.Element) -> dict[str, str]:
    return {each.attrib["class"]: each.text or "" for each in svg.iter("text") if each.attrib["class"] != "uf"}


def classes(svg: ET.Element) -> list[str]:
    return [each.attrib["class"] for each in svg.iter() if "class" in each.attrib]


# ── where a place is ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("place", "lat", "lon"),
    [
        (Place("SAO PAULO", "SP", "BR"), -23.55, -46.64),
        (Place("São Paulo", "São Paulo", "BR"), -23.55, -46.64),
        (Place("Santa Bárbara d'Oeste", "sp", "br"), -22.75, -47.41),
        (Place("SANTA BARBARA D’OESTE", "SP"), -22.75, -47.41),
        (Place("BRASILIA", "DF", "BR"), -15.78, -47.93),
        (Place("FERNANDO DE NORONHA", "PE", "BR"), -3.84, -32.41),
    ],
)
def test_a_city_however_it_is_spelt(place: Place, lat: float, lon: float) -> None:
    spot = locate(place)
    assert spot is not None
    assert spot.precision is Precision.CITY
    assert (spot.lat, spot.lon) == pytest.approx((lat, lon), abs=0.05)


def test_a_city_of_the_same_name_in_another_state_is_no_match() -> None:
    goias, minas = (
        locate(Place("SANTA RITA DO ARAGUAIA", "GO", "BR")),
        locate(Place("SANTA RITA DO ARAGUAIA", "MG", "BR")),
    )
    assert goias is not None
    assert minas is not None
    assert goias.precision is Precision.CITY
    assert (minas.precision, minas.name) == (Precision.STATE, "Minas Gerais")
    bom_jesus = {locate(Place("BOM JESUS", state, "BR")) for state in ("PI", "RN", "RS", "SC", "GO")}
    assert len(bom_jesus) == 5


@pytest.mark.parametrize(
    "place",
    [
        NOWHERE,
        Place("ITU", None, "BR"),  # which Itu?
        Place("ITU", "??", "BR"),
        Place("BOSTON", "MA"),  # not Maranhão
        Place(state="SC"),
        Place("ITU", country="ZZ"),
        Place(country="AQ"),
        Place(country="BR"),
        Place(unit="CDD ITU"),
    ],
)
def test_what_is_not_known_is_left_out(place: Place) -> None:
    assert locate(place) is None
    assert draw([place], place, None, PT) is None


def test_abroad_it_is_the_country_that_is_known() -> None:
    spot = locate(Place("SANTOS", "SP", "cn"))
    assert spot is not None
    assert (spot.precision, spot.country) == (Precision.COUNTRY, "CN")
    assert 20 < spot.lat < 50
    hong_kong = locate(Place(country="HK"))
    assert hong_kong is not None
    assert (hong_kong.lat, hong_kong.lon) == pytest.approx((22.4, 114.1), abs=0.2)


def test_the_atlas_is_whole() -> None:
    known = atlas()
    assert len(known.states) == 27
    assert len(known.cities) > 5_500
    assert {"US", "CN", "HK", "SG", "PT", "AR", "JP", "DE"} <= set(known.countries)
    assert not [(city, state) for city, state, _ in CITIES if (state, city) not in known.cities]
    assert not [hub for hub in HUBS if hub[::-1] not in known.cities]
    assert all(name == plain(name) for _, name in known.cities)


def test_every_place_is_on_its_sheet() -> None:
    known = atlas()
    for at in (*known.cities.values(), *known.states.values()):
        x, y = on_brazil(at[0] / 100, at[1] / 100)
        assert 0 < x < BRAZIL_SIZE[0]
        assert 0 < y < BRAZIL_SIZE[1]
    for at in known.countries.values():
        x, y = on_world(at[0] / 100, at[1] / 100)
        assert 0 <= x <= WORLD_SIZE[0]
        assert 0 <= y <= WORLD_SIZE[1]


def test_every_state_and_its_capital_lie_on_the_drawn_land() -> None:
    land = _rings(map_frames()["brazil"].layers["land"])
    known = atlas()
    outside = [uf for uf, at in known.states.items() if not _inside(on_brazil(at[0] / 100, at[1] / 100), land)]
    assert not outside
    inland = [("SP", "CAMPINAS"), ("DF", "BRASILIA"), ("AM", "MANAUS"), ("AC", "XAPURI"), ("RS", "CAXIAS DO SUL")]
    assert not [at for at in inland if not _inside(on_brazil(*(n / 100 for n in known.cities[at])), land)]
    assert not _inside(on_brazil(-34.6, -58.4), land), "Buenos Aires"


def _rings(path: str) -> list[list[tuple[int, int]]]:
    rings, x, y = [], 0, 0
    for part in path.split("m")[1:]:
        steps = [int(n) for n in re.findall(r"-?\d+", part)]
        ring = []
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        rings.append(ring)
        x, y = ring[0]
    return rings


def _inside(point: tuple[float, float], rings: list[list[tuple[int, int]]]) -> bool:
    x, y = point
    odd = False
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            odd ^= (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax)
    return odd


def test_the_outlines_are_small() -> None:
    size = {name: {layer: len(path) for layer, path in sheet.layers.items()} for name, sheet in map_frames().items()}
    assert size["brazil"]["land"] + size["brazil"]["borders"] <= 6_000
    assert sum(size["world"].values()) <= 8_000
    assert sum(size["brazil"].values()) <= 8_000


# ── what is drawn ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_way_in_words_and_names() -> None:
    svg = drawn(SANTOS, CAMPINAS, ITU, to=MANAUS)
    assert svg.attrib["role"] == "img"
    assert description(svg) == (
        "O caminho no mapa. Passou por: Santos, Campinas. Visto por último: Itu. Segue para: Manaus."
    )
    assert names(svg) == {"here": "Itu", "goal": "Manaus", "first": "Santos"}
    assert classes(svg).count("way") == 1
    assert classes(svg).count("way next") == 1
    assert {"is", "halo", "to"} <= set(classes(svg))


def test_one_place_is_a_map_too() -> None:
    svg = drawn(SALVADOR)
    assert description(svg) == "O caminho no mapa. Visto por último: Salvador."
    assert names(svg) == {"here": "Salvador"}
    assert "way" not in classes(svg)
    assert draw([], NOWHERE, SALVADOR, PT) is None, "a way that has not begun"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (PT, "O caminho no mapa. Passou por: China. Visto por último: Estados Unidos. Segue para: Itu."),
        (EN, "The way on a map. Passed: China. Last seen: United States. Next: Itu."),
        (ES, "El camino en el mapa. Pasó por: China. Visto por última vez: Estados Unidos. Sigue hacia: Itu."),
    ],
)
def test_in_the_readers_language(words: object, said: str) -> None:
    assert description(drawn(CHINA, Place(country="US", unit="EUA"), to=ITU, words=words)) == said
    assert set(MAP_WORDING) == set(Language)


def test_the_same_place_one_after_another_is_once() -> None:
    svg = drawn(SANTOS, Place("Santos", "SP", "BR", "CDD"), CAMPINAS, NOWHERE, CAMPINAS, SANTOS)
    assert description(svg) == "O caminho no mapa. Passou por: Santos, Campinas. Visto por último: Santos."
    assert names(svg) == {"here": "Santos"}, "one name for where it began and came back to"


def test_places_of_one_name_in_two_states_are_two() -> None:
    svg = drawn(Place("BOM JESUS", "PI", "BR"), Place("BOM JESUS", "RS", "BR"))
    assert description(svg).endswith("Passou por: Bom Jesus. Visto por último: Bom Jesus.")
    assert "way" in classes(svg)


def test_a_state_stands_in_for_a_city_that_is_not_known() -> None:
    nowhere = Place("POVOADO SEM NOME", "BA", "BR")
    assert names(drawn(ITU, nowhere)) == {"here": "Bahia", "first": "Itu"}, "it never wears the unknown city's name"
    assert "Bahia" not in description(drawn(SALVADOR, nowhere, SALVADOR)), "beside a city of it, a state says nothing"
    assert "Bahia" not in description(drawn(ITU, nowhere, Place("OUTRO POVOADO", "BA", "BR"), SALVADOR))
    assert description(drawn(SALVADOR, nowhere)).endswith("Passou por: Salvador. Visto por último: Bahia.")
    assert "Segue" not in description(drawn(SALVADOR, to=nowhere)), "where in Bahia it goes is not known"


def test_what_has_a_point_has_a_name_on_the_page() -> None:
    parts = (None, "", " ", "ITU", "SP", "BR", "CN", "cn ", "São Paulo", "\x00")
    for city, state, country, unit in product(parts, repeat=4):
        place = Place(city, state, country, unit)
        assert locate(place) is None or place_line(place)


def _map_of(*events: TrackingEvent) -> str:
    timeline = fold(events, now=AT + timedelta(days=2), base=Status.REGISTERED)
    svg = map_of(timeline, PT)
    assert svg is not None
    return description(ET.fromstring(svg))


def test_where_it_goes_is_drawn_where_the_page_says_it() -> None:
    """In "Está a caminho de Itu" it does, in "Saiu para entrega" it does not, and never from Itu to Itu."""
    moving = TrackingEvent(AT, "RO", Status.IN_TRANSIT, place=CAMPINAS, destination=ITU)
    assert _map_of(moving).endswith("Visto por último: Campinas. Segue para: Itu.")
    for status in (Status.OUT_FOR_DELIVERY, Status.RETURNING, Status.DELIVERED, Status.AVAILABLE_FOR_PICKUP):
        assert _map_of(replace(moving, status=status)).endswith("Visto por último: Campinas.")
    assert _map_of(replace(moving, destination=None)).endswith("Visto por último: Campinas.")
    assert _map_of(replace(moving, destination=Place(None, "BA", "BR"))).endswith("Visto por último: Campinas.")
    namesake = replace(moving, place=Place("BOM JESUS", "PI", "BR"), destination=Place("BOM JESUS", "RS", "BR"))
    assert _map_of(namesake).endswith("Visto por último: Bom Jesus.")
    assert "Segue" not in description(drawn(SANTOS, to=SANTOS))


def test_a_label_is_no_way_yet() -> None:
    made = TrackingEvent(AT, "LA", Status.REGISTERED, place=ITU)
    later = TrackingEvent(AT + timedelta(hours=1), "PO", Status.ACCEPTED, place=CAMPINAS)
    assert _map_of(made, later) == "O caminho no mapa. Visto por último: Campinas."


def test_a_delivery_without_a_place_is_not_said_to_be_where_it_was_last() -> None:
    moving = TrackingEvent(AT, "RO", Status.IN_TRANSIT, place=CAMPINAS)
    done = TrackingEvent(AT + timedelta(hours=1), "BDE", Status.DELIVERED)
    assert _map_of(moving, done) == "O caminho no mapa. Passou por: Campinas."
    silent = TrackingEvent(AT + timedelta(hours=1), "OEC", Status.OUT_FOR_DELIVERY)
    assert _map_of(moving, silent) == "O caminho no mapa. Visto por último: Campinas.", "as the page says it"


def test_it_is_not_said_to_be_where_it_was() -> None:
    svg = drawn(SANTOS, ITU, now=Place("ITAPOLIS DE CIMA", "XX", "BR"))
    assert description(svg) == "O caminho no mapa. Passou por: Santos, Itu."
    assert not {"is", "halo"} & set(classes(svg))
    assert names(svg) == {"last": "Itu", "first": "Santos"}
    assert "is" not in classes(drawn(SANTOS, ITU, now=NOWHERE)), "a delivery without a place"


def test_brazil_or_the_world() -> None:
    brazil, world = drawn(SANTOS, MANAUS), drawn(CHINA, SANTOS)
    assert (brazil.attrib["viewBox"], world.attrib["viewBox"]) == ("0 0 400 260", "0 0 400 180")
    assert map_frames()["brazil"].layers["land"] in {each.attrib.get("d") for each in brazil.iter("path")}
    assert map_frames()["world"].layers["land"] in {each.attrib.get("d") for each in world.iter("path")}
    assert drawn(SANTOS, to=Place(country="PT", unit="PORTUGAL")).attrib["viewBox"] == "0 0 400 180"


def test_from_near_the_states_wear_their_initials() -> None:
    near = [each.text for each in drawn(CAMPINAS, SANTOS).iter("text") if each.attrib["class"] == "uf"]
    assert "SP" in near
    assert "AM" not in near, "what is not in the picture is not named"
    assert "uf" not in classes(drawn(MANAUS, SANTOS))
    assert "uf" not in classes(drawn(CHINA, SANTOS))
    picture, here = Box(0, 0, 400, 260), (200.0, 100.0)
    name = place_labels([Text("Itu", here, "here")], [here], picture)
    states = [("SP", here), ("RJ", (220.0, 98.0)), ("MG", (398.0, 100.0)), ("ES", (90.0, 90.0)), ("BA", (92.0, 90.0))]
    assert place_initials(states, name, [here], picture) == [("ES", (90.0, 90.0))], "in the way of nothing"


def test_a_hostile_name_stays_a_name() -> None:
    for city in ('"><script>alert(1)</script>', "Itu<b>", 'Itu" onload="x', "Itu&amp;"):
        svg = draw([Place(city, "SP", "BR")], Place(city, "SP", "BR"), Place(city + "/", "SP", "BR"), PT)
        assert svg is not None
        tree = ET.fromstring(svg)
        assert {each.tag for each in tree.iter()} <= {"svg", "g", "path", "circle", "text"}
        assert set(tree.attrib) == {"viewBox", "role", "aria-label"}
    odd = Place('Itu"<', "SP", "BR")
    assert names(drawn(odd)) == {"here": 'Itu"<'}
    long = Place("Itu" + "-" * 5000, "SP", "BR")
    assert len(description(drawn(long))) < 150
    assert len(names(drawn(long))["here"]) <= 24


def test_nothing_that_the_pages_policy_forbids() -> None:
    svg = draw([SANTOS, CHINA, ITU], ITU, SALVADOR, PT)
    assert svg is not None
    for forbidden in ("style", "<script", "href", "url(", "http"):
        assert forbidden not in svg


def test_a_long_way_stays_small() -> None:
    cities = sorted(atlas().cities)[::7]
    drawn = [Place(name, state, "BR") for state, name in cities][:600]
    svg = draw(drawn, drawn[-1], None, PT)
    assert svg is not None
    assert len(svg) < 16_000
    assert description(ET.fromstring(svg)).count(",") == 38


@pytest.mark.parametrize("words", [PT, EN, ES])
def test_names_and_marks_stand_in_the_picture_and_on_no_other(words: object) -> None:
    cities = [Place(city, state, "BR") for city, state, _ in CITIES] + [CHINA, Place(country="NZ", unit="NZ")]
    for one in cities:
        for other in cities:
            svg = drawn(one, other, to=ITU, words=words)
            _in_the_picture(svg)
            assert names(svg).get("here"), "where it is is always named"


def _in_the_picture(svg: ET.Element) -> None:
    wide, high = (float(n) for n in svg.attrib["viewBox"].split()[2:])
    boxes = []
    for text in svg.iter("text"):
        # Measured apart from what is tested: 7 px a letter is about the widest that a common font draws these names.
        x, y, long = float(text.attrib["x"]), float(text.attrib["y"]), 6.6 * len(text.text or "")
        left = {"start": x, "middle": x - long / 2, "end": x - long}[text.attrib["text-anchor"]]
        boxes.append((left, y - 10, left + long, y + 2))
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= wide + 4
        assert 0 <= top < bottom <= high
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for mark in svg.iter("circle"):
        assert 0 < float(mark.attrib["cx"]) < wide
        assert 0 < float(mark.attrib["cy"]) < high


def test_a_name_that_fits_nowhere_is_left_out() -> None:
    picture = Box(0, 0, 90, 60)
    labels = place_labels(
        [Text("Itu", (45, 30), "here"), Text("Pindamonhangaba", (45, 30), "goal")], [(45, 30)], picture
    )
    assert [label.words for label in labels] == ["Itu"]


def test_a_name_moves_from_the_line() -> None:
    there, here = (300.0, 100.0), (100.0, 100.0)
    right_of_the_line = place_labels([Text("Itu", here, "here")], [there, here], Box(0, 0, 400, 200))[0]
    assert right_of_the_line.anchor == "end"


# ── on the page ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _page(customer: httpx.AsyncClient, shop: Shop, *events: tuple[str, str, str], end: str = "") -> str:  # noqa: F811 - fixture
    shipment = await shop.register("AA1")
    shop.outside.say("AA1", *events)
    await shop.ask(shipment, days=2)
    answer = await customer.get(f"/t/{(await shop.shipment_row(shipment)).shipment.tracking_token}{end}")
    assert len(answer.content) < 50_000
    return answer.text


def _label(page: str) -> str:
    found = re.search(r'<svg [^>]*aria-label="([^"]*)"', page)
    return found[1] if found else ""


async def test_the_page_shows_the_way(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    page = await _page(customer, shop, POSTED, ("XYZ", "2026-11-02T15:00:00+00:00", "Bauru"), OUT)
    assert _label(page) == "O caminho no mapa. Passou por: Santos. Visto por último: Itu."
    assert "Bauru" not in page, "a code that nobody knows is neither in the list nor on the map"
    assert page.index("journey") < page.index("<svg") < page.index('class="facts"')


async def test_what_was_withdrawn_or_doubted_is_not_on_the_map(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    moved = ("RO", "2026-11-03T12:00:00+00:00", "Bauru")
    withdrawn = ("EST", "2026-11-03T12:30:00+00:00", "Bauru")
    future = ("BDE", "2027-11-03T12:00:00+00:00", "Marilia")
    page = await _page(customer, shop, POSTED, moved, withdrawn, future)
    assert _label(page) == "O caminho no mapa. Visto por último: Santos."
    assert "Bauru" in page, "it is struck out, where all is told"
    assert "Marilia" not in page


async def test_without_a_place_there_is_no_map(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    page = await _page(customer, shop, ("PO", "2026-11-02T13:00:00+00:00", ""))
    assert "<svg" not in page
    assert 'class="map"' not in page


async def test_a_frame_has_no_map(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    page = await _page(customer, shop, POSTED, OUT, end="/embed")
    assert "Saiu para entrega" in page
    assert "<svg" not in page


async def test_only_the_links_own_package_has_a_map(customer: httpx.AsyncClient, shop: Shop) -> None:  # noqa: F811 - fixture
    other = await shop.register("AA2", invoice="NF-2")
    shop.outside.say("AA2", ("PO", "2026-11-02T13:00:00+00:00", "Bauru"))
    await shop.ask(other, days=1)
    page = await _page(customer, shop, POSTED)
    assert "2 / 2" in page
    assert page.count("<svg") == 1
    assert "Santos" in _label(page)
