"""Planning a campaign: every check at once, the audience frozen, parts reserved, the price told; one transaction.

Each check stands with its subject; sending belongs to `sender`. A refused order leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from sqlalchemy import Connection, insert, select

from sends.ledger.states import State
from sends.orders.audience_criteria import Years
from sends.orders.order import Kind, Order
from sends.orders.order_file import read_order
from sends.orders.price import Quote
from sends.plans.audience import (
    Selection,
    age_predicate,
    count_rows,
    create_audience,
    extra_contact_columns,
    places,
    revealing_bureaux,
)
from sends.plans.exclusivity import Holding, drop_expired, free_ages, held_contacts, reserve_bureaux, reserve_contacts
from sends.plans.invitations import invited_contacts
from sends.plans.judging import create_judged, use_of
from sends.plans.texts import Shown, keep_texts, longest, names_source, text_for, texts_for
from sends.plans.transparency_notice import publish_transparency_notice, untold_findings
from sends.rules.bureau_changes import MapChange, ReservedBureau, change_findings, read_map_changes, reserved_bureaux
from sends.rules.calendar import Place, first_open, moment_findings, planned_end, window_findings
from sends.rules.context import Context, read_context
from sends.rules.controller_documents import complaints_about
from sends.rules.differencing import AskedAudience, asked_by, differencing_findings, remember
from sends.rules.order_rules import AudienceFacts, audience_findings, order_findings
from sends.rules.rulebook import OrderFinding, OrderRefused, findings_json, refuses
from sends.send_stores import SendStores
from stores.operations import journal
from stores.operations.database import insert_once, transaction
from stores.operations.message_tables import messages
from stores.operations.plan_tables import plans
from stores.warehouse.warehouse import read_manifest
from terms.canonical_json import canonical_json
from terms.clock import to_iso, to_micros
from terms.errors import Refused
from terms.identifiers import PlanId, digest
from terms.paris import PARIS

#: How long a plan keeps its parts without an approval.
RESERVED_FOR = timedelta(hours=72)

_CHUNK = 10_000  # rows between DuckDB and the operations database


class PlanRefused(OrderRefused):
    """The order was refused by a rule: no plan was written, nothing is reserved."""


@dataclass(frozen=True)
class Draft:
    """A plan before it is written: its id, the base and rules it rests on, and how its audience falls.

    `excluded` counts each contact once under its worst code, `excluded_by_code` once under each of its codes.
    """

    plan_id: PlanId
    base_version: str
    rule_set_sha256: str
    contacts: int
    excluded: Mapping[str, int]
    excluded_by_code: Mapping[str, int]
    bureau_codes: tuple[str, ...]
    map_changes: tuple[MapChange, ...]
    texts: Mapping[str | None, Shown]
    quote: Quote
    judged_at: datetime
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class CampaignPlan:
    """The answer of a plan; `contacts` + the sum of `excluded` = the audience. Prices in cents, per message and all."""

    plan_id: str
    campaign_id: str
    contacts: int
    excluded: Mapping[str, int]
    excluded_by_code: Mapping[str, int]
    bureaux: int
    parts_per_message: int
    seconds_per_message: float | None
    costly_characters: tuple[str, ...]
    unit_price_cents: int
    total_cents: int
    price_list: str
    starts_at: datetime
    ends_at: datetime
    base_version: str
    findings: tuple[OrderFinding, ...]

    def to_json(self) -> dict[str, object]:
        """Return the answer as the command prints it."""
        return {
            "plan_id": self.plan_id,
            "campaign_id": self.campaign_id,
            "contacts": self.contacts,
            "excluded": dict(self.excluded),
            "excluded_by_code": dict(self.excluded_by_code),
            "bureaux": self.bureaux,
            "parts_per_message": self.parts_per_message,
            "seconds_per_message": self.seconds_per_message,
            "costly_characters": list(self.costly_characters),
            "unit_price_cents": self.unit_price_cents,
            "total_cents": self.total_cents,
            "price_list": self.price_list,
            "starts_at": to_iso(self.starts_at),
            "ends_at": to_iso(self.ends_at),
            "base_version": self.base_version,
            "findings": findings_json(self.findings),
        }


def plan_campaign(stores: SendStores, path: Path) -> CampaignPlan:
    """Check an order against all rules, freeze its audience, reserve it for 72 hours and price it.

    Raises:
        OrderInvalid: the file has a wrong field.
        PlanRefused: a rule refuses; the findings are all told at once, and no number of people.
        Refused: no base is published, or the campaign has a live plan already.
    """
    order, now = read_order(path), stores.clock.now()
    context = read_context(stores.settings.config, order)
    findings = _findings_of_order(stores, context, now)
    if order.audience.forbidden:
        raise PlanRefused(order.campaign_id, findings)  # such an order is not even counted
    with stores.warehouse.open_base() as base:
        draft, more = _draft(base, stores, context, now)
        more += _differencing(base, stores, context)
        with transaction(stores.engine) as work:
            drop_expired(work, now)
            _refuse_second_plan(work, order.campaign_id)
            holding = Holding(order.election, order.round, order.sponsor, draft.plan_id, now + RESERVED_FOR)
            more += _changed_bureaux(work, context, draft, now)
            found = findings + more + _bureau_conflicts(work, context, holding, draft, now)
            if refuses(found):
                raise PlanRefused(order.campaign_id, found)
            _write(work, base, stores, context, draft, found, now)
            publish_transparency_notice(work, stores, draft.plan_id, context, now)
            _reserve_contacts(work, base, holding)
            remember(work, order.sponsor, asked_of(context), now)
    return _answer(order, draft, found)


def _findings_of_order(stores: SendStores, context: Context, now: datetime) -> tuple[OrderFinding, ...]:
    """Return what the order itself gets, and whether its window is over; nobody is counted."""
    order = context.order
    with stores.engine.connect() as work:
        complaints = complaints_about(work, order.campaign_id)
    begins = judged_at(order, now)
    found = order_findings(context, context.quote.list_unit_cents, complaints, begins)
    found += untold_findings(stores, context, begins)
    if order.window_to <= now:
        found += context.rules.found("WINDOW_PAST", "window", f"It ended at {to_iso(order.window_to)}.")
    return found


def judged_at(order: Order, now: datetime) -> datetime:
    """Return the instant that an audience is judged at: window.from, or now where the window is open already."""
    return max(order.window_from, now)


def selection_of(context: Context) -> Selection:
    """Return what an order's audience is evaluated with: ages count on the day (Paris) of window.from."""
    order = context.order
    on = order.window_from.astimezone(PARIS).date()
    return Selection(order.audience, context.election.bureau_map, on, context.told_departements)


