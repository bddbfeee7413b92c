"""The invented commune of Valombre: its streets, addresses, bureaux and IRIS, on a grid of four by three cells.

Geometry and names only; how they are written into files is the business of `sample.open_data_files`.
INSEE code 48271 and postcode 48990 are used by no real commune; the spot is a bare stretch of the Causse Méjean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

COMMUNE = "Valombre"
DEPARTEMENT = "48"
INSEE_CODE = "48271"
POSTCODE = "48990"

COLUMNS, ROWS = 4, 3
WEST, SOUTH = 3.3800, 44.2400
CELL_LON, CELL_LAT = 0.0090, 0.0066

Point = tuple[float, float]

STREETS = (
    "Rue du Lavoir Perché",
    "Avenue des Trois Tilleuls",
    "Rue Saint-Amable des Prés",
    "Boulevard de la Vieille Halle",
    "Rue du Faubourg Saint-Clément",
    "Impasse du Grillon",
    "Chemin de la Source Bleue",
    "Place des Quatre Vents",
    "Rue Théodora Valmy",
    "Allée des Noisetiers",
    "Rue de l'Ancien Moulin",
    "Quai des Lamproies",
    "Passage du Tonnelier",
    "Rue Anselme Fauvel",
    "Avenue du Pré aux Oies",
    "Rue des Remparts d'Ombre",
    "Boulevard Saint-Elme",
    "Rue du Four à Chaux",
    "Chemin des Muletiers",
    "Rue Honorine Castaing",
    "Rue de la Belle Étoile",
    "Square des Coquelicots",
    "Rue du Docteur Aubrac",
    "Avenue de la Gare Oubliée",
    "Rue Basse",
    "Rue Haute",
    "Cours Mirandole",
    "Rue des Tisserandes",
    "Impasse de la Fontaine Sèche",
    "Rue Saint-Géry",
    "Allée du Bois Clair",
    "Rue du Maréchal Ferrant",
    "Chemin de Croix Blanche",
    "Rue des Orpailleurs",
    "Place du Marché aux Laines",
    "Rue Évariste Nogaret",
    "Passage des Souffleurs",
    "Rue du Puits Neuf",
    "Avenue Célestine Roumieu",
    "Rue de l'Écluse Dormante",
)


@dataclass(frozen=True)
class Address:
    """One numbered address: BAN id, number, suffix (`b`, `t` or empty), street and WGS 84 position."""

    ban_id: str
    street_code: str
    number: int
    suffix: str
    street: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Area:
    """A bureau or an IRIS: its code and the ring of its contour, closed, in WGS 84."""

    code: str
    ring: tuple[Point, ...]


@dataclass(frozen=True)
class Place:
    """The whole commune."""

    addresses: tuple[Address, ...]
    bureaux_2022: tuple[Area, ...]
    bureaux_2026: tuple[Area, ...]
    iris: tuple[Area, ...]


def build_place(random: Random) -> Place:
    """Return the commune: 12 bureaux in 2022, 13 in 2026, 6 IRIS, 40 streets."""
    nodes = _nodes(random)
    cells = {
        row * COLUMNS + column: _cell(nodes, column, row, column + 1)
        for row in range(ROWS)
        for column in range(COLUMNS)
    }
    return Place(
        addresses=tuple(_addresses(random)),
        bureaux_2022=_bureaux_2022(cells),
        bureaux_2026=_bureaux_2026(cells),
        iris=_iris(nodes),
    )


def lambert_93(lon: float, lat: float) -> Point:
    """Return metres in Lambert-93 (EPSG:2154) of a WGS 84 position (IGN, constants of the conic projection)."""
    eccentricity, exponent, constant = 0.08181919112, 0.7256077650, 11_754_255.426
    phi = math.radians(lat)
    sine = eccentricity * math.sin(phi)
    isometric = math.log(math.tan(math.pi / 4 + phi / 2) * ((1 - sine) / (1 + sine)) ** (eccentricity / 2))
    radius = constant * math.exp(-exponent * isometric)
    angle = exponent * math.radians(lon - 3.0)
    return 700_000 + radius * math.sin(angle), 12_655_612.050 - radius * math.cos(angle)


def _nodes(random: Random) -> dict[tuple[int, int], Point]:
    """Return the corners of the cells, inner ones moved a little so that no border is straight."""
    nodes = {}
    for column in range(COLUMNS + 1):
        for row in range(ROWS + 1):
            inner = 0 < column < COLUMNS and 0 < row < ROWS
            shift = 0.18 if inner else 0.0
            lon = WEST + CELL_LON * (column + shift * (random.random() - 0.5))
            lat = SOUTH + CELL_LAT * (row + shift * (random.random() - 0.5))
            nodes[column, row] = (round(lon, 6), round(lat, 6))
    return nodes


def _cell(nodes: dict[tuple[int, int], Point], west: int, row: int, east: int) -> tuple[Point, ...]:
    """Return the ring around the cells of one row from column `west` up to `east`, every shared corner included."""
    south_side = [nodes[column, row] for column in range(west, east + 1)]
    north_side = [nodes[column, row + 1] for column in range(east, west - 1, -1)]
    return (*south_side, *north_side, south_side[0])


def _bureaux_2022(cells: dict[int, tuple[Point, ...]]) -> tuple[Area, ...]:
    """Return bureaux 0001 to 0012; the last leaves a corner of the commune in no polygon, as old maps do."""
    areas = [Area(_bureau_code(cell + 1), ring) for cell, ring in cells.items()]
    south_west, south_east, north_east, north_west, _ = cells[11]
    cut = tuple(round(a + 0.5 * (b - a), 6) for a, b in zip(south_east, north_east, strict=True))
    inner = tuple(round(a + 0.5 * (b - a), 6) for a, b in zip(north_west, north_east, strict=True))
    ring = (south_west, south_east, (cut[0], cut[1]), (inner[0], inner[1]), north_west, south_west)
    return (*areas[:11], Area(areas[11].code, ring))


def _bureaux_2026(cells: dict[int, tuple[Point, ...]]) -> tuple[Area, ...]:
    """Return the later map: 0005 is split (its east is 0013 now) and 0009 is renumbered 0014."""
    renumbered = {8: 14}
    areas = [Area(_bureau_code(renumbered.get(cell, cell + 1)), ring) for cell, ring in cells.items() if cell != 4]
    south_west, south_east, north_east, north_west, _ = cells[4]
    low, high = _middle(south_west, south_east), _middle(north_west, north_east)
    areas.append(Area(_bureau_code(5), (south_west, low, high, north_west, south_west)))
    areas.append(Area(_bureau_code(13), (low, south_east, north_east, high, low)))
    return tuple(sorted(areas, key=lambda area: area.code))


def _iris(nodes: dict[tuple[int, int], Point]) -> tuple[Area, ...]:
    """Return six IRIS of two cells each."""
    pairs = [(column, row) for row in range(ROWS) for column in range(0, COLUMNS, 2)]
    return tuple(
        Area(f"{INSEE_CODE}{101 + position:04d}", _cell(nodes, column, row, column + 2))
        for position, (column, row) in enumerate(pairs)
    )


def _middle(first: Point, second: Point) -> Point:
    return round((first[0] + second[0]) / 2, 6), round((first[1] + second[1]) / 2, 6)


def _bureau_code(number: int) -> str:
    return f"{INSEE_CODE}_{number:04d}"


def _addresses(random: Random) -> list[Address]:
    """Return about 2,500 addresses: each street crosses the commune, even numbers on one side."""
    found = []
    for index, street in enumerate(STREETS):
        code = f"{INSEE_CODE}_{(index + 1) * 10:04d}"
        along_east = index % 2 == 0
        across = 0.03 + 0.94 * (index + 0.5) / len(STREETS)
        count = random.randint(52, 66)
        for number in range(1, count + 1):
            for suffix in _suffixes(random):
                along = 0.02 + 0.96 * (number - 0.5) / count
                side = 0.003 if number % 2 else -0.003
                east, north = (along, across + side) if along_east else (across + side, along)
                lon = round(WEST + COLUMNS * CELL_LON * (east + 0.0004 * random.random()), 6)
                lat = round(SOUTH + ROWS * CELL_LAT * (north + 0.0004 * random.random()), 6)
                tail = f"_{suffix}" if suffix else ""
                found.append(Address(f"{code}_{number:05d}{tail}", code, number, suffix, street, lon, lat))
    return found


def _suffixes(random: Random) -> tuple[str, ...]:
    draw = random.random()
    if draw < 0.05:
        return ("", "b")
    return ("", "b", "t") if draw < 0.06 else ("",)
