"""One case measured: floor and ours in turn, each in a process of its own, several times.

A process of its own gives its own peak of memory and no warm cache of the other's. What is compared belongs to the benches,
how it is shown to `performance_page`.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from terms.errors import FiliationError

#: Works in a folder and returns the number of records that it handled.
Work = Callable[[Path], int]


@dataclass(frozen=True)
class Case:
    """What is measured against what.

    `prepare(folder, records)` writes the data. `floor` and `ours` read it and write next to it; they are functions of a
    module, so that another process finds them. `target` is the ratio asked for, ours over the floor, per record.
    """

    title: str
    floor_title: str
    target: float
    prepare: Callable[[Path, int], None]
    floor: Work
    ours: Work


@dataclass(frozen=True)
class Measured:
    """One run of one work: wall and processor seconds, peak of resident memory in MB."""

    records: int
    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Comparison:
    """The pairs (floor, ours) of one case, in the order in which they ran."""

    case: Case
    records: int
    pairs: tuple[tuple[Measured, Measured], ...]

    def ratios(self) -> list[float]:
        """Return ours over floor for each pair, wall seconds per record."""
        return [(ours.seconds / ours.records) / (floor.seconds / floor.records) for floor, ours in self.pairs]

    def cpu_ratio(self) -> float:
        """Return the median of ours over floor in processor seconds per record: other load disturbs it less."""
        return statistics.median(
            (ours.cpu_seconds / ours.records) / (floor.cpu_seconds / floor.records) for floor, ours in self.pairs
        )


def compare(case: Case, folder: Path, records: int, pairs: int) -> Comparison:
    """Prepare the data once and measure the pairs.

    Args:
        case: what is measured.
        folder: where the case keeps its data.
        records: records of the case.
        pairs: times that floor and ours run, in turn.
    """
    case.prepare(folder, records)
    measured = [(_apart(case.floor, folder), _apart(case.ours, folder)) for _ in range(pairs)]
    return Comparison(case, records, tuple(measured))


def _apart(work: Work, folder: Path) -> Measured:
    """Run the work in a fresh process and return what it took.

    Raises:
        FiliationError: the process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(work, folder, there))
    process.start()
    there.close()
    try:
        measured: Measured = here.recv()
    except EOFError:
        raise FiliationError("A measured process failed.", "Its error stands above.") from None
    finally:
        process.join()
    return measured


def _measure(work: Work, folder: Path, answer: Connection) -> None:
    started, cpu_started = time.perf_counter(), _cpu_seconds()
    records = work(folder)
    seconds, cpu_seconds = time.perf_counter() - started, _cpu_seconds() - cpu_started
    in_processes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    answer.send(Measured(records, seconds, cpu_seconds, max(_peak_mb(), in_processes)))


def _peak_mb() -> float:
    """Return the peak of resident memory of this process; what `getrusage` tells is its parent's if that was larger."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _cpu_seconds() -> float:
    """Return the processor seconds of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