def asked_of(context: Context) -> tuple[AskedAudience, ...]:
    """Return the audiences about which a plan of the order tells numbers."""
    order, election = context.order, context.election
    return asked_by(order.audience, election.bureau_map, order.reserve, election.rounds[order.round].polling_on)


def rule_set_of(base: duckdb.DuckDBPyConnection, context: Context) -> str:
    """Return the hash of all rules that a use is judged by: those of consent in the base, and those of `sends`."""
    return digest(read_manifest(base).rule_set_sha256, context.rules.sha256)


def _draft(
    base: duckdb.DuckDBPyConnection, stores: SendStores, context: Context, now: datetime
) -> tuple[Draft, tuple[OrderFinding, ...]]:
    order, manifest = context.order, read_manifest(base)
    plan_id = PlanId(digest(order.campaign_id, order.sha256, manifest.version, str(to_micros(now)))[:16])
    create_audience(base, selection_of(context))
    begins = judged_at(order, now)
    create_judged(base, stores, "audience", use_of(stores, context, begins, now))
    where = places(base) or [Place(frozenset({"metropole"}), True)]
    _load_closed_places(base, where, context, begins)
    _load_held(base, stores, Holding(order.election, order.round, order.sponsor, plan_id, now), now)
    _load_invited(base, stores, context)
    _create_outcome(base, context, plan_id)
    texts = texts_for(context, _sources(base)) or {None: text_for(context, None)}
    contacts = _one(base, "select count(*) from outcome where excluded_under is null")
    bureau_codes = _reserved_bureaux(base, context)
    start = first_open(where[0], begins, order.window_to, context.timing) or begins
    draft = Draft(
        plan_id=plan_id,
        base_version=manifest.version,
        rule_set_sha256=rule_set_of(base, context),
        contacts=contacts,
        excluded=_counts(
            base, "select excluded_under, count(*) from outcome where excluded_under is not null group by 1"
        ),
        excluded_by_code=_counts(
            base,
            "select code, count(*) from (select unnest(codes) as code from outcome where excluded_under is not null)"
            " group by 1",
        ),
        bureau_codes=bureau_codes,
        map_changes=read_map_changes(base, context.election.bureau_map, bureau_codes),
        texts=texts,
        quote=longest(context, texts.values()),
        judged_at=begins,
        starts_at=start,
        ends_at=planned_end(start, contacts, context.rate_per_second),
    )
    return draft, _audience_findings(base, context, draft, where)


