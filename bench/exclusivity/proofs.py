"""Proofs of exclusivity, run by hand: every order of steps of a small world, and random steps by several processes.

`python -m bench.exclusivity.proofs model DEPTH [SECONDS]` walks all orders of plan, approve, send, release, expire and move up to a
depth, with a crash before each statement; `python -m bench.exclusivity.proofs random URL STEPS WORKERS` lets processes race. Each
prints one JSON line and exits with 1 if an elector or a bureau part ever had two sponsors.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import create_engine, event, insert, select
from sqlalchemy.pool import StaticPool

from bench.exclusivity.world import AGES, PARTS, SPONSORS, START, TABLES, World, create_tables
from stores.operations.database import DatabaseBusy, open_operations, transaction

#: At most so many plans in one order of steps.
_PLANS = 3

_Step = tuple[str, ...]
_Rows = tuple[tuple[tuple[object, ...], ...], ...]


class Crashed(Exception):
    """The process died before a statement."""


@dataclass(frozen=True)
class Place:
    """A state of the world: all rows, where the electors vote, the clock."""

    rows: _Rows
    home: tuple[str, ...]
    now: datetime
    plans: int


@dataclass
class Walk:
    """What a walk through the model saw."""

    states: int = 0
    steps: int = 0
    crashes: int = 0
    violations: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return the counts, and the first violations."""
        return {
            "states": self.states,
            "steps": self.steps,
            "crashes": self.crashes,
            "violations": len(self.violations),
            "first": self.violations[:3],
        }


def walk_model(depth: int, seconds: float = 1e9) -> Walk:
    """Take every step from every state that can be reached within `depth` steps, each also with a crash anywhere."""
    model, walk, ends = Model(), Walk(), time.monotonic() + seconds
    here = {model.place(World(model.engine, dict.fromkeys(AGES, "A") | {"c3": "B"}), 0)}
    seen = set(here)
    for _ in range(depth):
        reached: set[Place] = set()
        for place in here:
            for step in _steps(place.plans):
                if time.monotonic() > ends:
                    return walk
                reached.add(model.take(place, step, walk))
        here = reached - seen
        seen |= here
        walk.states = len(seen)
    return walk


class Model:
    """The small world in memory, put into any state and watched."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        create_tables(self.engine)
        self._dies_at: int | None = None
        self._statements = 0
        event.listen(self.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._statements += 1
        if self._dies_at is not None and self._statements > self._dies_at:
            raise Crashed

    def take(self, place: Place, step: _Step, walk: Walk) -> Place:
        """Take a step from a state, whole and with a crash before each of its statements; return where it leads.

        Args:
            place: the state to start from.
            step: kind of the step and its arguments, as words.
            walk: counts of steps, crashes and violations; added to.
        """
        world = self._enter(place)
        self._statements = 0
        made = _do(world, step, place.plans)
        statements = self._statements
        walk.steps += 1
        walk.violations += [f"{found} after {' '.join(step)}" for found in world.violations()]
        reached = self.place(world, place.plans + made)
        for dies_at in range(1, statements):
            world = self._enter(place)
            self._statements, self._dies_at = 0, dies_at
            try:
                _do(world, step, place.plans)
            except Crashed:
                walk.crashes += 1
            self._dies_at = None
            if self.place(world, place.plans).rows != place.rows:
                walk.violations.append(f"a crash inside {' '.join(step)} left something")
        return reached

    def place(self, world: World, number: int) -> Place:
        """Return the state that a world is in."""
        with self.engine.connect() as work:
            rows = tuple(tuple(sorted(map(tuple, work.execute(select(table))), key=repr)) for table in TABLES)
        return Place(rows, tuple(world.home[contact] for contact in AGES), world.now, number)

    def _enter(self, place: Place) -> World:
        with transaction(self.engine) as work:
            for table, rows in zip(TABLES, place.rows, strict=True):
                work.execute(table.delete())
                names = [column.name for column in table.columns]
                if rows:
                    work.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return World(self.engine, dict(zip(AGES, place.home, strict=True)), place.now)


def race(url: str, steps: int, workers: int) -> dict[str, object]:
    """Let processes take random steps on one ledger, look for violations on the way and at the end, and return counts.

    Args:
        url: SQLAlchemy's URL of an empty operations database.
        steps: steps of all processes together.
        workers: processes.
    """
    create_tables(open_operations(url))
    began = time.monotonic()
    # not a Pool: that waits for ever for a process that died
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        told = list(pool.map(partial(_worker, url, steps=steps // workers), range(workers)))
    world = World(open_operations(url), dict.fromkeys(AGES, "A"))
    found = [one for _, violations in told for one in violations] + world.violations()
    taken = sum(number for number, _ in told)
    return {"steps": taken, "workers": workers, "violations": len(found), "seconds": round(time.monotonic() - began)}


def _worker(url: str, seed: int, steps: int) -> tuple[int, list[str]]:
    chance, world = random.Random(seed), World(open_operations(url), dict.fromkeys(AGES, "A"))
    own: list[str] = []
    found: list[str] = []
    taken = 0
    for number in range(steps):
        try:
            _random_step(world, chance, own, f"{seed}-{number}")
            taken += 1
        except DatabaseBusy:
            continue  # rolled back: nothing happened
        if number % 100 == 99:
            found += world.violations()
    return taken, found


def _random_step(world: World, chance: random.Random, own: list[str], plan_id: str) -> None:
    kind = chance.choice(("plan", "plan", "approve", "send", "send", "send", "release", "move"))
    if kind == "plan" or not own:
        bureaux = chance.choice((("A",), ("B",), ("A", "B")))
        if world.plan(plan_id, chance.choice(SPONSORS), bureaux, chance.choice(tuple(PARTS))):
            own.append(plan_id)
    elif kind == "move":
        world.move(chance.choice(tuple(AGES)))
    elif kind == "release":
        world.release(own.pop(chance.randrange(len(own))))
    else:
        {"approve": world.approve, "send": world.send}[kind](chance.choice(own))


def _steps(planned: int) -> Iterator[_Step]:
    if planned < _PLANS:
        for sponsor in SPONSORS:
            for bureaux in ("A", "AB"):
                for part in PARTS:
                    yield ("plan", sponsor, bureaux, part)
    for number in range(planned):
        for kind in ("approve", "send", "release"):
            yield (kind, f"p{number}")
    yield ("expire",)
    yield from (("move", contact) for contact in AGES)


def _do(world: World, step: _Step, planned: int) -> int:
    """Take one step and return how many plans it made."""
    kind, *about = step
    if kind == "plan":
        sponsor, bureaux, part = about
        return int(world.plan(f"p{planned}", sponsor, tuple(bureaux), part))
    if kind == "expire":
        world.expire()
        return 0
    steps: dict[str, Callable[[str], None]] = {
        "approve": world.approve,
        "send": world.send,
        "release": world.release,
        "move": world.move,
    }
    steps[kind](about[0])
    return 0


def main() -> None:
    """Run what is asked and exit with 1 if exclusivity was broken."""
    match sys.argv[1:]:
        case ["model", depth]:
            told = walk_model(int(depth)).to_json()
        case ["model", depth, seconds]:
            told = walk_model(int(depth), float(seconds)).to_json()
        case ["random", url, steps, workers]:
            told = race(url, int(steps), int(workers))
        case _:
            raise SystemExit(__doc__)
    print(json.dumps(told | {"from": f"{START:%Y-%m-%d}"}))
    raise SystemExit(1 if told["violations"] else 0)


if __name__ == "__main__":
    main()
