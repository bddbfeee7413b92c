"""What the base and the vault hold of contacts: opt-ins, events, attributes, territory, verdicts, page URLs.

One query per table for all asked contacts, so that ten thousand numbers cost little more than one. Nothing is logged
here: `lineage.lookups.lookup` has logged the access before it calls. Messages are read by `lineage.lookups.uses`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from consent.judgement.asking import judge_for_some_sponsor
from consent.judgement.live_facts import lay_live_facts
from lineage.lookups.file_names import file_names
from lineage.lookups.provenance import Attributes, ConsentEvent, OptIn, PerUse, Territory, UseVerdict
from stores.lake import reading_name
from stores.sql_files import sql_of
from stores.vault import Vault
from stores.warehouse.questions import Questions
from terms.clock import aware_utc
from terms.environment import NumberRules
from terms.reasons import Channel, Profile

#: Who is asked about is said by a relation, not by value: the text of a question stays the same, and with it a kept plan.
_ASKED = "lineage_asked"
_LIVE = "lineage_live"

#: Identity of an opt-in row.
RowId = tuple[str, int]


@dataclass(frozen=True, repr=False)
class Identity:
    """What one row of a partner says of a person, as delivered; shown in the person's own paper only."""

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
    """What origins are read from: an open base, current reading by delivery, the ledger, the vault, and which numbers count."""

    base: Questions
    readings: Mapping[str, int]
    ledger: Connection
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
    """Read everything that the base holds of these contacts, and judge them.

    Args:
        sources: what is read.
        contact_ids: of the contacts.
        at: instant of the judgement (aware); what is known now counts.
    """
    base = sources.base
    _fill_asked(base, contact_ids)
    live_facts = lay_live_facts(base, sources.ledger, _LIVE, contact_ids)
    verdicts, act_uses = _judged(sources, live_facts, at)
    attributes, territories = _persons(base)
    return Origins(
        verdicts=verdicts,
        opt_ins=_opt_ins(sources, act_uses),
        events=_events(base),
        attributes=attributes,
        territories=territories,
    )


def _fill_asked(base: Questions, contact_ids: Sequence[str]) -> None:
    base.fill(_ASKED, {"contact_id": "uuid"}, [(contact_id,) for contact_id in contact_ids])


def read_identities(sources: OriginSources, contact_ids: Sequence[str]) -> dict[str, list[Identity]]:
    """Return what the vault holds of these contacts, row by row, from every delivery that the base knows of them."""
    base = sources.base
    _fill_asked(base, contact_ids)
    deliveries = base.ask(sql_of(__file__, "deliveries"))
    names = sorted(reading_name(delivery, sources.readings[delivery]) for (delivery,) in deliveries)
    read = base.ask(sql_of(__file__, "typed_values"))
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


def _judged(
    sources: OriginSources, live_facts: str | None, at: datetime
) -> tuple[dict[str, PerUse], dict[RowId, PerUse]]:
    """Return the verdicts on each contact, and on each of its acts alone."""
    contacts: dict[str, dict[Channel, dict[Profile, UseVerdict]]] = defaultdict(_nothing_judged)
    acts: dict[RowId, dict[Channel, dict[Profile, UseVerdict]]] = defaultdict(_nothing_judged)
    for answer in judge_for_some_sponsor(sources.base, _ASKED, live_facts, sources.number_rules, at):
        verdict = UseVerdict(answer.verdict, answer.codes)
        if answer.delivery_id is None or answer.line_number is None:
            contacts[answer.contact_id][answer.channel][answer.profile] = verdict
        else:
            acts[answer.delivery_id, answer.line_number][answer.channel][answer.profile] = verdict
    return dict(contacts), dict(acts)


def _nothing_judged() -> dict[Channel, dict[Profile, UseVerdict]]:
    return {channel: {} for channel in Channel}


def _page_urls(sources: OriginSources, asked: Collection[RowId]) -> dict[RowId, str]:
    """Return the page of each of these opt-ins, from the vault: a page's query may hold a name."""
    lines: dict[str, list[int]] = defaultdict(list)
    deliveries: dict[str, str] = {}
    for delivery, line in asked:
        name = reading_name(delivery, sources.readings[delivery])
        deliveries[name] = delivery
        lines[name].append(line)
    return {(deliveries[name], line): url for name, line, url in sources.vault.page_urls(lines)}


def _opt_ins(sources: OriginSources, uses: Mapping[RowId, PerUse]) -> dict[str, list[OptIn]]:
    """Return the opt-ins of each contact, the oldest act first, those without an instant before all others."""
    rows = sources.base.ask(sql_of(__file__, "opt_ins"))
    names = file_names(sources.ledger, {row[3] for row in rows})
    texts = _notice_texts(sources.base)
    urls = _page_urls(sources, {(row[3], row[5]) for row in rows})
    found: dict[str, list[OptIn]] = defaultdict(list)
    for contact_id, *cells in rows:
        partner, feed, delivery, sha256, line, offset, length, flag, at, notice, form, *lists = cells
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
                consented_at=aware_utc(at) if at else None,
                notice_id=notice,
                notice_text=texts.get((partner, notice)),
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


def _notice_texts(base: Questions) -> dict[tuple[str, str], str]:
    """Return the text of each notice by partner and id: all of them, for they are few."""
    rows = base.ask_whole(sql_of(__file__, "notice_texts"))
    return {(partner, notice): text for partner, notice, text in rows}


def _events(base: Questions) -> dict[str, list[ConsentEvent]]:
    found: dict[str, list[ConsentEvent]] = defaultdict(list)
    rows = base.ask(sql_of(__file__, "events"))
    for contact_id, at, known_at, state, signal, source in rows:
        found[contact_id].append(
            ConsentEvent(aware_utc(at) if at else None, aware_utc(known_at), state, signal, source)
        )
    return found


def _persons(base: Questions) -> tuple[dict[str, Attributes], dict[str, Territory]]:
    """Return what the base says of the contacts themselves, and of where they live."""
    rows = base.ask(sql_of(__file__, "persons"))
    bureaux = _bureaux(base) if any(row[4] is not None for row in rows) else {}
    attributes, territories = dict[str, Attributes](), dict[str, Territory]()
    for contact_id, sex, birth, postcode, address_key, address, commune, iris, confidence in rows:
        attributes[contact_id] = Attributes(sex, birth, postcode)
        territories[contact_id] = Territory(address, commune, bureaux.get(address_key, {}), iris, confidence)
    return attributes, territories


def _bureaux(base: Questions) -> dict[str, dict[str, str]]:
    """Return bureau by map of the asked contacts' addresses."""
    rows = base.ask(sql_of(__file__, "bureaux"))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for address_key, map_of_bureaux, code in rows:
        found[address_key][map_of_bureaux] = code
    return found
