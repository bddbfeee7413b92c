"""Searching the files for everything about some persons: rows of vault and lake, lines of evidence.

Rows are found by contact, and by record keys that nobody else has. Lines are found by the rows that came from them, and
by searching every byte for the number itself, because a record that no reader understood can name a person too. Nothing
is changed here; the ledger is searched by `lineage.erasure.erasure_ledger`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import duckdb
import pyarrow as pa

from partners_ingest.arrival.seal_marks import SealUnopened
from partners_ingest.erased.number_search import NumberSearch
from partners_ingest.erased.redaction import KeptDelivery, find_lines, find_numbers, kept_deliveries
from stores.all_stores import Stores
from stores.engine import connect
from stores.files.parquet import read_sql
from stores.schemas import delivered_rows, vault_tables

Progress = Callable[[str], None]
Found = TypeVar("Found", dict[int, frozenset[str]], frozenset[int], frozenset[str])

_CONTACT_TABLES = (delivered_rows.OPT_INS, delivered_rows.WITHDRAWALS, delivered_rows.WITHDRAWAL_SIGNALS)


@dataclass(frozen=True)
class Person:
    """One person who is being erased; `number` exists only in the memory of this process.

    It is None if a killed run had already removed it from every file; evidence comes last then. `pepper` is random and
    forgotten at the end, so an id made with it leads nowhere.
    """

    erasure_id: str
    number: str | None = field(repr=False)
    contact_id: str
    mark: str
    pepper: str = field(repr=False)


@dataclass(frozen=True)
class Traces:
    """What the files hold of the persons, by erasure where it is counted.

    Attributes:
        source_keys, address_keys: keyed hashes that nobody else has -> erasure.
        lines: delivery -> physical line -> erasures that count it.
        mentions: delivery -> lines of other people's records that name a person.
        whole_files: delivery that has no lines -> erasures.
        rows: erasure -> numbers of opt-ins and withdrawals.
        unopened: deliveries that are sealed and cannot be searched.
    """

    source_keys: Mapping[str, str]
    address_keys: Mapping[str, str]
    lines: Mapping[str, Mapping[int, frozenset[str]]]
    mentions: Mapping[str, frozenset[int]]
    whole_files: Mapping[str, frozenset[str]]
    rows: Mapping[str, tuple[int, int]]
    unopened: tuple[str, ...]


@dataclass(frozen=True)
class _Wanted:
    """The numbers that are searched in delivered bytes, each with its erasure."""

    search: NumberSearch = field(repr=False)
    erasure_of: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, persons: Sequence[Person]) -> _Wanted:
        erasure_of = {person.number: person.erasure_id for person in persons if person.number}
        return cls(NumberSearch(erasure_of), erasure_of)

    def lines_naming(self, stores: Stores, delivery: KeptDelivery) -> dict[int, frozenset[str]]:
        """Return the physical lines that hold a number, with the erasures of these numbers."""
        found = find_lines(stores.evidence, delivery, self.search)
        return {line: self._erasures(numbers) for line, numbers in found.items()}

    def named_in(self, stores: Stores, delivery: KeptDelivery) -> frozenset[str]:
        """Return the erasures of the numbers that a delivery without lines holds."""
        return self._erasures(find_numbers(stores.evidence, delivery, self.search))

    def _erasures(self, numbers: Iterable[str]) -> frozenset[str]:
        return frozenset(self.erasure_of[number] for number in numbers)


def find_traces(stores: Stores, persons: Sequence[Person], progress: Progress) -> Traces:
    """Return everything that the files hold of these persons; every delivery is read once, whatever its outcome.

    Args:
        stores: the opened stores.
        persons: who is erased.
        progress: gets a line for each delivery that cannot be searched.
    """
    with open_lake(stores) as lake:
        create_gone(lake, persons)
        _find_own_keys(lake)
        places = _places(lake)
        source_keys = _pairs(lake, "select source_key, erasure_id from own_sources")
        address_keys = _pairs(lake, "select address_key, erasure_id from own_addresses")
        lines, mentions, whole, unopened = _search_evidence(stores, lake, persons, places, progress)
        rows = {erasure: (opt_ins, withdrawals) for erasure, opt_ins, withdrawals in _row_counts(lake)}
    return Traces(source_keys, address_keys, lines, mentions, whole, rows, unopened)


def open_lake(stores: Stores) -> duckdb.DuckDBPyConnection:
    """Return a connection with a view `all_<table>` of every reading, for each table that names contacts or records."""
    lake = connect()
    for table in (*_CONTACT_TABLES, delivered_rows.AGE_BRACKETS, delivered_rows.QUARANTINE):
        lake.execute(f"create temp view all_{table.name} as {stores.lake.sql(table, stores.lake.files(table))}")
    return lake


def create_gone(connection: duckdb.DuckDBPyConnection, persons: Sequence[Person]) -> None:
    """Create the temporary table `gone` (contact_id, erasure_id) of these persons."""
    connection.execute("create or replace temp table gone (contact_id uuid, erasure_id varchar)")
    connection.register(
        "persons", _table(("contact_id", "erasure_id"), [(p.contact_id, p.erasure_id) for p in persons])
    )
    connection.execute("insert into gone select contact_id::uuid, erasure_id from persons")
    connection.unregister("persons")


def _find_own_keys(lake: duckdb.DuckDBPyConnection) -> None:
    """Create `own_sources` and `own_addresses`: keys that the persons have, and nobody else."""
    for name, key, tables in (
        ("own_sources", "source_key", (delivered_rows.OPT_INS, delivered_rows.WITHDRAWALS)),
        ("own_addresses", "address_key", (delivered_rows.OPT_INS,)),
    ):
        held = " union all ".join(f"select {key}, contact_id from all_{table.name}" for table in tables)
        lake.execute(
            f"create temp table {name} as with held as ({held})"
            f" select {key}, min(erasure_id) as erasure_id from held join gone using (contact_id)"
            f" where {key} is not null and {key} not in (select {key} from held anti join gone using (contact_id)"
            f" where {key} is not null and contact_id is not null) group by {key}"
        )


def _places(lake: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[int, int, str]]]:
    """Return the positions of the persons' records: delivery -> first byte, end, erasure."""
    columns = "delivery_id, byte_offset, byte_offset + byte_length, erasure_id"
    by_contact = [f"select {columns} from all_{table.name} join gone using (contact_id)" for table in _CONTACT_TABLES]
    by_record = [
        f"select {columns} from all_{table.name} join own_sources using (source_key)"
        for table in (delivered_rows.WITHDRAWALS, delivered_rows.WITHDRAWAL_SIGNALS, delivered_rows.QUARANTINE)
    ]
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for delivery, start, end, erasure in lake.execute(" union ".join([*by_contact, *by_record])).fetchall():
        found[delivery].append((start, end, erasure))
    return found


