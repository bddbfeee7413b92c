"""A rehearsal: what would become of a partner's file, told before anything of it is taken in.

The file goes the real way (`take_in`), in stores that are made for it in a private folder, under keys that only this
process has, and are removed: so the answer cannot differ from the real one, and no home is touched. What that way
compares with earlier deliveries (duplicates, change of volume) has nothing to compare with here. Counts, codes, line
numbers and places of columns are told, never a value. What is wrong with a dossier by itself belongs to
`consent.dossiers.dossier_remarks`.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import duckdb

from consent.dossiers.dossiers import Dossier, DossierSet
from consent.dossiers.feeds import Feed
from partners_ingest.arrival.file_names import storable_name
from partners_ingest.arrival.landing import Arrival
from partners_ingest.intake import decisions
from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.overview import DeliverySummary, list_deliveries
from partners_ingest.intake.preflight import name_file
from partners_ingest.intake.processes.reading_processes import ReadingProcesses
from partners_ingest.intake.quality import RELEASABLE
from partners_ingest.intake.take_in import MakeReading, take_in
from stores.all_stores import Stores, open_stores
from stores.engine import connect, quoted
from stores.home import init_home
from stores.lake import reading_name
from stores.operations import all_tables, database
from stores.schemas.delivered_rows import OPT_INS, QUARANTINE, WITHDRAWALS
from terms.clock import Clock
from terms.environment import Environment
from terms.errors import FiliationError
from terms.limits import USUAL_LIMITS, ReadingLimits
from terms.reasons import FileOutcome, FileReason
from terms.settings import Settings

#: Line numbers that are told of each code: enough to look, not a list of the file.
LINES_SHOWN = 5


@dataclass(frozen=True)
class CodeCount:
    """How many records have a code (or an unread field), and the lines of the first of them."""

    code: str
    records: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Proof:
    """What the accepted opt-ins of a file can prove, in records.

    `instants`: quality of the consent instant -> records (`none`: no instant could be read); `notices` and
    `form_versions`: `known` to the dossier, `unknown` to it, `not_stated` by the row itself.
    """

    instants: Mapping[str, int]
    notices: Mapping[str, int]
    form_versions: Mapping[str, int]


@dataclass(frozen=True)
class RowsTold:
    """What is told of the records of a file that went in; `proof` None for withdrawals.

    `unread` counts by field the cells of accepted records that say something and could not be read: a date in a pattern
    that the dossier does not name.
    """

    reasons: tuple[CodeCount, ...]
    repairs: tuple[CodeCount, ...]
    unread: tuple[CodeCount, ...]
    proof: Proof | None


@dataclass(frozen=True)
class Rehearsal:
    """What would become of one file.

    `released` is what would become of it after a person released it, where its volume alone holds it; `rows` then are
    those of the released file. `feed` and `exported_at` are None where its name fits no feed.
    """

    report: DeliveryReport
    released: DeliveryReport | None
    delivery: DeliverySummary
    feed: Feed | None
    exported_at: datetime | None
    rows: RowsTold | None


@contextmanager
def rehearsal_stores(settings: Settings) -> Iterator[Stores]:
    """Give stores that nothing else knows, and remove them; of `settings` only the environment and the seal's keys count."""
    with tempfile.TemporaryDirectory(prefix="filiation-rehearsal-") as folder:
        home = Path(folder) / "home"
        own = replace(
            settings,
            home=home,
            database_url=f"sqlite:///{home}/operations.sqlite",
            contact_key=secrets.token_bytes(32),
            vault_key=secrets.token_bytes(32),
        )
        init_home(own)
        stores = open_stores(own)
        with database.transaction(stores.engine) as work:
            all_tables.metadata.create_all(work)
        try:
            yield stores
        finally:
            stores.engine.dispose()


