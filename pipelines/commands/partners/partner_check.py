"""The command that says what is wrong with a partner's dossier, and what would become of a file.

What is found belongs to `partners_ingest` and `consent`; here it is only printed: counts, codes, lines, places.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import AsJson, print_json, print_table
from terms.clock import to_iso
from terms.settings import load_settings

if TYPE_CHECKING:
    from partners_ingest.intake.partner_check import PartnerCheck
    from partners_ingest.intake.rehearsal import CodeCount, Rehearsal

Told = dict[str, object]

#: What is counted by code or field, with the lines of the first records.
_COUNTED = ("reasons", "repairs", "unread")


def register(app: typer.Typer) -> None:
    """Add the command of this module to the group `partner`."""
    app.command()(check)


def check(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, resolve_path=True, metavar="DIR")],
    sample: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file, under the name the partner gives it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a dossier folder, and what would become of a file, before anything is taken in.

    The file is judged as a delivery would be, against no earlier delivery; the home is not opened, nothing is kept.

    Example: filiation partner check config/partners/jeux-valombre
    """
    from partners_ingest.intake.partner_check import check_partner

    found = check_partner(folder, sample, load_settings(os.environ))
    told = _check_told(found)
    if as_json:
        print_json(told)
    else:
        _print_check(told)
    if found.faults:
        raise typer.Exit(2)


def _check_told(found: PartnerCheck) -> Told:
    return {
        "partner": found.partner_id,
        "usable": not found.faults,
        "faults": [{"line": one.line, "key": one.key, "message": one.message} for one in found.faults],
        "remarks": [vars(remark) for remark in found.remarks],
        "feeds": [{"feed_id": feed, "no_reader_for": found.unreadable.get(feed)} for feed in found.feeds],
        "file": _rehearsal_told(found.rehearsal) if found.rehearsal else None,
    }


def _rehearsal_told(found: Rehearsal) -> Told:
    return {**_file_told(found), **_rows_told(found)}


def _file_told(found: Rehearsal) -> Told:
    """Return what was found of the file as a whole."""
    report, delivery, feed = found.report, found.delivery, found.feed
    return {
        "file": report.file_name,
        "feed_id": report.feed_id,
        "kind": report.kind,
        "mode": feed.mode if feed else None,
        "exported_at": to_iso(found.exported_at) if found.exported_at else None,
        "outcome": report.outcome.value,
        "reason": report.reason.value if report.reason else None,
        "detail": report.detail,
        "outcome_if_released": found.released.outcome.value if found.released else None,
        "warnings": list(delivery.warnings),
        "container": delivery.container,
        "encoding": delivery.encoding,
        "encoding_rule": delivery.encoding_rule,
        "delimiter": feed.delimiter if feed else None,
        "quote": feed.quote if feed else None,
        "header_version": report.header_version,
    }


def _rows_told(found: Rehearsal) -> Told:
    """Return what was found of its rows."""
    rows, totals = found.rows, found.released or found.report
    proof = rows.proof if rows else None
    return {
        "data_rows": totals.data_rows,
        "accepted_rows": totals.accepted_rows,
        "quarantined_rows": totals.quarantined_rows,
        "reasons": _codes_told(rows.reasons if rows else ()),
        "repairs": _codes_told(rows.repairs if rows else ()),
        "unread": _codes_told(rows.unread if rows else ()),
        "consent_instants": dict(proof.instants) if proof else None,
        "notices": dict(proof.notices) if proof else None,
        "form_versions": dict(proof.form_versions) if proof else None,
    }


def _codes_told(codes: Iterable[CodeCount]) -> list[Told]:
    return [{"code": code.code, "records": code.records, "first_lines": list(code.lines)} for code in codes]


def _print_check(told: Told) -> None:
    faults, remarks, file = told["faults"], told["remarks"], told["file"]
    if isinstance(faults, list) and faults:
        for fault in faults:
            print(fault["message"])
        print("The partner's files would be held (DOSSIER_INVALID).")
        return
    print(f"{told['partner']}: the dossier can be used.")
    for remark in remarks if isinstance(remarks, list) else []:
        print(f"  line {remark['line']}, {remark['key']}: {remark['message']}.")
    for feed in told["feeds"] if isinstance(told["feeds"], list) else []:
        if feed["no_reader_for"]:
            print(f"  {feed['feed_id']}: no reader for {feed['no_reader_for']}; its files would be held (NO_READER).")
    if isinstance(file, dict):
        _print_file(file)


def _print_file(file: Told) -> None:
    for key, value in file.items():
        if key not in _COUNTED:
            print(f"  {key:<20}{_plain(value)}")
    for key in _COUNTED:
        codes = file[key]
        if isinstance(codes, list) and codes:
            print(f"{key}:")
            print_table(codes, ["code", "records", "first_lines"])


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
