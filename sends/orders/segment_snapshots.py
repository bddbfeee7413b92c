"""Snapshots of sponsors and named segments: read from `config/`, checked, and kept as rows for the base.

Their records belong to `sends.orders.sponsors` and `sends.orders.order`; which contacts a segment holds is computed by dbt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sends.orders.audience_criteria import Amount, Audience, BureauVote, Years
from sends.orders.order import Segment
from sends.orders.order_file import read_segment
from sends.orders.sponsors import Sponsor, read_sponsor
from stores.schemas.configuration_tables import SEGMENT_CRITERIA, SEGMENTS, SPONSORS
from stores.snapshots import Row, Snapshot, SnapshotStore
from terms.errors import UsageError


def read_sponsors(folder: Path) -> tuple[Sponsor, ...]:
    """Read every sponsor of a folder, in order of file name.

    Raises:
        UsageError: a field of a file is wrong.
    """
    return tuple(read_sponsor(folder, file.stem) for file in sorted(folder.glob("*.yaml")))


def read_segments(folder: Path) -> tuple[Segment, ...]:
    """Read every named segment of a folder, in order of file name.

    Raises:
        UsageError: a field is wrong, a criterion is forbidden (its code is named), or an id stands twice.
    """
    segments: dict[str, Segment] = {}
    for file in sorted(folder.glob("*.yaml")):
        segment = read_segment(file)
        _check_segment(segment, file, segments)
        segments[segment.segment_id] = segment
    return tuple(segments.values())


def take_sponsors_snapshot(store: SnapshotStore, folder: Path, at: datetime) -> Snapshot:
    """Write the sponsors as the next snapshot, or return the current one if nothing changed.

    Args:
        store: where snapshots are kept.
        folder: the folder of their YAML files.
        at: the instant (aware) of the snapshot.

    Raises:
        UsageError: as `read_sponsors`.
    """
    rows: list[Row] = [(item.sponsor_id, item.legal_name, item.candidate) for item in read_sponsors(folder)]
    return store.take_rows("sponsors", at, {SPONSORS: rows})


def take_segments_snapshot(store: SnapshotStore, folder: Path, at: datetime) -> Snapshot:
    """Write the named segments and their criteria as the next snapshot, or return the current one if nothing changed.

    Args:
        store: where snapshots are kept.
        folder: the folder of their YAML files.
        at: the instant (aware) of the snapshot.

    Raises:
        UsageError: as `read_segments`.
    """
    segments = read_segments(folder)
    heads: list[Row] = [(item.segment_id, item.channel.value, item.profile.value, item.sponsor) for item in segments]
    criteria = [row for item in segments for row in _criteria(item)]
    return store.take_rows("segments", at, {SEGMENTS: heads, SEGMENT_CRITERIA: criteria})


def _check_segment(segment: Segment, file: Path, known: Mapping[str, Segment]) -> None:
    if segment.segment_id in known:
        raise UsageError(f"{file.name}: the segment {segment.segment_id} stands twice.", "Give one another id.")
    if segment.audience.forbidden:
        found = segment.audience.forbidden[0]
        raise UsageError(f"{file.name}: the criterion {found.key} is forbidden ({found.code}).", "Remove it.")


def _criteria(segment: Segment) -> Iterator[Row]:
    """Yield the rows of `SEGMENT_CRITERIA` of one segment."""
    audience = segment.audience
    excluded = audience.exclude
    lists: Mapping[str, Sequence[str] | None] = {
        "communes": audience.communes,
        "departements": audience.departements,
        "bureaux": audience.bureaux,
        "iris": audience.iris,
        "sex": None if audience.sex is None else (audience.sex.value,),
        "exclude_bureaux": excluded.bureaux if excluded else None,
        "exclude_sex": (excluded.sex.value,) if excluded and excluded.sex else None,
    }
    for criterion, values in lists.items():
        for position, value in enumerate(values or ()):
            yield (segment.segment_id, criterion, position, value, None, None, None, None)
    yield from _ranges(segment.segment_id, audience)


def _ranges(segment_id: str, audience: Audience) -> Iterator[Row]:
    if audience.age is not None:
        yield _range(segment_id, "age", audience.age)
    if audience.iris_income is not None:
        yield _range(segment_id, "iris_income", audience.iris_income)
    if audience.bureau_vote is not None:
        yield _vote(segment_id, audience.bureau_vote)


def _range(segment_id: str, criterion: str, bounds: Years | Amount) -> Row:
    return (segment_id, criterion, 0, None, bounds.least, bounds.most, None, None)


def _vote(segment_id: str, vote: BureauVote) -> Row:
    return (segment_id, "bureau_vote", 0, vote.candidate, vote.share.least, vote.share.most, vote.election, vote.round)
