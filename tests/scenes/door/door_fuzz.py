"""Mutated files of every format, sent through the door: each must end with an outcome and exact control totals.

`python -m tests.scenes.door.door_fuzz --files 5000 --seed 1` prints what became of them; `test_door_fuzz` runs a few hundred.
A file is known by seed and number alone, so that a failure can be run again: `--only 1234`. What a mutation is belongs to
`mutants`, the untouched files to `format_files`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import traceback
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from consent.dossiers.dossiers import Dossier, DossierSet, read_dossier
from partners_ingest.arrival.unpacking import open_unpacked
from partners_ingest.intake.overview import list_deliveries
from partners_ingest.intake.rehearsal import Rehearsal, rehearsal_stores, rehearse
from stores.all_stores import Stores
from stores.engine import connect
from stores.lake import reading_name
from stores.schemas import delivered_rows
from terms.batches import batched
from terms.identifiers import delivery_id
from terms.settings import Settings, load_settings
from tests.scenes.door.mutants import FORMATS, Mutant, mutant, originals
from tests.scenes.door.reading_here import ReadingHere

#: After so many files a partner's stores are made anew, so that duplicates do not crowd out the rest.
_FILES_PER_STORES = 60


@dataclass
class Tally:
    """What became of the files: outcomes with reasons, records by code, and failures in words."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    records: int = 0
    failures: list[str] = field(default_factory=list)


class Lost(AssertionError):
    """A promise of the door that did not hold; says which, without a value."""


def run(seed: int, numbers: range) -> Tally:
    """Send the files of these numbers through the door, and tally what became of them."""
    settings = load_settings(
        {"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere/home", "FILIATION_NOW": "2026-11-24T09:00:00+01:00"}
    )
    tally, untouched = Tally(), originals()
    dossiers = {partner: read_dossier(FORMATS / partner) for partner in sorted({one.partner for one in untouched})}
    for some in batched(numbers, _FILES_PER_STORES):
        with ExitStack() as stack:
            stores = stack.enter_context(rehearsal_stores(settings))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="door-fuzz-")))
            for number in some:
                _send(mutant(seed, number, untouched), dossiers, stores, folder, settings, tally)
    return tally


def _send(
    sent: Mutant, dossiers: dict[str, Dossier], stores: Stores, folder: Path, settings: Settings, tally: Tally
) -> None:
    file = folder / sent.original.name
    if file.exists() and delivery_of(sent) in {one.delivery_id for one in list_deliveries(stores.engine)}:
        tally.outcomes["the very file again"] += 1
        return
    file.write_bytes(sent.data)
    try:
        others = DossierSet(dossiers, ())
        dossier = dossiers[sent.original.partner]
        found = rehearse(
            stores, file, dossier, others, settings.clock(), settings.environment, settings.limits, ReadingHere
        )
        _check_told(found, sent)
        if found.rows is not None:
            tally.records += _check_records(found, sent, stores)
            tally.codes.update({one.code: one.records for one in found.rows.reasons})
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = str(error) if isinstance(error, Lost) else getattr(error, "message", type(error).__name__)
        tally.failures.append(
            f"{sent.number} {sent.original.name} {'+'.join(sent.mutations)}: {said} ({Path(where.filename).name}:{where.lineno})"
        )
    else:
        tally.outcomes[f"{found.report.outcome} {found.report.reason or ''}".strip()] += 1


def delivery_of(sent: Mutant) -> str:
    """Return the delivery that a file is: sent twice, it is the same."""
    return delivery_id(sent.original.partner, sent.original.name, sha256(sent.data).hexdigest())


def _check_told(found: Rehearsal, sent: Mutant) -> None:
    """Nothing that is told may hold a value: no number of the files, no name, no secret."""
    told = f"{found.report.detail} {found.released.detail if found.released else ''} {found.delivery.warnings}"
    if re.search(r"63998|Zoé|Bérard|secret|exemple\.test|176732", told.replace(" ", "")):
        raise Lost("a value was told")


def _check_records(found: Rehearsal, sent: Mutant, stores: Stores) -> int:
    """Every byte but the header's and line ends belongs to exactly one record, and the totals are those records."""
    delivery, report = found.delivery, found.released or found.report
    name = [reading_name(delivery.delivery_id, delivery.reading)]
    accepted = stores.lake.sql(delivered_rows.OPT_INS if report.kind == "optins" else delivered_rows.WITHDRAWALS, name)
    columns = "line_number, byte_offset, byte_length"
    with connect() as connection:
        good = connection.execute(f"select {columns} from ({accepted})").fetchall()
        bad = connection.execute(
            f"select {columns} from ({stores.lake.sql(delivered_rows.QUARANTINE, name)})"
        ).fetchall()
    if (report.data_rows, report.accepted_rows, report.quarantined_rows) != (len(good) + len(bad), len(good), len(bad)):
        raise Lost("control totals are not those of the rows")
    with open_unpacked(stores.evidence, delivery.delivery_id, delivery.container or "none") as stream:
        content = stream.read()
    between, end = [], 0
    for line, offset, length in sorted([*good, *bad], key=lambda row: row[1]):
        if offset < end:
            raise Lost(f"the record on line {line} overlaps the one before")
        between.append(content[end:offset])
        end = offset + length
    header, *gaps = [*between, content[end:]]
    if any(gap.strip(b"\r\n\0") for gap in gaps):
        raise Lost("bytes between records belong to none")
    # a newline within a quoted label is the header's own
    unquoted = re.sub(rb'"[^"]*"', b"", header.replace(b"\0", b"")).rstrip(b"\r\n")
    if unquoted.count(b"\n") + bool(header) > sent.original.header_lines:
        raise Lost("lines before the first record belong to none")
    return len(good) + len(bad)


def main() -> None:
    """Run by command: what became of the files, and exit code 1 if a promise did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="number of one file to run again")
    asked = parser.parse_args()
    numbers = range(asked.first, asked.first + asked.files) if asked.only is None else range(asked.only, asked.only + 1)
    tally = run(asked.seed, numbers)
    told = {"files": len(numbers), "records": tally.records, "failures": len(tally.failures)}
    print(json.dumps({**told, "outcomes": tally.outcomes, "codes": tally.codes}, indent=1, sort_keys=True))
    print("\n".join(tally.failures), file=sys.stderr)
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
