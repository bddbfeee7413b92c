"""Switching a form version off by command: from that instant nothing that hangs on it may be used (R-10).

The stop is a row of the operations database that the judgement reads at the next hand-over; the next refresh takes it into a snapshot.
What it does to a use is judged by the base (`FORM_REJECTED`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlalchemy import select

from consent.judgement.live_facts import load_live_facts
from consent.judgement.queries import judgement_sql
from consent.judgement.uses import Use
from staff.acts import Act
from staff.decisions import enter, sign
from staff.signed_records import Decision as StaffDecision
from staff.signed_records import SignedDecision
from stores.all_stores import Stores
from stores.engine import connect
from stores.operations import database, journal, person_tables
from stores.operations.database import insert_once
from stores.schemas import dossier_tables
from stores.snapshots import Snapshot
from stores.sql_files import sql_of
from terms.clock import from_micros, naive_utc, to_iso, to_micros
from terms.errors import UsageError
from terms.free_text import refuse_number
from terms.reasons import Channel, Decision, Profile

KIND = "form_stops"


@dataclass(frozen=True)
class FormVersionKey:
    """A form version of a partner."""

    partner_id: str
    form_version: str


@dataclass(frozen=True)
class Reach:
    """How many contacts have an act by a form version, and how many of them may be used for a selected SMS."""

    contacts: int
    usable: Mapping[Profile, int]

    def to_json(self) -> dict[str, int]:
        """Return the counts as they are printed."""
        return {"contacts": self.contacts, **{f"usable_{profile.value}": n for profile, n in self.usable.items()}}


@dataclass(frozen=True)
class FormStop:
    """A form version that is switched off, and what hung on it before and hangs on it after."""

    key: FormVersionKey
    stopped_at: datetime
    before: Reach
    after: Reach

    def to_json(self) -> dict[str, object]:
        """Return the answer of the command."""
        return {
            "partner": self.key.partner_id,
            "form_version": self.key.form_version,
            "stopped_at": to_iso(self.stopped_at),
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        }


def find_form(stores: Stores, form_version: str, partner_id: str | None) -> FormVersionKey:
    """Return the form version that is meant.

    Args:
        stores: with a published base.
        form_version: as the dossier calls it.
        partner_id: whose form; None = the one partner that has it.

    Raises:
        UsageError: no dossier has it, or several partners do.
    """
    query = stores.snapshots.sql(stores.snapshots.current("dossiers"), dossier_tables.DOSSIER_FORM_VERSIONS)
    with connect() as connection:
        connection.execute(f"create temp view form_versions as {query}")
        rows = connection.execute(
            sql_of(__file__, "partners"),
            {"form_version": form_version, "partner_id": partner_id},
        ).fetchall()
    if not rows:
        raise UsageError(
            f"No dossier has the form version {form_version!r}.", "Run `filiation refresh`, or name another."
        )
    if len(rows) > 1:
        partners = ", ".join(partner for (partner,) in rows)
        raise UsageError(f"Several partners have a form version {form_version!r}: {partners}.", "Say --partner.")
    return FormVersionKey(rows[0][0], form_version)


def stop_form(stores: Stores, key: FormVersionKey, why: str) -> FormStop:
    """Switch a form version off now; the first stop counts, a second one changes nothing.

    Args:
        stores: with a published base.
        key: the form version.
        why: the reason, in words without a number; it is kept.

    Raises:
        UsageError: `why` is empty or holds a number.
        Refused: the acting person may not.
        FiliationError: no base was published yet, so nobody can say what hangs on the form.
    """
    if not why.strip():
        raise UsageError("A stop needs its reason.", "Say it with --why.")
    refuse_number(why, "The reason")
    now, subject = stores.clock.now(), f"{key.partner_id}/{key.form_version}"
    signed = sign(stores, StaffDecision(Act.FORM_STOP, subject, {"why": why}))
    with stores.warehouse.open_base() as base:
        before = reach(base, stores, key, now)
        stopped_at = _record(stores, key, why, signed)
        after = reach(base, stores, key, max(now, stopped_at))
    return FormStop(key, stopped_at, before, after)


def reach(base: duckdb.DuckDBPyConnection, stores: Stores, key: FormVersionKey, at: datetime) -> Reach:
    """Count the contacts of a form version, and those that a selected SMS of some sponsor may reach at an instant.

    Args:
        base: an open base.
        stores: for the live facts and which numbers count.
        key: the form version.
        at: instant of the use (aware).
    """
    base.execute(
        sql_of(__file__, "by_form"),
        {"partner_id": key.partner_id, "form_version": key.form_version},
    )
    load_live_facts(base, stores.engine, "live_facts", None)
    contacts = base.execute("select count(*) from by_form").fetchone()
    usable = {profile: _usable(base, stores, profile, at) for profile in Profile}
    return Reach(contacts[0] if contacts else 0, usable)


def take_form_stops_snapshot(stores: Stores) -> Snapshot:
    """Write all stops as the next snapshot, or return the current one if none is new."""
    stops = person_tables.form_stops
    query = select(stops.c.partner_id, stops.c.form_version, stops.c.stopped_at).order_by(*stops.primary_key.columns)
    with stores.engine.connect() as work:
        rows = [
            (partner, form, naive_utc(from_micros(stopped)).isoformat(sep=" "))
            for partner, form, stopped in work.execute(query).tuples()
        ]
    return stores.snapshots.take_rows(KIND, stores.clock.now(), {dossier_tables.FORM_STOPS: rows})


def _usable(base: duckdb.DuckDBPyConnection, stores: Stores, profile: Profile, at: datetime) -> int:
    use = Use(Channel.SMS, None, ("address",), None, stores.number_rules, profile, at, at)
    sql, parameters = judgement_sql("by_form", "live_facts", use)
    row = base.execute(
        f"select count(*) from ({sql}) where decision = $allowed", {**parameters, "allowed": Decision.ALLOW.value}
    ).fetchone()
    return int(row[0]) if row else 0


def _record(stores: Stores, key: FormVersionKey, why: str, signed: SignedDecision) -> datetime:
    """Write the stop with its journal line and return since when the form is off."""
    stops, now = person_tables.form_stops, stores.clock.now()
    with database.transaction(stores.engine) as work:
        row = {
            "partner_id": key.partner_id,
            "form_version": key.form_version,
            "stopped_at": to_micros(now),
            "stopped_by": stores.settings.actor,
            "why": why,
        }
        if insert_once(work, stops, [row]):
            enter(work, stores, signed)
            journal.append(work, now, journal.Entry.FORM_STOP, f"{key.partner_id}/{key.form_version}", row)
        query = select(stops.c.stopped_at).where(
            stops.c.partner_id == key.partner_id, stops.c.form_version == key.form_version
        )
        return from_micros(int(work.execute(query).scalar_one()))
