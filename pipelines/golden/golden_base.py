"""One scratch base for a file of golden cases: the facts of all cases as rows of the lake, then the real dbt models.

Nothing is judged here: the rows go through the same SQL as the nightly build, in a folder that is thrown away.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

import duckdb

from consent.rules.registry import own_names, read_rules, rule_rows
from partners_ingest.rows.phone import ReadPhone, RowPlace, read_phone
from pipelines.golden.golden_cases import Facts, GoldenCase
from sends.inbound.replies import read_meaning
from sends.ledger.replies import Meaning
from stores.engine import connect, quoted
from stores.files.parquet import read_sql
from stores.schemas import all_tables
from terms.clock import naive_utc, read_iso
from terms.environment import NumberRules
from terms.errors import FiliationError
from terms.paris import midnight_in_paris
from terms.settings import PROJECT_ROOT

Row = dict[str, object]

#: Facts of a case without a date of their own were always known.
_ALWAYS = "2000-01-01 00:00:00"
_FEED = "golden"

#: Notice of an act whose text nobody proved: a row without one would be given that of its form version (partners page §1).
_NOT_PROVED = "not-proved"

_DELIVERY_COLUMNS = (
    "delivery_id varchar, partner_id varchar, feed_id varchar, kind varchar, mode varchar, file_name varchar,"
    " sha256 varchar, reading integer, exported_at timestamp, received_at timestamp"
)
_LIVE_COLUMNS = (
    "contact_id uuid, kind varchar, channel varchar, sponsor_id varchar, occurred_at timestamp, known_at timestamp,"
    " delivery_id varchar, line_number bigint"
)


@dataclass
class _Lake:
    """Rows by table, as they are gathered."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **row: object) -> None:
        self.rows.setdefault(table, []).append(row)


def contact_of(index: int) -> str:
    """Return the id of the contact of a file's case by its place."""
    return str(UUID(int=index + 1))


def sponsor_of(case: GoldenCase) -> str:
    """Return the id of the case's sponsor in the base."""
    return f"{case.case_id}/{case.facts['sponsor']['sponsor_id']}"


def read_number(case: GoldenCase) -> ReadPhone:
    """Return what the phone rule of production makes of the case's number."""
    contact = case.facts["contact"]
    return read_phone(contact["phone"], RowPlace(None, contact["postcode"]), NumberRules.LIVE)


def build_golden_base(folder: Path, cases: Sequence[GoldenCase], rules: Path) -> Path:
    """Build the base of these cases (of one controller) in a folder and return its path; it holds `live_facts`.

    Args:
        folder: empty folder for base, rows and dbt's own files.
        cases: cases whose contact is `contact_of` their place.
        rules: the folder `config/rules`.

    Raises:
        FiliationError: dbt failed; its log lies in the folder.
    """
    gathered = _Lake()
    for index, case in enumerate(cases):
        _add_case(gathered, case, contact_of(index), index)
    gathered.add("controller", legal_name=cases[0].facts["controller"]["legal_name"])
    gathered.rows["rules"] = [dict(zip(own_names(), row, strict=True)) for row in rule_rows(read_rules(rules))]
    path = folder / "golden.duckdb"
    with connect(path) as base:
        base.execute("create schema lake")
        for table in (*all_tables.LAKE_TABLES, *all_tables.SNAPSHOT_TABLES):
            base.execute(f"create table lake.{table.name} as {read_sql(table, ())}")
        base.execute(f"create table lake.deliveries ({_DELIVERY_COLUMNS})")
        base.execute(f"create table live_facts ({_LIVE_COLUMNS})")
        for name, rows in gathered.rows.items():
            _load(base, folder, "live_facts" if name == "live_facts" else f"lake.{name}", rows)
    _run_dbt(folder, path)
    return path


def _load(base: duckdb.DuckDBPyConnection, folder: Path, table: str, rows: list[Row]) -> None:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    types = {name: type_ for name, type_, *_ in base.execute(f"describe {table}").fetchall()}
    columns = ", ".join(f"'{name}': '{type_}'" for name, type_ in types.items())
    base.execute(
        f"insert into {table} by name"
        f" from read_json('{quoted(file)}', format = 'newline_delimited', columns = {{{columns}}})"
    )


