"""Point in polygon: inside, outside, on a border, hole; batches give what one question gives."""

import numpy as np
import shapely

import territories.contours as contours
from territories.contours import ContourIndex

LEFT = shapely.box(0, 0, 1, 1)
RIGHT = shapely.box(1, 0, 2, 1)
RING = shapely.Polygon(shapely.box(10, 10, 14, 14).exterior, [shapely.box(11, 11, 13, 13).exterior])


def pairs(lon, lat):
    index = ContourIndex([shapely.to_wkb(shape) for shape in (LEFT, RIGHT, RING)])
    hits = index.locate(np.array(lon, float), np.array(lat, float))
    return sorted(zip(hits.points.tolist(), hits.contours.tolist(), strict=True))


def test_inside_outside_border_and_hole():
    found = pairs([0.5, 1.5, 5.0, 1.0, 10.5, 12.0], [0.5, 0.5, 5.0, 0.5, 10.5, 12.0])
    assert found == [(0, 0), (1, 1), (3, 0), (3, 1), (4, 2)]


def test_no_points():
    assert pairs([], []) == []


def test_batches_keep_the_row_of_each_point(monkeypatch):
    lon, lat = [0.5, 5.0, 1.5, 10.5, 0.2], [0.5, 5.0, 0.5, 10.5, 0.2]
    whole = pairs(lon, lat)
    monkeypatch.setattr(contours, "BATCH", 2)
    assert pairs(lon, lat) == whole == [(0, 0), (2, 1), (3, 2), (4, 0)]