def _differencing(base: duckdb.DuckDBPyConnection, stores: SendStores, context: Context) -> tuple[OrderFinding, ...]:
    """Return whether the audience gives away the few by whom it differs from an earlier one of the sponsor."""
    on = context.order.window_from.astimezone(PARIS).date()
    with stores.engine.connect() as work:
        return differencing_findings(base, work, context.order.sponsor, asked_of(context), on, context.rules)


def _audience_findings(
    base: duckdb.DuckDBPyConnection, context: Context, draft: Draft, where: Sequence[Place]
) -> tuple[OrderFinding, ...]:
    vote = context.order.audience.bureau_vote
    facts = AudienceFacts(
        contacts=draft.contacts,
        reveals_votes=vote is not None and revealing_bureaux(base, vote) > 0,
        extra_columns=extra_contact_columns(base),
    )
    return calendar_findings(context, where, draft) + audience_findings(context.order.audience, facts, context.rules)


def calendar_findings(context: Context, where: Sequence[Place], draft: Draft) -> tuple[OrderFinding, ...]:
    """Return what the calendar says of a whole order: at its first instant for everybody, and of its last message.

    A first instant that is closed for some places only is no finding: their messages wait, or are excluded.
    The place that most of the audience shares speaks for the order.
    """
    timing = context.timing
    at_start = [moment_findings(draft.judged_at, place, timing) for place in where]
    found = at_start[0] if all(at_start) else ()
    known = {item.code for item in found}
    at_end = moment_findings(draft.ends_at, where[0], timing)
    crossing = ("L49", "L49-3", "VALIDITY_CROSSES_BLACKOUT", "TERRITORY_UNKNOWN")
    found += tuple(item for item in at_end if item.code in crossing and item.code not in known)
    return found + window_findings(draft.starts_at, draft.ends_at, context.order.window_to, timing.rules)


def _load_closed_places(
    base: duckdb.DuckDBPyConnection, where: Sequence[Place], context: Context, start: datetime
) -> None:
    """Create `closed_places`: places for which the window has no instant at all, with the codes that say why.

    Where every place is closed the order itself gets the finding, and nobody is excluded for it.
    """
    timing, end = context.timing, context.order.window_to
    base.execute(
        "create or replace temp table closed_places"
        " (zones varchar[], is_territory_known boolean, departement varchar, codes varchar[])"
    )
    closed = [place for place in where if first_open(place, start, end, timing) is None]
    if len(closed) == len(where):
        return
    for place in closed:
        codes = sorted(item.code for item in moment_findings(start, place, timing))
        base.execute(
            "insert into closed_places values (?, ?, ?, ?)",
            [sorted(place.zones), place.is_territory_known, place.departement, codes],
        )


def _load_held(base: duckdb.DuckDBPyConnection, stores: SendStores, holding: Holding, now: datetime) -> None:
    """Create `held`: contacts of the audience that another sponsor holds for this ballot."""
    audience = [row[0] for row in base.execute("select contact_id::varchar from audience order by 1").fetchall()]
    with stores.engine.connect() as work:
        held = held_contacts(work, holding, audience, now)
    base.execute(
        "create or replace temp table held as select unnest($ids::uuid[]) as contact_id", {"ids": sorted(held)}
    )


