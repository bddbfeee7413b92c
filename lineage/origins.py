"""Origin and worth of contacts: opt-ins, events, attributes and territory from the published base, page URLs from
the vault, verdicts from `consent.judgement`.

One query per table for all asked contacts, so that ten thousand numbers cost little more than one. Nothing is
logged here: `lineage.lookup` has done that before it calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
from sqlalchemy import Engine

from consent.judgement import judge, judge_acts, load_live_facts, use_for_some_sponsor
from lineage.descent import Attributes, ConsentEvent, OptIn, PerUse, Territory, UseVerdict
from lineage.file_names import file_names
from stores.lake import reading_name
from stores.vault import Vault
from terms.environment import NumberRules
from terms.reasons import Channel, Profile

_ASKED = "lineage_asked"
_LIVE = "lineage_live"

#: Identity of an opt-in row.
RowId = tuple[str, int]


@dataclass(frozen=True, repr=False)
class Identity:
    """What one row of a partner says of a person, as it was delivered; for the person's own paper, printed nowhere else."""

    delivery_id: str
    line_number: int
    e164: str | None
    phone_raw: str | None
    source_record_id: str | None
    source_consent_id: str | None
    given_name: str | None
    family_name: str | None
    sex_raw: str | None
    email: str | None
    street: str | None
    city: str | None
    ip: str | None
    user_agent: str | None
    page_url: str | None
    withdrawal_reason: str | None
    birth_date: date | None
    postcode: str | None


@dataclass(frozen=True)
class OriginSources:
    """What origins are read from: an open base, its readings by delivery, the ledger's engine and the vault."""

    base: duckdb.DuckDBPyConnection
    readings: Mapping[str, int]
    engine: Engine
    vault: Vault
    number_rules: NumberRules


@dataclass(frozen=True)
class Origins:
    """What was found, by contact id; a contact without any row is in none of the mappings but `verdicts`."""

    verdicts: Mapping[str, PerUse]
    opt_ins: Mapping[str, Sequence[OptIn]]
    events: Mapping[str, Sequence[ConsentEvent]]
    attributes: Mapping[str, Attributes]
    territories: Mapping[str, Territory]


def read_origins(sources: OriginSources, contact_ids: Sequence[str], at: datetime) -> Origins:
    """Read everything that the base knows of these contacts and judge it for a use at `at` (aware)."""
    base = sources.base
    base.execute(f"create or replace temp table {_ASKED} (contact_id uuid)")
    base.execute(f"insert into {_ASKED} select unnest($ids::uuid[])", {"ids": list(contact_ids)})
    load_live_facts(base, sources.engine, _LIVE, contact_ids)
    act_uses = _judged_acts(sources, at)
    return Origins(
        verdicts=_judged_contacts(sources, at),
        opt_ins=_opt_ins(sources, act_uses, _page_urls(sources)),
        events=_events(base),
        attributes=_attributes(base),
        territories=_territories(base),
    )


def read_identities(sources: OriginSources, contact_ids: Sequence[str]) -> dict[str, list[Identity]]:
    """Return what the vault holds of these contacts, row by row, from every delivery that the base knows of them."""
    base = sources.base
    base.execute(f"create or replace temp table {_ASKED} (contact_id uuid)")
    base.execute(f"insert into {_ASKED} select unnest($ids::uuid[])", {"ids": list(contact_ids)})
    deliveries = base.execute(
        f"select delivery_id from opt_ins where contact_id in (select contact_id from {_ASKED})"
        f" union select delivery_id from consent_events where contact_id in (select contact_id from {_ASKED})"
    ).fetchall()
    names = sorted(reading_name(delivery, sources.readings[delivery]) for (delivery,) in deliveries)
    read = base.execute(
        f"select delivery_id, line_number, birth_date, postcode from opt_ins"
        f" where contact_id in (select contact_id from {_ASKED})"
    ).fetchall()
    typed = {(delivery, line): (birth_date, postcode) for delivery, line, birth_date, postcode in read}
    names_kept = [name for name in Identity.__dataclass_fields__ if name not in ("birth_date", "postcode")]
    with sources.vault.identities(names) as reader:
        rows = reader.execute(
            f"select contact_id::varchar, {', '.join(names_kept)} from identities"
            " where contact_id in (select unnest($ids::uuid[])) order by delivery_id, line_number",
            {"ids": list(contact_ids)},
        ).fetchall()
    found: dict[str, list[Identity]] = defaultdict(list)
    for contact_id, *cells in rows:
        delivered = dict(zip(names_kept, cells, strict=True))
        birth_date, postcode = typed.get((cells[0], cells[1]), (None, None))
        found[contact_id].append(Identity(**delivered, birth_date=birth_date, postcode=postcode))
    return found


def _judged_contacts(sources: OriginSources, at: datetime) -> dict[str, PerUse]:
    found: dict[str, dict[Channel, dict[Profile, UseVerdict]]] = defaultdict(_nothing_judged)
    for channel in Channel:
        for profile in Profile:
            for item in judge(
                sources.base, _ASKED, _LIVE, use_for_some_sponsor(channel, profile, sources.number_rules, at)
            ):
                found[item.contact_id][channel][profile] = UseVerdict(item.verdict, tuple(item.codes))
    return dict(found)


