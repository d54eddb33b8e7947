"""In: the places that a package passed, in order; out: a small map of its route as inline SVG."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from babel import Locale
from markupsafe import Markup

from paradeiro.domain.records import Place
from paradeiro.sdk.wording.catalogue import Catalogue
from paradeiro.sdk.wording.map_words import MAP_WORDING
from paradeiro.sdk.wording.places import city_of
from paradeiro.web.track.map.labels import Box, Text, place_initials, place_labels
from paradeiro.web.track.map.places import MapFrame, Precision, Spot, atlas, locate, map_frames, on_brazil, on_world

_WIDTH = 400.0
_HEIGHTS = {"brazil": 260.0, "world": 180.0}
# A picture shows at least this much of its frame, in grid units: the outlines are too coarse for more zoom.
_NEAREST = {"brazil": 200.0, "world": 420.0}
_ALONE = 440.0  # around a single point: enough to see where in the country it is
_WHOLE = 0.62  # a route that needs this share of the frame is shown on all of it
_ROOM = 0.22  # margin around the route, as a share of the picture: for the names
_APART = 7.0  # minimum distance of marks; closer ones would overlap
_MOST_WAYPOINTS = 40
_NEAR = 0.42  # from this zoom on the states' initials are shown
_LONGEST_NAME, _LONGEST_TOLD = 24, 60

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A place on the route: its position and its name."""

    spot: Spot
    name: str


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a frame that is shown, in grid units, and how many times it is enlarged."""

    x: float
    y: float
    zoom: float

    def to_picture(self, point: Point) -> Point:
        """A frame point in picture coordinates."""
        return (point[0] - self.x) * self.zoom, (point[1] - self.y) * self.zoom


def draw(places: Iterable[Place], now: Place, destination: Place | None, words: Catalogue) -> Markup | None:
    """The map of a route. None when no place of it is known. `now`: where the package is; if that is not the last known
    place, no mark says that it is there.
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
    frame = map_frames()["brazil" if all(s.spot.country == "BR" for s in every) else "world"]
    points = [_frame_point(frame, s.spot) for s in every]
    window = _window(frame, points)
    seen = [window.to_picture(point) for point in points]
    drawn = DrawnRoute(
        seen[: len(waypoints)],
        seen[-1] if goal else None,
        here=here,
        exact=waypoints[-1].spot.precision is Precision.CITY,
    )
    texts = _label_texts(waypoints, goal, seen, "here" if here else "last")
    return _picture(frame, window, drawn, texts, _description(waypoints, goal, words, here=here))


@dataclass(frozen=True, slots=True)
class DrawnRoute:
    """The points of a route in picture coordinates: those passed, in order, and the destination."""

    passed: Sequence[Point]
    goal: Point | None
    here: bool  # the last point passed is the package's position
    exact: bool  # the position is a city, not the middle of a state or a country