def _load_invited(base: duckdb.DuckDBPyConnection, stores: SendStores, context: Context) -> None:
    """Create `invited`: contacts that an invitation may have reached already; it asks once, whoever pays."""
    base.execute("create or replace temp table invited (contact_id uuid)")
    if context.order.kind is not Kind.INVITATION:
        return
    with stores.engine.connect() as work:
        for some in work.execute(invited_contacts()).scalars().partitions(_CHUNK):
            base.execute("insert into invited select unnest($ids::uuid[])", {"ids": list(some)})


def _sources(base: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of the partners whose acts let the messages of `outcome` leave."""
    rows = base.execute(
        "select distinct source from outcome where excluded_under is null and source is not null"
    ).fetchall()
    return [row[0] for row in rows]


def _create_outcome(base: duckdb.DuckDBPyConnection, context: Context, plan_id: str) -> None:
    """Create `outcome`: what becomes of each contact of the audience; `excluded_under` null = gets a message.

    Outside the reserved part comes first (such a contact is not this order's at all), then consent and person,
    then the calendar, then what others hold. An invitation stops at `max_messages`, in hash order.
    """
    order = context.order
    inside, bounds = "true", {}
    if order.reserve is not None:
        predicate = age_predicate("a.birth_date", order.reserve, context.election.rounds[order.round].polling_on)
        inside, bounds = f"({predicate.sql})", dict(predicate.parameters)
    base.execute(
        "create or replace temp table outcome as with judged_audience as ("
        " select a.contact_id, a.bureau_code, s.source,"
        " sha256($plan_id || chr(31) || a.contact_id::varchar)[:32] as send_id,"
        f" case when not {inside} then 'OUTSIDE_RESERVE'"
        " when j.decision <> 'ALLOW' then j.worst_code"
        " when i.contact_id is not null then 'ALREADY_INVITED'"
        " when p.codes is not null then p.codes[1]"
        " when h.contact_id is not null then 'EXCLUSIVITY' end as first_code,"
        " list_sort(list_distinct(list_concat("
        f" case when not {inside} then ['OUTSIDE_RESERVE'] else [] end, j.codes, coalesce(p.codes, []),"
        " case when i.contact_id is not null then ['ALREADY_INVITED'] else [] end,"
        " case when h.contact_id is not null then ['EXCLUSIVITY'] else [] end))) as codes"
        " from audience as a join judged as j using (contact_id)"
        " left join closed_places as p on p.zones = a.zones and p.is_territory_known = a.is_territory_known"
        " and p.departement is not distinct from a.departement"
        " left join held as h using (contact_id) left join invited as i using (contact_id)"
        f" left join {_source_of(context)} as s on s.delivery_id = j.best_delivery_id),"
        " ranked as (select *, row_number() over (partition by first_code is null order by send_id) as place"
        " from judged_audience)"
        " select contact_id, bureau_code, send_id, place, source,"
        " case when first_code is null and place > $most then 'OVER_MAX_MESSAGES' else first_code end as excluded_under,"
        " case when first_code is null and place > $most then ['OVER_MAX_MESSAGES'] else codes end as codes"
        " from ranked",
        {"plan_id": plan_id, "most": order.max_messages or count_rows(base, "audience"), **bounds},
    )


def _source_of(context: Context) -> str:
    """Return the relation of each delivery's partner by name; empty where the text names no source."""
    if not names_source(context):
        return "(select null::varchar as delivery_id, null::varchar as source where false)"
    return (
        "(select d.delivery_id, p.legal_name as source from deliveries as d join dossier_partners as p"
        " on p.partner_id = d.partner_id and p.known_until = 'infinity')"
    )


def _reserved_bureaux(base: duckdb.DuckDBPyConnection, context: Context) -> tuple[str, ...]:
    """Return the bureaux where the audience votes; an unselected invitation reserves none."""
    if not context.order.is_selection:
        return ()
    rows = base.execute(
        "select distinct bureau_code from outcome"
        " where bureau_code is not null and excluded_under is distinct from 'OUTSIDE_RESERVE' order by 1"
    ).fetchall()
    return tuple(row[0] for row in rows)


def _changed_bureaux(work: Connection, context: Context, draft: Draft, now: datetime) -> tuple[OrderFinding, ...]:
    """Return whether a bureau of the order, or an older one that lies in it now, changed since somebody reserved it.

    What this plan itself reserves is reserved on the election's map, which a newer one may have overtaken already.
    """
    order, today = context.order, now.astimezone(PARIS).date()
    touched = {*draft.bureau_codes, *(change.bureau_code for change in draft.map_changes)}
    held = reserved_bureaux(work, order.election, order.round, touched, now)
    told = [item for item in held if item.bureau_code in draft.bureau_codes]
    found = change_findings(told, context.bureau_changes, (), today, context.rules)
    if found:
        return found
    ours = [ReservedBureau(code, today, context.election.bureau_map) for code in draft.bureau_codes]
    return change_findings([*held, *ours], (), draft.map_changes, today, context.rules)


def _bureau_conflicts(
    work: Connection, context: Context, holding: Holding, draft: Draft, now: datetime
) -> tuple[OrderFinding, ...]:
    """Reserve, and where another sponsor is in the way tell which part is free; nothing about who holds the rest."""
    order, codes = context.order, draft.bureau_codes
    taken = reserve_bureaux(work, holding, context.election.bureau_map, codes, order.reserve, now)
    if not taken:
        return ()
    words = conflict_words(codes, taken, free_ages(work, holding, codes, order.reserve))
    return context.rules.found("EXCLUSIVITY", "audience", words)


def conflict_words(codes: Sequence[str], taken: frozenset[str], free: Sequence[Years]) -> str:
    """Return what is free of an order's bureaux, and the order that would fit."""
    listed = ", ".join(sorted(taken)[:20]) + (", ..." if len(taken) > 20 else "")
    words = f"{len(codes) - len(taken)} of {len(codes)} bureaux are free; not free: {listed}."
    if free:
        parts = ", ".join(_years_words(years) for years in free)
        least, most = free[0].least, "null" if free[0].most is None else free[0].most
        words += f" In all of them these ages on polling day are free: {parts}; `reserve: {{age: {{min: {least}, max: {most}}}}}` fits."
    elif len(taken) < len(codes):
        words += " No age is free in all of them: order the free bureaux only."
    return words


def _years_words(years: Years) -> str:
    return f"{years.least} and over" if years.most is None else f"{years.least} to {years.most}"


def _refuse_second_plan(work: Connection, campaign_id: str) -> None:
    live = select(plans.c.plan_id).where(plans.c.campaign_id == campaign_id, plans.c.state.in_(("planned", "approved")))
    found = work.execute(live).scalar()
    if found is not None:
        raise Refused(
            f"{campaign_id} has the plan {found} already.",
            f"Run `filiation campaign release {found}` before a new one.",
        )


def _write(
    work: Connection,
    base: duckdb.DuckDBPyConnection,
    stores: SendStores,
    context: Context,
    draft: Draft,
    findings: tuple[OrderFinding, ...],
    now: datetime,
) -> None:
    row = _plan_row(context, draft, findings)
    row |= {"planned_by": stores.settings.actor, "planned_at": to_micros(now)}
    if not insert_once(work, plans, [row]):  # another planner was faster by an instant: the key says so
        _refuse_second_plan(work, context.order.campaign_id)
        raise Refused(f"{context.order.campaign_id} was planned at this very moment.", "Plan again.")
    keep_texts(work, draft.texts.values(), now)
    alike = _message_row(draft, now)
    for some in _kept(base):
        work.execute(insert(messages), [alike | _own_columns(draft, *kept) for kept in some])
    told = (
        "campaign_id",
        "order_sha256",
        "sponsor_id",
        "base_version",
        "rule_set_sha256",
        "message_sha256",
        "contacts",
    )
    journal.append(work, now, journal.Entry.PLAN, draft.plan_id, {name: row[name] for name in told})


def _kept(base: duckdb.DuckDBPyConnection) -> Iterator[Sequence[tuple[str, str, str | None, int, str | None]]]:
    cursor = base.execute(
        "select send_id, contact_id::varchar, bureau_code, place, source from outcome"
        " where excluded_under is null order by place"
    )
    while some := cursor.fetchmany(_CHUNK):
        yield some


def _plan_row(context: Context, draft: Draft, findings: tuple[OrderFinding, ...]) -> dict[str, object]:
    order = context.order
    return {
        "plan_id": draft.plan_id,
        "campaign_id": order.campaign_id,
        "order_json": order.canonical,
        "order_sha256": order.sha256,
        "kind": order.kind.value,
        "election": order.election,
        "round": order.round,
        "sponsor_id": order.sponsor,
        "channel": order.channel.value,
        "profile": order.profile.value,
        "gateway": order.gateway,
        "base_version": draft.base_version,
        "rule_set_sha256": draft.rule_set_sha256,
        "state": "planned",
        "findings_json": canonical_json(findings_json(findings)),
        "excluded_json": canonical_json(dict(draft.excluded)),
        "excluded_by_code_json": canonical_json(dict(draft.excluded_by_code)),
        "contacts": draft.contacts,
        "bureaux": len(draft.bureau_codes),
        "message_sha256": context.message_sha256,
        "parts_per_message": draft.quote.parts,
        "unit_price_cents": draft.quote.unit_price_cents,
        "total_cents": draft.quote.total_cents(draft.contacts),
        "price_list": draft.quote.price_list,
        "window_from": to_micros(order.window_from),
        "window_to": to_micros(order.window_to),
        "starts_at": to_micros(draft.starts_at),
        "ends_at": to_micros(draft.ends_at),
        "is_paused": 0,
    }


def _message_row(draft: Draft, now: datetime) -> dict[str, object]:
    """Return the columns that all messages of a plan begin with alike."""
    return {
        "plan_id": draft.plan_id,
        "state": State.PLANNED.value,
        "state_at": to_micros(now),
        "attempt": 0,
        "planned_base_version": draft.base_version,
        "codes_json": "[]",
    }


def _own_columns(
    draft: Draft, send_id: str, contact_id: str, bureau_code: str | None, place: int, source: str | None
) -> dict[str, object]:
    return {
        "send_id": send_id,
        "contact_id": contact_id,
        "position": place,
        "bureau_code": bureau_code,
        "message_sha256": draft.texts[source].message_sha256,
    }


def _reserve_contacts(work: Connection, base: duckdb.DuckDBPyConnection, holding: Holding) -> None:
    rows = base.execute("select contact_id::varchar from outcome where excluded_under is null order by 1")
    while some := rows.fetchmany(_CHUNK):
        if reserve_contacts(work, holding, [row[0] for row in some]):
            raise Refused("Another sponsor reserved some of these contacts at this very moment.", "Plan again.")


def _answer(order: Order, draft: Draft, findings: tuple[OrderFinding, ...]) -> CampaignPlan:
    return CampaignPlan(
        plan_id=draft.plan_id,
        campaign_id=order.campaign_id,
        contacts=draft.contacts,
        excluded=draft.excluded,
        excluded_by_code=draft.excluded_by_code,
        bureaux=len(draft.bureau_codes),
        parts_per_message=draft.quote.parts,
        seconds_per_message=draft.quote.seconds,
        costly_characters=draft.quote.costly_characters,
        unit_price_cents=draft.quote.unit_price_cents,
        total_cents=draft.quote.total_cents(draft.contacts),
        price_list=draft.quote.price_list,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        base_version=draft.base_version,
        findings=findings,
    )


def _counts(base: duckdb.DuckDBPyConnection, sql: str) -> dict[str, int]:
    return dict(sorted(base.execute(sql).fetchall()))


def _one(base: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = base.execute(sql).fetchone()
    return int(row[0]) if row else 0
