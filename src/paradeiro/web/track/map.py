"""In: the places that a package passed, in order; out: a small map of its way as SVG, with nothing to fetch."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from babel import Locale
from markupsafe import Markup

from paradeiro.domain.records import Place
from paradeiro.sdk.speech.catalogue import Catalogue
from paradeiro.sdk.speech.map_words import MAP_WORDS
from paradeiro.sdk.speech.places import city_of, place_line
from paradeiro.web.track.geo import Fine, Sheet, Spot, atlas, locate, on_brazil, on_world, sheets
from paradeiro.web.track.labels import Box, Text, set_initials, set_labels

_WIDTH = 400.0
_HEIGHTS = {"brazil": 260.0, "world": 180.0}
# A picture shows at least this much of its sheet, in grid units: what is drawn that simply bears no closer look.
_NEAREST = {"brazil": 200.0, "world": 420.0}
_ALONE = 440.0  # around a single point: enough to see where in the country it is
_WHOLE = 0.62  # a way that needs so much of the sheet is shown on all of it
_ROOM = 0.22  # of the picture, around the way: for the names
_APART = 7.0  # marks closer than this would be a blot
_MOST_STOPS = 40
_NEAR = 0.42  # from this enlargement on the states wear their initials
_LONGEST_NAME, _LONGEST_TOLD = 24, 60

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on the way: where, and what it is called there."""

    spot: Spot
    name: str


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a sheet that is shown, in grid units, and how many times it is enlarged."""

    x: float
    y: float
    zoom: float

    def shows(self, point: Point) -> Point:
        """Where in the picture a point of the sheet is."""
        return (point[0] - self.x) * self.zoom, (point[1] - self.y) * self.zoom


def draw(places: Iterable[Place], now: Place, destination: Place | None, words: Catalogue) -> Markup | None:
    """The map of a way. None when no place of it is known. `now`: where the package is; if that is not the last place
    that we can draw, nothing says that it is there.
    """
    stops = route(places, words)
    if not stops:
        return None
    goal = _stop(destination, words) if destination else None
    if goal is not None and (goal.spot == stops[-1].spot or _vague(goal, stops[-1:])):
        goal = None
    present = _stop(now, words)
    here = present is not None and present.spot == stops[-1].spot
    every = [*stops, goal] if goal else stops
    sheet = sheets()["brazil" if all(s.spot.country == "BR" for s in every) else "world"]
    points = [_on(sheet, s.spot) for s in every]
    window = _window(sheet, points)
    seen = [window.shows(point) for point in points]
    way = Way(seen[: len(stops)], seen[-1] if goal else None, here=here, exact=stops[-1].spot.fine is Fine.CITY)
    texts = _texts(stops, goal, seen, "here" if here else "last")
    return _picture(sheet, window, way, texts, _told(stops, goal, words, here=here))


@dataclass(frozen=True, slots=True)
class Way:
    """The points of a way in the picture: those passed in order, and where it goes next."""

    passed: Sequence[Point]
    goal: Point | None
    here: bool  # the last point passed is where it is
    exact: bool  # and not only the middle of a state or a country


def route(places: Iterable[Place], words: Catalogue) -> list[Stop]:
    """The known places in order, the same one after another once. A state or a country says nothing where a more exact
    place of it stands beside.
    """
    stops: list[Stop] = []
    for place in places:
        stop = _stop(place, words)
        if stop is not None and not (stops and stops[-1].spot == stop.spot):
            stops.append(stop)
    kept = [s for i, s in enumerate(stops) if i == len(stops) - 1 or not _vague(s, stops[max(i - 1, 0) : i + 2])]
    once = [s for i, s in enumerate(kept) if i == 0 or kept[i - 1].spot != s.spot]
    return once if len(once) <= _MOST_STOPS else [once[0], *once[1 - _MOST_STOPS :]]


def _vague(stop: Stop, around: Sequence[Stop]) -> bool:
    exact = {s.spot.region for s in around if s.spot.fine is Fine.CITY}
    return stop.spot.fine is not Fine.CITY and stop.spot.region in exact


def _stop(place: Place, words: Catalogue) -> Stop | None:
    """Only what the page says itself is drawn."""
    spot = locate(place) if place_line(place) else None
    if spot is None:
        return None
    if spot.fine is Fine.COUNTRY:
        name = Locale.parse(words.language.value, sep="-").territories.get(spot.country, spot.country)
    else:
        name = city_of(place) if spot.fine is Fine.CITY else spot.name
    return Stop(spot, name if len(name) <= _LONGEST_TOLD else f"{name[:_LONGEST_TOLD]}…")


def _on(sheet: Sheet, spot: Spot) -> Point:
    return (on_brazil if sheet.name == "brazil" else on_world)(spot.lat, spot.lon)


def _window(sheet: Sheet, points: Sequence[Point]) -> Window:
    """The part of a sheet that shows all points with room around them, never more than the sheet."""
    height = _HEIGHTS[sheet.name]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    free = 1 - 2 * _ROOM
    nearest = _NEAREST[sheet.name] if len(points) > 1 else _ALONE
    needed = max((max(xs) - min(xs)) / free, (max(ys) - min(ys)) / free * _WIDTH / height, nearest)
    most = min(sheet.width, sheet.height * _WIDTH / height)
    wide = needed if needed < most * _WHOLE else most
    tall = wide * height / _WIDTH
    left = min(max((min(xs) + max(xs) - wide) / 2, 0), sheet.width - wide)
    top = min(max((min(ys) + max(ys) - tall) / 2, 0), sheet.height - tall)
    return Window(left, top, _WIDTH / wide)


def _texts(stops: Sequence[Stop], goal: Stop | None, seen: Sequence[Point], last: str) -> list[Text]:
    """What is named: where it is, where it goes, where it began; the most wanted first."""
    wanted = [Text(_short(stops[-1].name), seen[len(stops) - 1], last)]
    if goal:
        wanted.append(Text(_short(goal.name), seen[-1], "goal"))
    if len(stops) > 1 and stops[0].name not in {stops[-1].name, goal.name if goal else ""}:
        wanted.append(Text(_short(stops[0].name), seen[0], "first"))
    return wanted


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"


def _told(stops: Sequence[Stop], goal: Stop | None, words: Catalogue, *, here: bool) -> str:
    """The map in words."""
    said = MAP_WORDS[words.language]
    passed = ", ".join(stop.name for stop in (stops[:-1] if here else stops))
    parts = (
        said.title,
        said.passed.format(places=passed) if passed else "",
        said.last.format(place=stops[-1].name) if here else "",
        said.goal.format(place=goal.name) if goal else "",
    )
    return " ".join(part for part in parts if part)


def _picture(sheet: Sheet, window: Window, way: Way, texts: Sequence[Text], told: str) -> Markup:
    height = _HEIGHTS[sheet.name]
    zoom = window.zoom
    shift = f"matrix({zoom:.3f} 0 0 {zoom:.3f} {-window.x * zoom:.1f} {-window.y * zoom:.1f})"
    land = Markup("").join(Markup('<path class="{}" d="{}"/>').format(name, d) for name, d in sheet.layers.items())
    lines = [Markup('<path class="way" d="{}"/>').format(_line(way.passed))] if len(way.passed) > 1 else []
    if way.goal:
        lines.append(Markup('<path class="way next" d="{}"/>').format(_line([way.passed[-1], way.goal])))
    body = [
        Markup('<g transform="{}">{}</g>').format(shift, land),
        *lines,
        *_marks(way),
        *_names(sheet, window, way, texts),
    ]
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _n(_WIDTH), _n(height), told, Markup("").join(body)
    )


def _names(sheet: Sheet, window: Window, way: Way, texts: Sequence[Text]) -> list[Markup]:
    """The names of places; seen from near also the states' initials, to know where in the country this is."""
    points = [*way.passed, *([way.goal] if way.goal else [])]
    picture = Box(0, 0, _WIDTH, _HEIGHTS[sheet.name])
    labels = set_labels(texts, points, picture)
    named = [
        Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
            label.kind, _n(label.x), _n(label.y), label.anchor, label.words
        )
        for label in labels
    ]
    if sheet.name != "brazil" or window.zoom < _NEAR:
        return named
    middles = [(uf, window.shows(on_brazil(lat / 100, lon / 100))) for uf, (lat, lon) in atlas().states.items()]
    return named + [
        Markup('<text class="uf" x="{}" y="{}" text-anchor="middle">{}</text>').format(_n(x), _n(y + 4), uf)
        for uf, (x, y) in set_initials(middles, labels, points, picture)
    ]