def _row_counts(lake: duckdb.DuckDBPyConnection) -> list[tuple[str, int, int]]:
    return lake.execute(
        "select erasure_id, count(*) filter (kind = 'opt_in'), count(*) filter (kind = 'withdrawal') from ("
        " select distinct 'opt_in' as kind, erasure_id, delivery_id, line_number from all_opt_ins join gone using (contact_id)"
        " union select distinct 'withdrawal', erasure_id, delivery_id, line_number"
        " from all_withdrawals join gone using (contact_id)"
        " union select distinct 'withdrawal', erasure_id, delivery_id, line_number"
        " from all_withdrawals join own_sources using (source_key) where contact_id is null) group by erasure_id"
    ).fetchall()


def _search_evidence(
    stores: Stores,
    lake: duckdb.DuckDBPyConnection,
    persons: Sequence[Person],
    places: Mapping[str, Sequence[tuple[int, int, str]]],
    progress: Progress,
) -> tuple[dict[str, dict[int, frozenset[str]]], dict[str, frozenset[int]], dict[str, frozenset[str]], tuple[str, ...]]:
    wanted = _Wanted.of(persons)
    lines: dict[str, dict[int, frozenset[str]]] = {}
    mentions: dict[str, frozenset[int]] = {}
    whole: dict[str, frozenset[str]] = {}
    unopened: list[str] = []
    for delivery in kept_deliveries(stores.engine):
        name = delivery.delivery_id
        if not stores.evidence.delivered_file(name).exists():  # the check of the log reports it, too
            unopened.append(name)
            continue
        try:
            if delivery.has_lines:
                naming = wanted.lines_naming(stores, delivery)
                lines[name], mentions[name] = _lines_of(stores, lake, delivery, places.get(name, ()), naming)
            else:
                whole[name] = wanted.named_in(stores, delivery)
        except SealUnopened:
            progress(f"delivery {name} is sealed and cannot be searched")
            unopened.append(name)
    return _filled(lines), _filled(mentions), _filled(whole), tuple(unopened)