def route(places: Iterable[Place], words: Catalogue) -> list[Waypoint]:
    """The known places in order, without repetitions. A state or a country is left out next to a more exact place in
    it.
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


def _vague(waypoint: Waypoint, neighbours: Sequence[Waypoint]) -> bool:
    exact = {s.spot.region for s in neighbours if s.spot.precision is Precision.CITY}
    return waypoint.spot.precision is not Precision.CITY and waypoint.spot.region in exact


def _waypoint(place: Place, words: Catalogue) -> Waypoint | None:
    spot = locate(place)
    if spot is None:
        return None
    if spot.precision is Precision.COUNTRY:
        name = Locale.parse(words.language.value, sep="-").territories.get(spot.country, spot.country)
    else:
        name = city_of(place) if spot.precision is Precision.CITY else spot.name
    return Waypoint(spot, name if len(name) <= _LONGEST_TOLD else f"{name[:_LONGEST_TOLD]}…")


def _frame_point(frame: MapFrame, spot: Spot) -> Point:
    return (on_brazil if frame.name == "brazil" else on_world)(spot.lat, spot.lon)


def _window(frame: MapFrame, points: Sequence[Point]) -> Window:
    """The part of a frame that shows all points with room around them, never more than the frame."""
    height = _HEIGHTS[frame.name]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    free = 1 - 2 * _ROOM
    nearest = _NEAREST[frame.name] if len(points) > 1 else _ALONE
    needed = max((max(xs) - min(xs)) / free, (max(ys) - min(ys)) / free * _WIDTH / height, nearest)
    most = min(frame.width, frame.height * _WIDTH / height)
    wide = needed if needed < most * _WHOLE else most
    tall = wide * height / _WIDTH
    left = min(max((min(xs) + max(xs) - wide) / 2, 0), frame.width - wide)
    top = min(max((min(ys) + max(ys) - tall) / 2, 0), frame.height - tall)
    return Window(left, top, _WIDTH / wide)


def _label_texts(waypoints: Sequence[Waypoint], goal: Waypoint | None, seen: Sequence[Point], last: str) -> list[Text]:
    """The labels by priority: the last place, the destination, the first place."""
    wanted = [Text(_short(waypoints[-1].name), seen[len(waypoints) - 1], last)]
    if goal:
        wanted.append(Text(_short(goal.name), seen[-1], "goal"))
    if len(waypoints) > 1 and waypoints[0].name not in {waypoints[-1].name, goal.name if goal else ""}:
        wanted.append(Text(_short(waypoints[0].name), seen[0], "first"))
    return wanted


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"


def _description(waypoints: Sequence[Waypoint], goal: Waypoint | None, words: Catalogue, *, here: bool) -> str:
    """The map as text, for screen readers."""
    said = MAP_WORDING[words.language]
    passed = ", ".join(waypoint.name for waypoint in (waypoints[:-1] if here else waypoints))
    parts = (
        said.title,
        said.passed.format(places=passed) if passed else "",
        said.last.format(place=waypoints[-1].name) if here else "",
        said.goal.format(place=goal.name) if goal else "",
    )
    return " ".join(part for part in parts if part)


def _picture(frame: MapFrame, window: Window, drawn: DrawnRoute, texts: Sequence[Text], description: str) -> Markup:
    height = _HEIGHTS[frame.name]
    zoom = window.zoom
    shift = f"matrix({zoom:.3f} 0 0 {zoom:.3f} {-window.x * zoom:.1f} {-window.y * zoom:.1f})"
    land = Markup("").join(Markup('<path class="{}" d="{}"/>').format(name, d) for name, d in frame.layers.items())
    lines = [Markup('<path class="way" d="{}"/>').format(_line(drawn.passed))] if len(drawn.passed) > 1 else []
    if drawn.goal:
        lines.append(Markup('<path class="way next" d="{}"/>').format(_line([drawn.passed[-1], drawn.goal])))
    body = [
        Markup('<g transform="{}">{}</g>').format(shift, land),
        *lines,
        *_marks(drawn),
        *_names(frame, window, drawn, texts),
    ]
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _number(_WIDTH), _number(height), description, Markup("").join(body)
    )


def _names(frame: MapFrame, window: Window, drawn: DrawnRoute, texts: Sequence[Text]) -> list[Markup]:
    """The names of places; at close zoom also the states' initials, for orientation."""
    points = [*drawn.passed, *([drawn.goal] if drawn.goal else [])]
    picture = Box(0, 0, _WIDTH, _HEIGHTS[frame.name])
    labels = place_labels(texts, points, picture)
    named = [
        Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
            label.kind, _number(label.x), _number(label.y), label.anchor, label.words
        )
        for label in labels
    ]
    if frame.name != "brazil" or window.zoom < _NEAR:
        return named
    middles = [(uf, window.to_picture(on_brazil(lat / 100, lon / 100))) for uf, (lat, lon) in atlas().states.items()]
    return named + [
        Markup('<text class="uf" x="{}" y="{}" text-anchor="middle">{}</text>').format(_number(x), _number(y + 4), uf)
        for uf, (x, y) in place_initials(middles, labels, points, picture)
    ]


def _marks(drawn: DrawnRoute) -> list[Markup]:
    """A small mark at each place passed, a large one at the position, a ring at the destination."""
    last, rest = drawn.passed[-1], drawn.passed[: -1 if drawn.here else None]
    taken = [last] * drawn.here + [drawn.goal] * bool(drawn.goal)
    marks = []
    for point in (*rest[:1], *rest[:0:-1]):
        if all(math.dist(point, other) >= _APART for other in taken if other):
            taken.append(point)
            marks.append(Markup('<circle class="was" cx="{}" cy="{}" r="3"/>').format(*map(_number, point)))
    if drawn.goal:
        marks.append(Markup('<circle class="to" cx="{}" cy="{}" r="4.5"/>').format(*map(_number, drawn.goal)))
    if drawn.here:
        radius = 11 if drawn.exact else 18
        marks.append(Markup('<circle class="halo" cx="{}" cy="{}" r="{}"/>').format(*map(_number, last), radius))
        marks.append(Markup('<circle class="is" cx="{}" cy="{}" r="6"/>').format(*map(_number, last)))
    return marks


def _line(points: Sequence[Point]) -> str:
    """An SVG path whose legs bend a little to one side, so that there and back are two lines."""
    said = f"M{_number(points[0][0])} {_number(points[0][1])}"
    for (ax, ay), (bx, by) in pairwise(points):
        bend = 0.1
        cx, cy = (ax + bx) / 2 + (by - ay) * bend, (ay + by) / 2 - (bx - ax) * bend
        said += f"Q{_number(cx)} {_number(cy)} {_number(bx)} {_number(by)}"
    return said


def _number(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