def _marks(way: Way) -> list[Markup]:
    """A small mark where it was, a large one where it is, a ring where it goes."""
    last, rest = way.passed[-1], way.passed[: -1 if way.here else None]
    taken = [last] * way.here + [way.goal] * bool(way.goal)
    marks = []
    for point in (*rest[:1], *rest[:0:-1]):
        if all(math.dist(point, other) >= _APART for other in taken if other):
            taken.append(point)
            marks.append(Markup('<circle class="was" cx="{}" cy="{}" r="3"/>').format(*map(_n, point)))
    if way.goal:
        marks.append(Markup('<circle class="to" cx="{}" cy="{}" r="4.5"/>').format(*map(_n, way.goal)))
    if way.here:
        around = 11 if way.exact else 18
        marks.append(Markup('<circle class="halo" cx="{}" cy="{}" r="{}"/>').format(*map(_n, last), around))
        marks.append(Markup('<circle class="is" cx="{}" cy="{}" r="6"/>').format(*map(_n, last)))
    return marks


def _line(points: Sequence[Point]) -> str:
    """A way that bends a little to one side in each leg, so that there and back are two lines."""
    said = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for (ax, ay), (bx, by) in pairwise(points):
        bend = 0.1
        cx, cy = (ax + bx) / 2 + (by - ay) * bend, (ay + by) / 2 - (bx - ax) * bend
        said += f"Q{_n(cx)} {_n(cy)} {_n(bx)} {_n(by)}"
    return said


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
