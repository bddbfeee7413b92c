"""The checks between a build and its publishing, each a function from the build to a small report.

A report holds counts and names of tables and columns, never a value. Keys and grains are checked by dbt's own tests;
here is checked what dbt cannot see: the rows that came in, the base before, and that no identity left the vault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from publishing.build import control_totals, row_counts
from publishing.decisions import allowed_contacts
from stores.all_stores import Stores
from stores.identity_shapes import create_identity_macros
from stores.sql_files import sql_of

#: Policy: a base that loses more than this share of its contacts overnight is not published by itself.
MAX_LOSS_PERCENT = 20

#: Columns of codes of areas, companies and records, of which nine digits say nothing; a leading 0 or a country code does.
_CODES = re.compile(r"(?:_code|_codes|_id|_ids|_key|siren|bureau|iris|commune)$")
#: Columns whose text came in a partner's row, whatever they are called.
_DELIVERED = frozenset({"notice_id", "shown_notice_id", "source_consent_id", "form_version", "postcode", "country"})

#: Texts that a company published under its own name; they may tell its own number or address.
_PUBLISHED_TEXTS = {("dossier_notices", "notice_text")}


@dataclass(frozen=True)
class CheckReport:
    """One check's answer: does it hold, in which figures, and a sentence for the person who must act."""

    holds: bool
    figures: Mapping[str, int]
    sentence: str


def accounts_for_every_row(stores: Stores) -> CheckReport:
    """Compare rows in the build with what the deliveries' control totals say came in."""
    told = control_totals(stores)
    with stores.warehouse.open_build() as build:
        counts = row_counts(build)
    accepted = counts.get("opt_ins", 0) + counts.get("withdrawals", 0)
    figures = {
        "accepted_told": told["accepted_rows"],
        "accepted_found": accepted,
        "accepted_erased": told["erased_rows"],
        "quarantined_told": told["quarantined_rows"],
        "quarantined_found": counts.get("quarantine", 0),
    }
    holds = (
        accepted == told["accepted_rows"] - told["erased_rows"]
        and counts.get("quarantine", 0) == told["quarantined_rows"]
        and told["data_rows"] == told["accepted_rows"] + told["quarantined_rows"]
    )
    return CheckReport(
        holds, figures, "Every record that came in stands in the base or in quarantine, or its person was erased."
    )


def keeps_its_volume(stores: Stores) -> CheckReport:
    """Compare the number of contacts with the serving base; a first base has nothing to compare with.

    A person may have allowed a smaller base in place of the serving one (`publishing.decisions`).
    """
    serving = stores.warehouse.manifest()
    before = serving.row_counts.get("contacts", 0) if serving else 0
    with stores.warehouse.open_build() as build:
        after = row_counts(build).get("contacts", 0)
    lost = max(0, before - after)
    figures = {"contacts_before": before, "contacts_after": after, "max_loss_percent": MAX_LOSS_PERCENT}
    if lost * 100 <= before * MAX_LOSS_PERCENT:
        return CheckReport(True, figures, f"A night may not lose more than {MAX_LOSS_PERCENT} % of the contacts.")
    allowed = allowed_contacts(stores, serving.version) if serving else None
    if allowed is None:
        remedy = f"If it is right, `filiation allow-loss --down-to {after}` lets it through."
        return CheckReport(False, figures, f"{lost} of {before} contacts would go. {remedy}")
    sentence = f"A person allowed a base of at least {allowed} contacts in place of {before}."
    return CheckReport(after >= allowed, {**figures, "contacts_allowed": allowed}, sentence)


def holds_no_identity(stores: Stores) -> CheckReport:
    """Search every text column of the build's tables for numbers and e-mail addresses; its views show no others.

    The second lock: rows were searched before they were written (`partners_ingest.rows.stated_words`).
    """
    with stores.warehouse.open_build() as build:
        create_identity_macros(build)
        columns = build.execute(sql_of(__file__, "text_columns")).fetchall()
        columns = [(table, column) for table, column in columns if (table, column) not in _PUBLISHED_TEXTS]
        found = {f"{table}.{column}": _suspects(build, table, column) for table, column in columns}
    suspects = {name: count for name, count in found.items() if count}
    where = ", ".join(suspects) or "no column"
    return CheckReport(
        not suspects, {"columns": len(found), **suspects}, f"Something like a number or e-mail: {where}."
    )


def _suspects(build: duckdb.DuckDBPyConnection, table: str, column: str) -> int:
    has_codes = column not in _DELIVERED and _CODES.search(column)
    number = "looks_like_coded_number" if has_codes else "looks_like_number"
    row = build.execute(
        f'select count(*) from (select "{column}"::varchar as told from "{table}")'
        # a hash is no number, and there are millions
        f" where not regexp_full_match(told, '[0-9a-f]{{18,64}}') and ({number}(told) or looks_like_email(told))"
    ).fetchone()
    return int(row[0]) if row else 0