def _judged_acts(sources: OriginSources, at: datetime) -> dict[RowId, PerUse]:
    found: dict[RowId, dict[Channel, dict[Profile, UseVerdict]]] = defaultdict(_nothing_judged)
    for channel in Channel:
        for profile in Profile:
            for item in judge_acts(
                sources.base, _ASKED, _LIVE, use_for_some_sponsor(channel, profile, sources.number_rules, at)
            ):
                row = (item.delivery_id, item.line_number)
                found[row][channel][profile] = UseVerdict(item.verdict, tuple(item.codes))
    return dict(found)


def _nothing_judged() -> dict[Channel, dict[Profile, UseVerdict]]:
    return {channel: {} for channel in Channel}


def _page_urls(sources: OriginSources) -> dict[RowId, str]:
    """Return the page of each opt-in, from the vault: a page's query may hold a name."""
    rows = sources.base.execute(
        f"select delivery_id, line_number from opt_ins where contact_id in (select contact_id from {_ASKED})"
    ).fetchall()
    names = sorted(reading_name(delivery, sources.readings[delivery]) for delivery in {row[0] for row in rows})
    asked = set(rows)
    with sources.vault.identities(names) as reader:
        # rows lie about in the order of lines: lines told as they are let most groups of rows be left out unread
        lines = ", ".join(map(str, sorted({line for _, line in rows}))) or "null"
        found = reader.execute(
            "select delivery_id, line_number, page_url from identities"
            f" where line_number in ({lines}) and page_url is not null"
        ).fetchall()
    return {(delivery, line): url for delivery, line, url in found if (delivery, line) in asked}


def _opt_ins(sources: OriginSources, uses: Mapping[RowId, PerUse], urls: Mapping[RowId, str]) -> dict[str, list[OptIn]]:
    """Return the opt-ins of each contact, the oldest act first, those without an instant before all others."""
    rows = sources.base.execute(
        f"""
        select
            opt_ins.contact_id::varchar as contact_id,
            opt_ins.partner_id,
            opt_ins.feed_id,
            opt_ins.delivery_id,
            opt_ins.file_sha256,
            opt_ins.line_number,
            opt_ins.byte_offset,
            opt_ins.byte_length,
            opt_ins.flag,
            opt_ins.consented_at,
            opt_ins.notice_id,
            notices.notice_text,
            opt_ins.form_version,
            coalesce(opt_ins.recipients, []),
            coalesce(opt_ins.channels, []),
            coalesce(opt_ins.evidence_missing, []),
            opt_ins.evidence_grade
        from opt_ins
        left join (
            select partner_id, notice_id, any_value(notice_text) as notice_text
            from dossier_notices
            group by partner_id, notice_id
        ) as notices
            on opt_ins.partner_id = notices.partner_id and opt_ins.notice_id = notices.notice_id
        where opt_ins.contact_id in (select contact_id from {_ASKED})
        order by opt_ins.consented_at nulls first, opt_ins.received_at, opt_ins.delivery_id, opt_ins.line_number
        """
    ).fetchall()
    names = file_names(sources.engine, {row[3] for row in rows})
    found: dict[str, list[OptIn]] = defaultdict(list)
    for contact_id, *cells in rows:
        partner, feed, delivery, sha256, line, offset, length, flag, at, notice, text, form, *lists = cells
        found[contact_id].append(
            OptIn(
                partner_id=partner,
                feed_id=feed,
                delivery_id=delivery,
                file_name=names[delivery],
                file_sha256=sha256,
                line_number=line,
                byte_offset=offset,
                byte_length=length,
                flag=flag,
                consented_at=_aware(at) if at else None,
                notice_id=notice,
                notice_text=text,
                form_version=form,
                page_url=urls.get((delivery, line)),
                recipients=tuple(lists[0]),
                channels=tuple(lists[1]),
                evidence_grade=lists[3],
                evidence_missing=tuple(lists[2]),
                uses=uses.get((delivery, line)),
            )
        )
    return found


def _events(base: duckdb.DuckDBPyConnection) -> dict[str, list[ConsentEvent]]:
    found: dict[str, list[ConsentEvent]] = defaultdict(list)
    rows = base.execute(
        "select contact_id::varchar, occurred_at, known_at, event_state, signal, source from consent_events"
        f" where contact_id in (select contact_id from {_ASKED}) order by occurred_at nulls first, known_at, source"
    ).fetchall()
    for contact_id, at, known_at, state, signal, source in rows:
        found[contact_id].append(ConsentEvent(_aware(at) if at else None, _aware(known_at), state, signal, source))
    return found


def _attributes(base: duckdb.DuckDBPyConnection) -> dict[str, Attributes]:
    rows = base.execute(
        "select contact_id::varchar, sex, birth_date, postcode from contacts"
        f" where contact_id in (select contact_id from {_ASKED})"
    ).fetchall()
    return {contact_id: Attributes(sex, birth, postcode) for contact_id, sex, birth, postcode in rows}


def _territories(base: duckdb.DuckDBPyConnection) -> dict[str, Territory]:
    rows = base.execute(
        f"""
        select
            contacts.contact_id::varchar,
            contacts.address_id,
            contacts.commune_code,
            contacts.iris_code,
            contacts.match_confidence,
            list(struct_pack(map := ties.map, code := ties.bureau_code) order by ties.map)
                filter (where ties.bureau_code is not null)
        from contacts
        left join address_ties as ties
            on contacts.address_key = ties.address_key
        where contacts.contact_id in (select contact_id from {_ASKED})
        group by all
        """
    ).fetchall()
    return {
        contact_id: Territory(address, commune, {tie["map"]: tie["code"] for tie in ties or []}, iris, confidence)
        for contact_id, address, commune, iris, confidence, ties in rows
    }


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC)