def rehearse(
    stores: Stores,
    file: Path,
    dossier: Dossier,
    others: DossierSet,
    clock: Clock,
    environment: Environment,
    limits: ReadingLimits = USUAL_LIMITS,
    make_reading: MakeReading = ReadingProcesses,
) -> Rehearsal:
    """Take one file in for show and say what became of it.

    Args:
        stores: of `rehearsal_stores`; what they know from earlier rehearsals counts as delivered earlier.
        file: as the partner sends it; its name says its feed.
        dossier: of the partner.
        others: dossiers by which a file of another partner is recognised.
        clock: for today.
        environment: decides which invented numbers count as mobiles.
        limits: what reading it may take.
        make_reading: gives what reads it, as `take_in` takes it.

    Raises:
        FiliationError: the file cannot be judged, or changed while it was read.
        OSError: the file cannot be read.
    """
    known = DossierSet(MappingProxyType({**others.dossiers, dossier.partner_id: dossier}), ())
    arrival = Arrival(dossier.partner_id, file, storable_name(file.name), clock.now(), is_logged=True)

    def take() -> DeliveryReport:
        return _only(take_in(stores, [arrival], known, clock, environment, _drop_line, limits, make_reading))

    report = take()
    released = None
    if report.reason in RELEASABLE:
        decision = decisions.Decision(report.delivery_id, "rehearsal", "to show its rows", clock.now())
        decisions.release(stores.engine, decision)
        released = take()
    delivery = next(one for one in list_deliveries(stores.engine) if one.delivery_id == report.delivery_id)
    named = name_file(dossier, file.name)
    return Rehearsal(
        report=replace(report, detail=report.detail or _detail(report, dossier)),
        released=released,
        delivery=delivery,
        feed=named.feed if named else None,
        exported_at=named.exported_at if named else None,
        rows=_read_rows(stores, delivery, dossier) if delivery.outcome == FileOutcome.ACCEPTED else None,
    )


def _only(reports: Sequence[DeliveryReport]) -> DeliveryReport:
    if not reports:
        raise FiliationError(
            "The sample changed while it was read, or is one that these stores know.", "Try again when it is complete."
        )
    return reports[0]


def _drop_line(_: str) -> None:
    """Print no progress: the rehearsal tells more."""


def _detail(report: DeliveryReport, dossier: Dossier) -> str | None:
    if report.reason is not FileReason.UNKNOWN_FILE:
        return None
    name = PurePosixPath(report.file_name).name
    fitting = next((feed for feed in dossier.feeds if fnmatchcase(name, feed.pattern)), None)
    if fitting is None:
        return f"the name fits no pattern: {', '.join(feed.pattern for feed in dossier.feeds)}"
    return f"the name fits feed {fitting.feed_id}, but is not written {fitting.exported_at.format}"


def _read_rows(stores: Stores, delivery: DeliverySummary, dossier: Dossier) -> RowsTold:
    table = OPT_INS if delivery.kind == "optins" else WITHDRAWALS
    names = [reading_name(delivery.delivery_id, delivery.reading)]
    accepted = stores.lake.sql(table, names)
    with connect() as connection:
        return RowsTold(
            reasons=_count_codes(connection, stores.lake.sql(QUARANTINE, names), "reasons"),
            repairs=_count_codes(connection, accepted, "repairs"),
            unread=_count_codes(connection, accepted, "unread"),
            proof=_count_proof(connection, accepted, dossier) if table is OPT_INS else None,
        )


def _count_codes(connection: duckdb.DuckDBPyConnection, rows: str, column: str) -> tuple[CodeCount, ...]:
    found = connection.execute(
        f"select code, count(*), list_sort(list(line_number))[:{LINES_SHOWN}]"
        f" from (select unnest({column}) as code, line_number from ({rows})) group by code order by code"
    ).fetchall()
    return tuple(CodeCount(code, records, tuple(lines)) for code, records, lines in found)


def _count_proof(connection: duckdb.DuckDBPyConnection, rows: str, dossier: Dossier) -> Proof:
    def count(word: str) -> dict[str, int]:
        return dict(connection.execute(f"select {word} as word, count(*) from ({rows}) group by word").fetchall())

    return Proof(
        instants=count("coalesce(consented_at_quality, 'none')"),
        notices=count(_known("notice_id", [notice.notice_id for notice in dossier.notices])),
        form_versions=count(_known("form_version", [form.form_version for form in dossier.form_versions])),
    )


def _known(column: str, ids: list[str]) -> str:
    listed = ", ".join(f"'{quoted(one)}'" for one in ids)
    known = f"{column} in ({listed})" if listed else "false"
    return f"case when {column} is null then 'not_stated' when {known} then 'known' else 'unknown' end"
