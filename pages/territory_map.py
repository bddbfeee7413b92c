"""Maps: polygons in degrees as one SVG picture inside a page, without tiles.

The caller decides which polygons and what their shade means; nothing here reads a store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

import shapely
from markupsafe import Markup

#: A ring of (longitude, latitude) in degrees.
Ring = Sequence[tuple[float, float]]

_WIDTH = 760
_MARGIN = 8
#: Between nothing and everything, readable for the colour-blind.
_LIGHT, _DARK = (240, 244, 248), (0, 94, 148)


@dataclass(frozen=True)
class Shape:
    """One territory: rings, name on the map, text shown when it is pointed at, shade from 0 to 1.

    A shade of None means unknown and is hatched.
    """

    label: str
    told: str
    rings: Sequence[Ring]
    shade: float | None


@dataclass(frozen=True)
class _Projection:
    """From degrees to pixels of the picture; degrees of longitude are shortened by the cosine of the middle latitude."""

    west: float
    north: float
    shortening: float
    scale: float
    width: float
    height: float

    @classmethod
    def around(cls, points: Sequence[tuple[float, float]]) -> _Projection:
        """Return the projection in which all points (longitude, latitude) fit into the picture."""
        if not points:
            raise ValueError("a map has at least one shape")
        longitudes, latitudes = [lon for lon, _ in points], [lat for _, lat in points]
        west, east, south, north = min(longitudes), max(longitudes), min(latitudes), max(latitudes)
        shortening = cos(radians((south + north) / 2))
        scale = (_WIDTH - 2 * _MARGIN) / max((east - west) * shortening, (north - south), 1e-9)
        width = (east - west) * shortening * scale + 2 * _MARGIN
        return cls(west, north, shortening, scale, width, (north - south) * scale + 2 * _MARGIN)

    def pixel(self, point: tuple[float, float]) -> tuple[float, float]:
        """Return x and y of a point (longitude, latitude)."""
        return (
            _MARGIN + (point[0] - self.west) * self.shortening * self.scale,
            _MARGIN + (self.north - point[1]) * self.scale,
        )


def draw_map(description: str, shapes: Sequence[Shape]) -> Markup:
    """Return an SVG of the shapes, north up; each shows its text when it is pointed at.

    Raises:
        ValueError: there is no shape to draw.
    """
    sheet = _Projection.around([point for shape in shapes for ring in shape.rings for point in ring])
    projected = [(shape, [[sheet.pixel(point) for point in ring] for ring in shape.rings]) for shape in shapes]
    # Names last: a neighbour that is drawn later would cover them.
    drawn = Markup("").join([*(_shape(*item) for item in projected), *(_label(*item) for item in projected)])
    return Markup(
        '<figure class="plot"><svg role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" font-size="{}">'
        '<defs><pattern id="unknown" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<path d="M0 6L6 0" stroke="#8a8f98"/></pattern></defs>{}</svg></figure>'
    ).format(description, round(sheet.width), round(sheet.height), round(sheet.width), _letters(len(shapes)), drawn)


def _shape(shape: Shape, rings: Sequence[Ring]) -> Markup:
    path = " ".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in rings)
    return Markup(
        '<path d="{}" fill="{}" fill-rule="evenodd" stroke="#5c6573" stroke-width=".7"><title>{}</title></path>'
    ).format(path, _fill(shape.shade), shape.told)


def _label(shape: Shape, rings: Sequence[Ring]) -> Markup:
    """Write the name where the largest part is wide, and never outside of it, as the middle of a bent one would be."""
    largest = max((shapely.make_valid(shapely.Polygon(ring)) for ring in rings), key=shapely.area)
    spot = largest.representative_point()
    return Markup(
        '<text x="{}" y="{}" dy=".35em" text-anchor="middle" pointer-events="none" fill="{}">{}</text>'
    ).format(f"{spot.x:.1f}", f"{spot.y:.1f}", _ink(shape.shade), shape.label)


def _letters(shapes: int) -> int:
    """Return the height of labels in pixels: a few territories have room, a whole city has not."""
    return 13 if shapes <= 40 else 7


def _fill(shade: float | None) -> str:
    if shade is None:
        return "url(#unknown)"
    mixed = (round(light + (dark - light) * shade) for light, dark in zip(_LIGHT, _DARK, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _ink(shade: float | None) -> str:
    return "#ffffff" if shade is not None and shade > 0.55 else "#1d2430"
