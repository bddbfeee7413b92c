"""Criteria of an audience: whom an order or a named segment asks for, as typed records.

Reading them from YAML belongs to `sends.orders.audience_file`, what may not be asked for to `sends.rules.order_rules`,
finding the contacts to `sends.plans.audience`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Forms of codes as INSEE and the electoral roll write them: commune, département, bureau de vote, IRIS.
COMMUNE = r"\d[0-9AB]\d{3}"
DEPARTEMENT = r"\d[0-9AB]|9[78]\d"
BUREAU = r"[0-9Z][0-9A-Z]{4}_.{4}"
IRIS = r"\d[0-9AB]\d{7}"


class Sex(StrEnum):
    """Sex as partners deliver it."""

    F = "F"
    M = "M"


class CriterionKind(StrEnum):
    """By what a person is selected, in the words of a notice's `targeting_by`."""

    ADDRESS = "address"
    AGE = "age"
    SEX = "sex"
    AREA_RESULTS = "area_results"
    AREA_INCOME = "area_income"


@dataclass(frozen=True)
class Years:
    """Ages in completed years, bounds included; None = open."""

    least: int | None
    most: int | None


@dataclass(frozen=True)
class Amount:
    """A range of shares (0 to 1) or euros a year, bounds included; None = open."""

    least: float | None
    most: float | None


@dataclass(frozen=True)
class BureauVote:
    """Whole bureaux by a candidate's share of the valid votes in one round."""

    election: str
    round: int
    candidate: str
    share: Amount


@dataclass(frozen=True)
class Exclusion:
    """Who is left out; excluding is targeting (R-70)."""

    bureaux: tuple[str, ...] = ()
    sex: Sex | None = None


@dataclass(frozen=True)
class ForbiddenCriterion:
    """A criterion that no order may use: its key and its reason code."""

    key: str
    code: str


@dataclass(frozen=True)
class Audience:
    """Criteria: keys narrow, values within a key widen; None = no such criterion."""

    communes: tuple[str, ...] | None = None
    departements: tuple[str, ...] | None = None
    bureaux: tuple[str, ...] | None = None
    iris: tuple[str, ...] | None = None
    sex: Sex | None = None
    age: Years | None = None
    bureau_vote: BureauVote | None = None
    iris_income: Amount | None = None
    exclude: Exclusion | None = None
    forbidden: tuple[ForbiddenCriterion, ...] = ()

    def criterion_kinds(self) -> tuple[CriterionKind, ...]:
        """Return by what the audience selects, without repeats (rules page §4, `TARGETING_NOT_CONSENTED`)."""
        excluded = self.exclude or Exclusion()
        territories = (self.communes, self.departements, self.bureaux, self.iris, excluded.bureaux or None)
        used = {
            CriterionKind.ADDRESS: any(territories),
            CriterionKind.AGE: self.age is not None,
            CriterionKind.SEX: self.sex is not None or excluded.sex is not None,
            CriterionKind.AREA_RESULTS: self.bureau_vote is not None,
            CriterionKind.AREA_INCOME: self.iris_income is not None,
        }
        return tuple(kind for kind, is_used in used.items() if is_used)
