"""Contacts that stop being sendable within a time if nothing new comes in: on which day, under which code, of which partner.

Counted from the dates in the base and by the law of each day. Counts only; judging belongs to `consent.judgement`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb
from markupsafe import Markup

from consent.judgement.asking import lay_judged
from consent.judgement.live_facts import load_live_facts
from consent.judgement.queries import BoundSql, judgement_sql
from consent.judgement.situations import situations_sql
from consent.judgement.uses import Use, use_for_some_sponsor
from pages.plots import Plot, Series, bars, columns
from stores.all_stores import Stores
from stores.sql_files import checked_name, sql_of
from stores.warehouse.warehouse import read_manifest
from terms.clock import aware_utc, naive_utc, to_iso
from terms.paris import day_in_paris, midnight_in_paris
from terms.reasons import Channel, Profile

#: Partners that a plot tells apart; the others are drawn as one.
_PLOTTED = 6


@dataclass(frozen=True)
class Loss:
    """Contacts that stop being sendable on one day (Paris) under one code; `partner_id` collected their best act."""

    on: date
    partner_id: str
    code: str
    contacts: int

    def to_json(self) -> dict[str, object]:
        """Return the loss as JSON-ready values."""
        return {"on": self.on.isoformat(), "partner": self.partner_id, "code": self.code, "contacts": self.contacts}


@dataclass(frozen=True)
class Expiring:
    """The whole answer: how many contacts are `sendable` now, and how many of them are lost before `until`."""

    base_version: str
    use: Use
    until: datetime
    sendable: int
    losses: tuple[Loss, ...]

    @property
    def lost(self) -> int:
        """Return how many contacts are lost by then."""
        return sum(loss.contacts for loss in self.losses)

    def by_partner(self) -> dict[str, int]:
        """Return contacts lost by partner, the most first."""
        return _summed((loss.partner_id, loss.contacts) for loss in self.losses)

    def by_code(self) -> dict[str, int]:
        """Return contacts lost by code, the most first."""
        return _summed((loss.code, loss.contacts) for loss in self.losses)

    def to_json(self) -> dict[str, object]:
        """Return the answer of `filiation expiring --json`."""
        return {
            "base_version": self.base_version,
            "at": to_iso(self.use.moment),
            "until": to_iso(self.until),
            "channel": self.use.channel.value,
            "profile": self.use.profile.value,
            "sendable": self.sendable,
            "expiring": self.lost,
            "by_partner": self.by_partner(),
            "by_code": self.by_code(),
            "losses": [loss.to_json() for loss in self.losses],
        }

    def plot(self) -> Markup:
        """Draw the losses by week, the largest partners told apart."""
        named = list(self.by_partner())[:_PLOTTED]
        weeks = self._weeks()
        found = Counter[tuple[date, str]]()
        for loss in self.losses:
            partner = loss.partner_id if loss.partner_id in named else "others"
            found[_monday(loss.on), partner] += loss.contacts
        names = named + ["others"] if any(partner == "others" for _, partner in found) else named
        return columns(
            Plot(
                description="Sendable contacts lost by week and partner",
                labels=[f"{week.day} {week:%b}" for week in weeks],
                series=[Series(name, [found[week, name] for week in weeks]) for name in names],
                unit="contacts",
            )
        )

    def reason_plot(self) -> Markup:
        """Draw the losses by code."""
        told = self.by_code()
        plot = Plot(
            description="Sendable contacts lost by reason",
            labels=list(told),
            series=[Series("contacts", list(told.values()))],
            unit="contacts",
            height_px=70 + 26 * len(told),
        )
        return bars(plot)

    def _weeks(self) -> list[date]:
        first, last = _monday(self.use.moment.date()), self.until.date()
        return [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]


def expiring(stores: Stores, within: timedelta, channel: Channel, profile: Profile) -> Expiring:
    """Count the contacts that are sendable now for some sponsor who selects by bureau, and stop being so within a time.

    Args:
        stores: the opened stores.
        within: the time from now on.
        channel: by which channel.
        profile: under which reading of the law.

    Raises:
        Refused: no base was published yet.
    """
    now = stores.clock.now()
    use = use_for_some_sponsor(channel, profile, stores.number_rules, now)
    until = now + within
    with stores.warehouse.open_base() as base:
        load_live_facts(base, stores.engine, "live_facts", None)
        sendable = _create_sendable_now(base, use)
        _create_ends(base, use, until)
        return Expiring(read_manifest(base).version, use, until, sendable, _losses(base))


def _create_sendable_now(base: duckdb.DuckDBPyConnection, use: Use) -> int:
    """Create the temporary table `sendable_now` (contact, partner of its best act) and return how many rows it has."""
    lay_judged(base, "contacts", "live_facts", use, "judged")
    base.execute(sql_of(__file__, "sendable_now"))
    return int(base.execute("select count(*) from sendable_now").fetchall()[0][0])


def _create_ends(base: duckdb.DuckDBPyConnection, use: Use, until: datetime) -> None:
    """Create the temporary table `ends`: instants at which a contact of `sendable_now` is not sendable, with the worst code.

    Between two changes of the law a situation has one answer, so each span between two changes is read by the law of that span.
    """
    base.execute(sql_of(__file__, "ends"))
    changes = base.execute(
        sql_of(__file__, "changes_of_law"), {"begins": naive_utc(use.moment), "ends": naive_utc(until)}
    ).fetchall()
    begins = [use.moment, *(aware_utc(at) for (at,) in changes)]
    for moment, end in zip(begins, [*begins[1:], until], strict=True):
        _create_answers(base, "span_answers", situations_sql(_at(use, moment)))
        base.execute(
            sql_of(__file__, "add_spans"),
            {"begins": naive_utc(moment), "law_until": naive_utc(end), "eligible_on": use.eligible_on},
        )
    _add_with_facts(base, use, until)


def _add_with_facts(base: duckdb.DuckDBPyConnection, use: Use, until: datetime) -> None:
    """Add the ends of contacts with live facts (an opt-out, a click, a reply since the base was built).

    Only the judgement knows how long a click renews a consent. They are few; each is judged at the end of each day.
    """
    base.execute(sql_of(__file__, "with_facts"))
    for moment in _ends_of_days(use.moment, until):
        _create_answers(base, "fact_answers", judgement_sql("with_facts", "live_facts", _at(use, moment)))
        base.execute(sql_of(__file__, "add_facts"), {"at": naive_utc(moment)})


def _create_answers(base: duckdb.DuckDBPyConnection, relation: str, question: BoundSql) -> None:
    """Create a temporary table of what the judgement answers."""
    base.execute(f"create or replace temp table {checked_name(relation)} as {question.sql}", dict(question.parameters))


def _ends_of_days(begins: datetime, until: datetime) -> list[datetime]:
    """Return the last instant of each day in Paris from one instant to another, and the other itself."""
    day, found = day_in_paris(begins), []
    while (end := midnight_in_paris(day + timedelta(days=1)) - timedelta(microseconds=1)) < until:
        found.append(end)
        day += timedelta(days=1)
    return [*found, until]


def _losses(base: duckdb.DuckDBPyConnection) -> tuple[Loss, ...]:
    rows = base.execute(sql_of(__file__, "losses")).fetchall()
    return tuple(Loss(on, partner, code, contacts) for on, partner, code, contacts in rows)


def _at(use: Use, moment: datetime) -> Use:
    return replace(use, moment=moment, known_by=moment)


def _summed(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for name, contacts in counted:
        found[name] += contacts
    return dict(found.most_common())


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