def _run_dbt(folder: Path, path: Path) -> None:
    project = PROJECT_ROOT / "dbt_project"
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *(
                "run",
                "--select",
                "+acts",
                "+findings",
                "rules",
                "sponsors",
                "+situations",
                "+act_standings",
                "standings",
                "finding_kinds",
                "knowledge",
            ),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        env={**os.environ, "FILIATION_BUILD": str(path), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise FiliationError("A dbt model failed on the golden cases.", "Run `make test`: it names the model.")


def _add_case(lake: _Lake, case: GoldenCase, contact: str, index: int) -> None:
    sponsor = case.facts["sponsor"]
    lake.add("sponsors", sponsor_id=sponsor_of(case), legal_name=sponsor["legal_name"], candidate=sponsor["candidate"])
    for partner_id, partner in case.facts["partners"].items():
        _add_partner(lake, f"{case.case_id}/{partner_id}", partner)
    read = read_number(case)
    if read.e164 is not None:
        for place, act in enumerate(case.facts["acts"]):
            _add_act(lake, case, act, f"{case.case_id}-act-{place}", {"contact_id": contact, **_person(case, read)})
            _add_same_ip(lake, case, act, f"{case.case_id}-act-{place}", index)
        for place, event in enumerate(case.facts["events"]):
            _add_event(
                lake, case, event, f"{case.case_id}-event-{place}", {"contact_id": contact, **_person(case, read)}
            )
    for kind, at, known_at in _live_facts(case.facts):
        lake.add("live_facts", contact_id=contact, kind=kind, occurred_at=_utc(at), known_at=_utc(known_at))


def _person(case: GoldenCase, read: ReadPhone) -> Row:
    contact = case.facts["contact"]
    return {
        "sex": contact["sex"],
        "birth_date": contact["birth_date"],
        "postcode": contact["postcode"],
        "number_kind": read.kind,
        "number_zone": read.zone,
        "is_fiction": (read.e164 or "").startswith("+3363998"),
        "repairs": [],
    }


def _add_delivery(lake: _Lake, delivery_id: str, partner_id: str, kind: str, exported_at: str, received_at: str) -> Row:
    placed: Row = {
        "delivery_id": delivery_id,
        "partner_id": partner_id,
        "feed_id": _FEED,
        "exported_at": exported_at,
        "received_at": received_at,
    }
    named: Row = {"file_name": delivery_id, "sha256": "", "reading": 1}
    lake.add("deliveries", **placed, **named, kind=kind, mode="delta")
    return {**placed, "line_number": 1, "byte_offset": 0, "byte_length": 0}


def _add_act(lake: _Lake, case: GoldenCase, act: Facts, delivery_id: str, person: Row) -> None:
    exported_at = _utc(act["exported_at"])
    placed = _add_delivery(lake, delivery_id, f"{case.case_id}/{act['partner_id']}", "optins", exported_at, exported_at)
    lake.add("opt_ins", **placed, **person, **_proof(act, delivery_id))
    bracket = case.facts["contact"]["age_bracket"]
    if bracket is not None:
        keys = ("delivery_id", "line_number", "received_at")
        row = {key: placed[key] for key in keys}
        lake.add("age_brackets", **row, contact_id=person["contact_id"], age_min=bracket["min"], age_max=bracket["max"])


def _proof(act: Facts, ip_key: str) -> Row:
    consented_at = act["consented_at"]
    return {
        "flag": "given",
        "consented_at": None if consented_at is None else _utc(consented_at),
        "notice_id": act["notice_id"] or _NOT_PROVED,
        "form_version": act["form_version"],
        "ip_key": ip_key if act["ip_known"] else None,
    }


def _add_same_ip(lake: _Lake, case: GoldenCase, act: Facts, delivery_id: str, index: int) -> None:
    """Add the other acts of the same IP at the same instant, each of a person of its own."""
    others = act["same_ip_acts_60_min"] - 1
    if others < 1 or act["consented_at"] is None:
        return
    exported_at = _utc(act["exported_at"])
    partner_id = f"{case.case_id}/{act['partner_id']}"
    placed = _add_delivery(lake, f"{delivery_id}-ip", partner_id, "optins", exported_at, exported_at)
    for number in range(1, others + 1):
        person = str(UUID(int=(index + 1 << 64) + number))
        lake.add(
            "opt_ins",
            **{**placed, "line_number": number},
            **_proof(act, delivery_id),
            contact_id=person,
            number_kind="mobile",
            is_fiction=False,
            repairs=[],
        )


def _add_event(lake: _Lake, case: GoldenCase, event: Facts, delivery_id: str, person: Row) -> None:
    """Add a refusal or withdrawal as the file that told us; what came to ourselves is a live fact."""
    if event["kind"] not in ("refusal", "withdrawal"):
        return
    partner_id, known_at = f"{case.case_id}/{event['partner_id']}", _utc(event["known_at"])
    kind = "optins" if event["kind"] == "refusal" else "withdrawals"
    placed = _add_delivery(lake, delivery_id, partner_id, kind, known_at, known_at)
    if event["kind"] == "refusal":
        lake.add("opt_ins", **placed, **person, flag="refused", consented_at=_utc(event["at"]))
    else:
        lake.add("withdrawals", **placed, contact_id=person["contact_id"], withdrawn_at=_utc(event["at"]))


def _live_facts(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """Yield kind, instant and instant of knowledge of what the day itself brought about the contact."""
    for item in facts["suppressions"]:
        yield item["kind"], item["received_at"], item["received_at"]
    for item in facts["incoming"]:
        if read_meaning(item["text"]) is Meaning.STOP:
            yield "stop", item["at"], item["at"]
    for item in facts["delivery_reports"]:
        yield item["status"], item["at"], item["at"]
    for item in facts["access_requests"]:
        yield "access_request", item["received_at"], item["received_at"]
        if item["answered_at"] is not None:
            yield "access_answer", item["answered_at"], item["answered_at"]
    for item in facts["events"]:
        if item["kind"] not in ("refusal", "withdrawal"):
            yield item["kind"], item["at"], item["known_at"]


def _add_partner(lake: _Lake, partner_id: str, partner: Facts) -> None:
    test = partner["balancing_test"] or {}
    own: Row = {"partner_id": partner_id, "known_from": _ALWAYS}
    lake.add(
        "dossier_partners",
        **own,
        legal_name=partner["legal_name"],
        collected_directly=partner["collected_directly"],
        legal_basis=partner["legal_basis"],
        source_type=partner["source_type"],
        balancing_test_signed_on=test.get("signed_on"),
        balancing_test_shows_expectation=test.get("shows_expectation"),
        contract_signed_on=partner["contract"]["signed_on"],
        contract_ends_on=partner["contract"]["ends_on"],
    )
    lake.add("dossier_feeds", **own, feed_id=_FEED, kind="optins", mode="delta", form_version_from="form_version")
    for position, hop in enumerate(partner["chain"], start=1):
        lake.add("dossier_chain", **own, position=position, name=hop["name"], role=hop["role"])
    for audit in partner["audits"]:
        known_from = _utc(midnight_in_paris(date.fromisoformat(audit["on"])).isoformat())
        lake.add(
            "dossier_audits",
            partner_id=partner_id,
            known_from=known_from,
            form_version=audit["form_version"],
            audited_on=audit["on"],
            auditor=audit["auditor"],
            finding=audit["finding"],
        )
    for form in partner["form_versions"]:
        instants = {name: _utc(form[name]) for name in ("first_seen_at", "last_seen_at", "stopped_at") if form[name]}
        lake.add("dossier_form_versions", **own, **{**form, **instants})
    for notice in partner["notices"]:
        _add_notice(lake, own, notice)


def _add_notice(lake: _Lake, own: Row, notice: Facts) -> None:
    shown = {key: value for key, value in notice.items() if key != "recipients"}
    lake.add("dossier_notices", **own, **shown, notice_text="")
    for position, recipient in enumerate(notice["recipients"], start=1):
        named = {"position": position, "name": recipient["name"], "kind": recipient["kind"]}
        lake.add("dossier_notice_recipients", **own, notice_id=notice["notice_id"], **named)


def _utc(instant: str) -> str:
    """Return an instant with offset as zone-less UTC text that DuckDB reads."""
    return naive_utc(read_iso(instant)).isoformat(sep=" ")
