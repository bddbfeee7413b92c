"""Where a plan's messages go, in words and counts: criteria, bureaux, départements and communes of its contacts.

Small counts are hidden by `sends.rules.small_counts`; who is in the audience is told nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sends.orders.audience_criteria import Amount, Audience, Years
from sends.orders.order import Order
from sends.rules.small_counts import told_counts
from stores.operations.message_tables import messages

#: With more communes than this, only départements are told apart.
_MOST_COMMUNES = 40


@dataclass(frozen=True)
class Area:
    """Where a plan goes: its criteria in words, how many bureaux, contacts by département and commune (None = hidden)."""

    criteria: tuple[str, ...]
    bureaux: int
    departements: Mapping[str, int | None]
    communes: Mapping[str, int | None]

    def words(self) -> str:
        """Return the area in one line, as an invoice names it."""
        named = self.communes if 0 < len(self.communes) <= 10 else self.departements
        kind = "communes" if named is self.communes else "départements"
        places = f"{kind} {', '.join(named)}" if named else "no bureau known"
        return f"{self.bureaux} bureaux de vote, {places}"


def area_of(work: Connection, plan_id: str, order: Order) -> Area:
    """Return where a plan's messages go, by the bureaux that it was frozen with.

    Args:
        work: an open connection to the operations database.
        plan_id: the plan.
        order: its order, for the criteria.
    """
    query = select(messages.c.bureau_code, func.count()).where(messages.c.plan_id == plan_id)
    rows = work.execute(query.group_by(messages.c.bureau_code)).tuples().all()
    by_bureau = {code: number for code, number in rows if code is not None}
    communes = _summed((code.partition("_")[0], number) for code, number in by_bureau.items())
    departements = _summed((_departement(code), number) for code, number in communes.items())
    return Area(
        criteria=tuple(criteria_words(order.audience)),
        bureaux=len(by_bureau),
        departements=told_counts(departements),
        communes=told_counts(communes) if len(communes) <= _MOST_COMMUNES else {},
    )


def criteria_words(audience: Audience) -> list[str]:
    """Return the criteria of an audience as a person reads them; none = unselected."""
    lists = {
        "communes": audience.communes,
        "départements": audience.departements,
        "bureaux de vote": audience.bureaux,
        "IRIS": audience.iris,
    }
    found = [f"{name}: {_listed(codes)}" for name, codes in lists.items() if codes]
    if audience.sex is not None:
        found.append(f"sex: {audience.sex.value}")
    if audience.age is not None:
        found.append(f"age: {_years(audience.age)}")
    if audience.bureau_vote is not None:
        vote = audience.bureau_vote
        found.append(
            f"whole bureaux by result: {vote.candidate}, {vote.election} round {vote.round}, share {_range(vote.share)}"
        )
    if audience.iris_income is not None:
        found.append(f"whole IRIS by median income in euros a year: {_range(audience.iris_income)}")
    return found + _exclusion_words(audience)


def _exclusion_words(audience: Audience) -> list[str]:
    if audience.exclude is None:
        return []
    found = [f"left out, bureaux de vote: {_listed(audience.exclude.bureaux)}"] if audience.exclude.bureaux else []
    return found + ([f"left out, sex: {audience.exclude.sex.value}"] if audience.exclude.sex else [])


def _listed(codes: Iterable[str]) -> str:
    listed = sorted(codes)
    return ", ".join(listed[:30]) + (f" and {len(listed) - 30} more" if len(listed) > 30 else "")


def _years(years: Years) -> str:
    return f"{years.least if years.least is not None else 18} to {years.most if years.most is not None else 'any'}"


def _range(amount: Amount) -> str:
    least = "" if amount.least is None else f"at least {amount.least:g}"
    most = "" if amount.most is None else f"at most {amount.most:g}"
    return " and ".join(part for part in (least, most) if part) or "any"


def _departement(commune: str) -> str:
    return commune[:3] if commune.startswith(("97", "98")) else commune[:2]


def _summed(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for name, number in counted:
        found[name] += number
    return dict(sorted(found.items()))