def _filled(found: Mapping[str, Found]) -> dict[str, Found]:
    """Return the deliveries of which something was found."""
    return {name: some for name, some in found.items() if some}


def _lines_of(
    stores: Stores,
    lake: duckdb.DuckDBPyConnection,
    delivery: KeptDelivery,
    places: Sequence[tuple[int, int, str]],
    told: Mapping[int, frozenset[str]],
) -> tuple[dict[int, frozenset[str]], frozenset[int]]:
    """Return the lines to redact with their erasures, and those of them that are in other people's records."""
    if not places and not told:
        return {}, frozenset()
    _create_line_tables(stores, lake, delivery, places, told)
    rows = lake.execute(
        "select line_number, erasure_id from kept_lines join places on byte_offset < place_end and line_end > place_start"
        " union select line_number, erasure_id from told"
        # a quarantined record that names the person is the person's, with all of its lines
        " union select whole.line_number, told.erasure_id from told join kept_lines using (line_number)"
        " join all_quarantine as record on record.delivery_id = $delivery"
        " and kept_lines.byte_offset < record.byte_offset + record.byte_length and kept_lines.line_end > record.byte_offset"
        " join kept_lines as whole on whole.byte_offset < record.byte_offset + record.byte_length"
        " and whole.line_end > record.byte_offset",
        {"delivery": delivery.delivery_id},
    ).fetchall()
    found: dict[int, frozenset[str]] = defaultdict(frozenset)
    for line, erasure in rows:
        found[line] |= {erasure}
    others = lake.execute(
        "select distinct record.line_number from told join kept_lines using (line_number)"
        " join (select delivery_id, line_number, byte_offset, byte_length, contact_id from all_opt_ins union all"
        " select delivery_id, line_number, byte_offset, byte_length, contact_id from all_withdrawals) as record"
        " on record.delivery_id = $delivery and kept_lines.byte_offset < record.byte_offset + record.byte_length"
        " and kept_lines.line_end > record.byte_offset"
        " where record.contact_id is null or record.contact_id not in (select contact_id from gone)",
        {"delivery": delivery.delivery_id},
    ).fetchall()
    return dict(found), frozenset(line for (line,) in others)


def _create_line_tables(
    stores: Stores,
    lake: duckdb.DuckDBPyConnection,
    delivery: KeptDelivery,
    places: Sequence[tuple[int, int, str]],
    told: Mapping[int, frozenset[str]],
) -> None:
    kept = read_sql(vault_tables.LINE_COMMITMENTS, [stores.evidence.commitments_file(delivery.delivery_id)])
    lake.execute(
        "create or replace temp view kept_lines as"
        f" select line_number, byte_offset, byte_offset + byte_length as line_end from ({kept})"
    )
    pairs = [(line, erasure) for line, erasures in told.items() for erasure in erasures]
    lake.register("told_lines", _table(("line_number", "erasure_id"), pairs))
    lake.register("record_places", _table(("place_start", "place_end", "erasure_id"), list(places)))
    lake.execute(
        "create or replace temp table told as select line_number::bigint as line_number, erasure_id::varchar as erasure_id"
        " from told_lines"
    )
    lake.execute(
        "create or replace temp table places as select place_start::bigint as place_start, place_end::bigint as place_end,"
        " erasure_id::varchar as erasure_id from record_places"
    )
    lake.unregister("told_lines")
    lake.unregister("record_places")


def _pairs(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    return dict(connection.execute(query).fetchall())


def _table(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(list(column)) for name, column in zip(names, columns, strict=True)})
