"""A run over the landing folder: which deliveries are read now, in which order, and what happens when one cannot be.

The way of a single delivery is in `delivery_way`. Scheduling and display belong to `assets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from consent.dossiers.dossiers import DossierSet
from partners_ingest.arrival.file_names import masked_name
from partners_ingest.arrival.landing import Arrival
from partners_ingest.arrival.seal_marks import SealUnopened
from partners_ingest.arrival.seals import key_fingerprints
from partners_ingest.arrival.seen_files import SeenFiles
from partners_ingest.erased.erased_records import Marks, load_marks
from partners_ingest.intake import delivery_records
from partners_ingest.intake.delivery_case import DeliveryCase, judging_key
from partners_ingest.intake.delivery_records import KnownDelivery
from partners_ingest.intake.delivery_result import DeliveryReport, ReadResult
from partners_ingest.intake.learned_words import stating_learned_words
from partners_ingest.intake.processes.failures import failure_of
from partners_ingest.intake.processes.reading_processes import ReadingProcesses
from partners_ingest.intake.steps.commit_delivery import commit_delivery
from partners_ingest.intake.steps.land_bytes import StillArriving, land_bytes
from partners_ingest.intake.steps.redact_erased import redact_erased_lines
from stores.all_stores import Stores
from stores.evidence.evidence_store import Landed
from stores.evidence.redactions import is_redacted
from stores.home import scratch_folder
from terms import failpoint
from terms.clock import Clock, from_micros
from terms.environment import NUMBER_RULES, Environment, NumberRules
from terms.errors import FiliationError
from terms.identifiers import DeliveryId, delivery_id
from terms.limits import USUAL_LIMITS, ReadingLimits
from terms.reasons import FileOutcome

Progress = Callable[[str], object]


class ReadsDeliveries(Protocol):
    """Reads deliveries within a `with` block, and tells of each what came of it, whatever is in its file."""

    def read(self, case: DeliveryCase) -> ReadResult:
        """Return what reading a delivery gave."""

    def __enter__(self) -> ReadsDeliveries:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End what was begun."""


#: Gives what reads the deliveries of one run.
MakeReading = Callable[[Stores, DossierSet, Marks], ReadsDeliveries]


@dataclass(frozen=True)
class _Run:
    """What all deliveries of one run share."""

    stores: Stores
    dossiers: DossierSet
    clock: Clock
    rules: NumberRules
    scratch: Path
    progress: Progress
    seen: SeenFiles
    marks: Marks
    seal_keys: tuple[str, ...]
    limits: ReadingLimits
    reading: ReadsDeliveries

    def judged_with(self, partner_id: str) -> str:
        """Return the hash of what a held delivery of a partner is judged with."""
        return judging_key(partner_id, self.dossiers, self.seal_keys, self.limits)


@dataclass(frozen=True)
class _Origin:
    """Where a delivery came from, and from when its rows are known (aware)."""

    partner_id: str
    file_name: str
    arrived_at: datetime


class _Failed(Exception):
    """A delivery that could not be judged, in words that hold no value of it."""


def take_in(
    stores: Stores,
    arrivals: Sequence[Arrival],
    dossiers: DossierSet,
    clock: Clock,
    environment: Environment,
    progress: Progress,
    limits: ReadingLimits = USUAL_LIMITS,
    make_reading: MakeReading = ReadingProcesses,
) -> tuple[DeliveryReport, ...]:
    """Take in what is new among the arrivals, in their order, and return a report for each delivery handled.

    A delivery that was accepted, refused or found a duplicate is not touched again; a held one is judged again when
    its dossier, the readers or a limit changed or a person released it, an accepted one read again where a person asked
    for it. What goes wrong while a delivery is read is its own outcome. The caller holds the writer's lock.

    Args:
        stores: where everything is kept.
        arrivals: as `landing.scan_landing` gives them.
        dossiers: how to read each partner's files.
        clock: for the instant at which a delivery was taken in.
        environment: decides which invented numbers count as mobiles.
        progress: gets one line per delivery, without any value of a row.
        limits: what reading one delivery may take.
        make_reading: gives what reads them; each in a process of its own.

    Raises:
        FiliationError: some deliveries could not be kept or committed (the disk, the operations database); the others
            are committed, and the next run tries these again.
    """
    reports: list[DeliveryReport] = []
    failed: list[str] = []
    marks = load_marks(stores.engine, stores.keys.suppression)
    with scratch_folder(stores.home) as scratch, make_reading(stores, dossiers, marks) as reading:
        run = _Run(
            stores=stores,
            dossiers=dossiers,
            clock=clock,
            rules=NUMBER_RULES[environment],
            scratch=scratch,
            progress=progress,
            seen=SeenFiles(stores.engine),
            marks=marks,
            seal_keys=_seal_keys(stores),
            limits=limits,
            reading=reading,
        )
        asked = delivery_records.to_reread(stores.engine)
        learned = stating_learned_words(stores, dossiers, run.judged_with)
        again = [
            partial(_read_again, run, known) for known in {one.delivery_id: one for one in (*asked, *learned)}.values()
        ]
        for handle in (*again, *(partial(_take_one, run, arrival) for arrival in arrivals)):
            try:
                report = handle()
            except _Failed as failure:
                failed.append(str(failure))
            else:
                if report is not None:
                    reports.append(report)
                    progress(_line(report))
        run.seen.keep()
    if failed:
        raise FiliationError(
            f"{len(failed)} deliveries could not be judged: {'; '.join(failed)}.",
            "Nothing of them was kept but the evidence; run the refresh again, and report it if it stays.",
        )
    return tuple(reports)


