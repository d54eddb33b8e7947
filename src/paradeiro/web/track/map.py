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
from paradeiro.sdk.speech.places import city_of
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
_MOST_WAYPOINTS = 40
_NEAR = 0.42  # from this enlargement on the states wear their initials
_LONGEST_NAME, _LONGEST_TOLD = 24, 60

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Waypoint:
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
    waypoints = route(places, words)
    if not waypoints:
        return None
    goal = _waypoint(destination, words) if destination else None
    if goal is not None and (goal.spot == waypoints[-1].spot or _vague(goal, waypoints[-1:])):
        goal = None
    present = _waypoint(now, words)
    here = present is not None and present.spot == waypoints[-1].spot
    every = [*waypoints, goal] if goal else waypoints
    sheet = sheets()["brazil" if all(s.spot.country == "BR" for s in every) else "world"]
    points = [_on(sheet, s.spot) for s in every]
    window = _window(sheet, points)
    seen = [window.shows(point) for point in points]
    way = Way(seen[: len(waypoints)], seen[-1] if goal else None, here=here, exact=waypoints[-1].spot.fine is Fine.CITY)
    texts = _texts(waypoints, goal, seen, "here" if here else "last")
    return _picture(sheet, window, way, texts, _told(waypoints, goal, words, here=here))


@dataclass(frozen=True, slots=True)
class Way:
    """The points of a way in the picture: those passed in order, and where it goes next."""

    passed: Sequence[Point]
    goal: Point | None
    here: bool  # the last point passed is where it is
    exact: bool  # and not only the middle of a state or a country


def route(places: Iterable[Place], words: Catalogue) -> list[Waypoint]:
    """The known places in order, the same one after another once. A state or a country says nothing where a more exact
    place of it stands beside.
    """
    waypoints: list[Waypoint] = []
    for place in places:
        waypoint = _waypoint(place, words)
        if waypoint is not None and not (waypoints and waypoints[-1].spot == waypoint.spot):
            waypoints.append(waypoint)
    kept = [
        s for i, s in enumerate(waypoints) if i == len(waypoints) - 1 or not _vague(s, waypoints[max(i - 1, 0) : i + 2])
    ]
    once = [s for i, s in enumerate(kept) if i == 0 or kept[i - 1].spot != s.spot]
    return once if len(once) <= _MOST_WAYPOINTS else [once[0], *once[1 - _MOST_WAYPOINTS :]]


def _vague(waypoint: Waypoint, around: Sequence[Waypoint]) -> bool:
    exact = {s.spot.region for s in around if s.spot.fine is Fine.CITY}
    return waypoint.spot.fine is not Fine.CITY and waypoint.spot.region in exact


def _waypoint(place: Place, words: Catalogue) -> Waypoint | None:
    spot = locate(place)
    if spot is None:
        return None
    if spot.fine is Fine.COUNTRY:
        name = Locale.parse(words.language.value, sep="-").territories.get(spot.country, spot.country)
    else:
        name = city_of(place) if spot.fine is Fine.CITY else spot.name
    return Waypoint(spot, name if len(name) <= _LONGEST_TOLD else f"{name[:_LONGEST_TOLD]}…")


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


def _texts(waypoints: Sequence[Waypoint], goal: Waypoint | None, seen: Sequence[Point], last: str) -> list[Text]:
    """What is named: where it is, where it goes, where it began; the most wanted first."""
    wanted = [Text(_short(waypoints[-1].name), seen[len(waypoints) - 1], last)]
    if goal:
        wanted.append(Text(_short(goal.name), seen[-1], "goal"))
    if len(waypoints) > 1 and waypoints[0].name not in {waypoints[-1].name, goal.name if goal else ""}:
        wanted.append(Text(_short(waypoints[0].name), seen[0], "first"))
    return wanted


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"


def _told(waypoints: Sequence[Waypoint], goal: Waypoint | None, words: Catalogue, *, here: bool) -> str:
    """The map in words."""
    said = MAP_WORDS[words.language]
    passed = ", ".join(waypoint.name for waypoint in (waypoints[:-1] if here else waypoints))
    parts = (
        said.title,
        said.passed.format(places=passed) if passed else "",
        said.last.format(place=waypoints[-1].name) if here else "",
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
