"""Point in polygon over arrays: which contours hold which points, with a tree over the contours.

Points and contours are chosen by `territories.tie` and `territories.overlaps`. Degrees are taken as a plane, which is
exact enough for "inside".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

#: Points asked at once: memory stays bounded whatever their number.
BATCH = 500_000


@dataclass(frozen=True)
class Hits:
    """Pairs of (row of the point, row of the contour), one per contour that holds the point, border included."""

    points: npt.NDArray[np.int64]
    contours: npt.NDArray[np.int64]


class ContourIndex:
    """A tree over contours, built once and asked many times.

    Args:
        wkb: polygons as well-known binary; `locate` answers with their positions in this sequence.
    """

    def __init__(self, wkb: Sequence[bytes]) -> None:
        self._contours = shapely.from_wkb(list(wkb))
        shapely.prepare(self._contours)
        self._tree = shapely.STRtree(self._contours)

    def locate(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> Hits:
        """Return every contour that holds each point; a point outside all has no pair, one on a border two.

        Args:
            lon: degrees, one per point.
            lat: degrees, as long as `lon`.
        """
        points, contours = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for start in range(0, len(lon), BATCH):
            batch = shapely.points(lon[start : start + BATCH], lat[start : start + BATCH])
            rows, found = self._tree.query(batch, predicate="intersects")
            points.append(rows + start)
            contours.append(found)
        return Hits(np.concatenate(points), np.concatenate(contours))