def _seal_keys(stores: Stores) -> tuple[str, ...]:
    """Return the fingerprints of our private keys."""
    try:
        return tuple(key_fingerprints(stores.evidence.gpg_home))
    except SealUnopened:  # GnuPG is not there: sealed files are held and say so
        return ()


def _take_one(run: _Run, arrival: Arrival) -> DeliveryReport | None:
    """Take in one file of the landing folder, or leave it: it is known already, or is still arriving."""
    try:
        with _failing_as(lambda: _named(run, arrival)):
            return _take_new(run, arrival)
    except StillArriving:
        run.progress(f"{arrival.partner_id}: a file changed while it was read; it is taken in when it is complete")
        return None


def _take_new(run: _Run, arrival: Arrival) -> DeliveryReport | None:
    try:
        identity = _identity(run, arrival)
    except FileNotFoundError:
        raise StillArriving from None
    known = delivery_records.find_known(run.stores.engine, identity)
    if known is not None and _is_settled(known, run.judged_with(arrival.partner_id)):
        return None
    landed = _landed(run, arrival, identity, known)
    if masked_name(arrival.file_name) != arrival.file_name:
        run.stores.evidence.keep_name(identity, arrival.file_name)
    failpoint.reach("delivery.landed")
    origin = _Origin(arrival.partner_id, arrival.file_name, _received_at(arrival, known, run.clock.now()))
    case = _case(run, origin, landed, known)
    result = run.reading.read(case)
    redact_erased_lines(run.stores, case, result)
    return commit_delivery(run.stores, case, result, run.clock.now())


def _read_again(run: _Run, known: KnownDelivery) -> DeliveryReport | None:
    """Read an accepted delivery again from its evidence; if that gives no rows, the reading before stays the current one."""
    with _failing_as(lambda: f"delivery {known.delivery_id} of {known.partner_id}"):
        name = run.stores.evidence.delivered_name(known.delivery_id) or known.file_name
        origin = _Origin(known.partner_id, name, from_micros(known.arrived_at))
        case = _case(run, origin, Landed(DeliveryId(known.delivery_id), known.sha256, known.bytes), known)
        result = run.reading.read(case)
        redact_erased_lines(run.stores, case, result)
        if result.stop is None:
            return commit_delivery(run.stores, case, result, run.clock.now())
        delivery_records.keep_reading(
            run.stores.engine, known.delivery_id, result.stop.reason, case.judged_with, run.clock.now()
        )
        run.progress(f"delivery {known.delivery_id} could not be read again: {result.stop.reason.value}")
        return None


def _landed(run: _Run, arrival: Arrival, identity: DeliveryId, known: KnownDelivery | None) -> Landed:
    """Copy the file into the evidence, unless lines of it were redacted there: the landing folder still has them."""
    if known is not None and is_redacted(run.stores.engine, identity):
        return Landed(identity, known.sha256, known.bytes)
    return land_bytes(run.stores.evidence, arrival, identity)


def _received_at(arrival: Arrival, known: KnownDelivery | None, now: datetime) -> datetime:
    """Return from when the rows are known: never later than they are taken in, or they would wait for a clock ahead of ours.

    A copied folder has the times of the copy, and a server's clock may be wrong; a withdrawal must not wait for either.
    """
    return min(arrival.arrived_at, from_micros(known.arrived_at) if known else now, now)


def _case(run: _Run, origin: _Origin, landed: Landed, known: KnownDelivery | None) -> DeliveryCase:
    return DeliveryCase(
        delivery_id=landed.delivery_id,
        partner_id=origin.partner_id,
        file_name=origin.file_name,
        arrived_at=origin.arrived_at,
        sha256=landed.sha256,
        size=landed.bytes,
        known=known,
        dossiers=run.dossiers,
        judged_with=run.judged_with(origin.partner_id),
        marks=run.marks,
        rules=run.rules,
        scratch=run.scratch,
        limits=run.limits,
        now=run.clock.now(),
    )


def _identity(run: _Run, arrival: Arrival) -> DeliveryId:
    return delivery_id(arrival.partner_id, arrival.file_name, run.seen.sha256_of(arrival))


def _is_settled(known: KnownDelivery, judged_with: str) -> bool:
    if known.outcome is not FileOutcome.HELD:
        return True
    return known.judged_with == judged_with and not known.is_newly_released


def _named(run: _Run, arrival: Arrival) -> str:
    """Name a file by its delivery: its own name is the partner's text, and this goes to logs."""
    try:
        return f"delivery {_identity(run, arrival)} of {arrival.partner_id}"
    except OSError:
        return f"a file of {arrival.partner_id} that cannot be opened"


@contextmanager
def _failing_as(name: Callable[[], str]) -> Iterator[None]:
    """Turn what goes wrong into words that name the delivery; they are told once all others are in."""
    try:
        yield
    except StillArriving:
        raise
    except FiliationError as error:
        raise _Failed(f"{name()}: {error.message}") from None
    except Exception as error:
        raise _Failed(f"{name()}: {failure_of(error).detail}") from None


def _line(report: DeliveryReport) -> str:
    """Return the progress line of a delivery: ids, codes and counts; a file's name is the partner's text."""
    told = f"delivery {report.delivery_id} of {report.partner_id}: {report.outcome.value}"
    if report.reason is not None:
        return f"{told} {report.reason.value}{f' ({report.detail})' if report.detail else ''}"
    return f"{told}, {report.accepted_rows} rows accepted, {report.quarantined_rows} quarantined"
