"""Ten thousand contacts as many random worlds laid over each other, and the same people once more with one thing changed.

A variant shares files and dossiers with the others and nothing else: contacts, records and addresses of its own. What
must hold between variants is up to the tests.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from stores.schemas import column_classes, delivered_rows, dossier_tables
from tests.scenes.judgement.random_world import CONTACTS, make_instant, make_world
from tests.scenes.judgement.small_base import Delivered, Row, World

WORLDS = 70
PEOPLE = WORLDS * CONTACTS
AS_THEY_ARE, REFUSED_ONCE_MORE, GAVE_ONCE_MORE, ARRIVED_OTHERWISE = range(4)
_LINES = 10_000  # per world and variant


def person(contact_id: str) -> tuple[int, int]:
    """Return the variant and the number of the person whom an id stands for."""
    variant, number = divmod(UUID(contact_id).int - 1, 1 << 64)
    return variant, number


def grown_world() -> World:
    """Return the world of all variants."""
    worlds = [make_world(seed) for seed in range(WORLDS)]
    as_they_are = _merged(worlds, AS_THEY_ARE)
    others = [_merged(worlds, REFUSED_ONCE_MORE), _merged(worlds, GAVE_ONCE_MORE)]
    added = [_added(random.Random(1), REFUSED_ONCE_MORE), _added(random.Random(2), GAVE_ONCE_MORE)]
    joined = [_joined(files) for files in zip(as_they_are, *others, strict=True)]
    facts = dict(worlds[0].facts)
    facts[dossier_tables.DOSSIER_FEEDS] = [
        {**row, "feed_id": feed}
        for row in facts[dossier_tables.DOSSIER_FEEDS]
        for feed in (row["feed_id"], _otherwise(str(row["feed_id"])))
    ]
    return World([*joined, *added, *_arrived_otherwise(_merged(worlds, ARRIVED_OTHERWISE))], facts)


def known_by(world: World, instant: datetime) -> World:
    """Return the world as it was known by an instant: later files and facts away, later ends open."""
    facts = {
        table: [_open(row, instant) for row in rows if row.get("known_from", datetime.min) <= instant]
        for table, rows in world.facts.items()
    }
    return World([item for item in world.deliveries if item.received_at <= instant], facts)


def _open(row: Row, instant: datetime) -> Row:
    until = row.get("known_until")
    return {**row, "known_until": None} if isinstance(until, datetime) and until > instant else row


def _merged(worlds: list[World], variant: int) -> list[Delivered]:
    files = zip(*(world.deliveries for world in worlds), strict=True)
    return [replace(items[0], rows=_rows(items, variant)) for items in files]


def _rows(items: tuple[Delivered, ...], variant: int) -> dict[column_classes.Table, list[Row]]:
    found: dict[column_classes.Table, list[Row]] = {}
    for number, item in enumerate(items):
        for table, rows in item.rows.items():
            found.setdefault(table, []).extend(_placed(row, number, variant) for row in rows)
    return found


def _placed(row: Row, world: int, variant: int) -> Row:
    line = row["line_number"]
    assert isinstance(line, int)
    placed = {**row, "line_number": line + _LINES * (variant * WORLDS + world)}
    if row.get("contact_id"):
        number = world * CONTACTS + UUID(str(row["contact_id"])).int - 1
        placed["contact_id"] = _contact(variant, number)
    for name in ("source_key", "ip_key"):
        if row.get(name):
            placed[name] = f"{variant}-{world}-{row[name]}"
    return placed


def _contact(variant: int, number: int) -> str:
    return str(UUID(int=(variant << 64) + number + 1))


def _joined(files: tuple[Delivered, ...]) -> Delivered:
    rows = {table: [row for item in files for row in item.rows[table]] for table in files[0].rows}
    return replace(files[0], rows=rows)


def _added(rng: random.Random, variant: int) -> Delivered:
    """Return one more file of the partner whose forms are ours: a refusal, or an act, of each person."""
    exported_at = datetime(2026, 11, 1)
    rows = [
        {
            "line_number": number + 1,
            "contact_id": _contact(variant, number),
            "flag": "refused" if variant == REFUSED_ONCE_MORE else "given",
            "consented_at": min(make_instant(rng), exported_at - timedelta(seconds=1)),
            "form_version": rng.choice(["F1", "F2", "F3"]),
            **_constant(number % CONTACTS),
        }
        for number in range(PEOPLE)
    ]
    name = f"added-{variant}"
    return Delivered(
        name, "direct", "web", exported_at, exported_at, {delivered_rows.OPT_INS: rows, delivered_rows.QUARANTINE: []}
    )


def _constant(who: int) -> Mapping[str, object]:
    """Return what every row of a person says of the number (as `random_world`)."""
    kinds = {3: "landline", 5: "foreign", 8: "m2m", 13: "unassigned"}
    return {"number_kind": kinds.get(who, "mobile"), "is_fiction": who % 7 == 0}


def _otherwise(feed_id: str) -> str:
    return f"{feed_id}-otherwise"


def _arrived_otherwise(files: list[Delivered]) -> list[Delivered]:
    """Return the files as feeds of their own that arrive in another order."""
    rng = random.Random(3)
    return [
        replace(
            item,
            delivery_id=f"{item.delivery_id}-otherwise",
            feed_id=_otherwise(item.feed_id),
            received_at=max(item.exported_at, datetime(2026, 10, 1)) + timedelta(minutes=rng.randrange(1, 40_000)),
        )
        for item in files
    ]
