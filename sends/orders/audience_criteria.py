"""Criteria of an audience: whom an order or a named segment asks for, as typed records.

Reading them from YAML belongs to `sends.orders.audience_file`, what may not be asked for to `sends.rules.order_rules`,
finding the contacts to `sends.plans.audience`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from configuration.field_types import Exactly, Number, Text, Unfit, WholeNumber, written

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


def _one_bound(kind: str) -> Mapping[str, object]:
    """Return what the published schema says of a range: one of its bounds is given."""
    return {"anyOf": [{"required": [bound], "properties": {bound: {"type": kind}}} for bound in ("min", "max")]}


def _check_range(least: float | None, most: float | None) -> None:
    if least is None and most is None:
        raise Unfit("is missing, and so is max: a range needs one of them", "min")
    if least is not None and most is not None and least > most:
        raise Unfit("is above max", "min")


@written(keys={"least": "min", "most": "max"}, schema=_one_bound("integer"))
@dataclass(frozen=True)
class Years:
    """Ages in completed years, bounds included; None = open."""

    least: WholeNumber | None = None
    most: WholeNumber | None = None

    def __post_init__(self) -> None:
        """Refuse a range without bounds, and an empty one."""
        _check_range(self.least, self.most)


@written(keys={"least": "min", "most": "max"}, schema=_one_bound("number"))
@dataclass(frozen=True)
class Amount:
    """A range of shares (0 to 1) or euros a year, bounds included; None = open."""

    least: Number | None = None
    most: Number | None = None

    def __post_init__(self) -> None:
        """Refuse a range without bounds, and an empty one."""
        _check_range(self.least, self.most)


_SHARE = {"properties": {bound: {"minimum": 0, "maximum": 1} for bound in ("min", "max")}}

#: A round of a ballot.
RoundNumber = Annotated[int, Exactly(least=1, most=2)]


@written(keys={"share": "share_of_votes"}, schema={"allOf": [{"properties": {"share_of_votes": _SHARE}}]})
@dataclass(frozen=True)
class BureauVote:
    """Whole bureaux by a candidate's share of the valid votes in one round."""

    election: Text
    round: RoundNumber
    candidate: Text
    share: Amount

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if any(bound is not None and not 0 <= bound <= 1 for bound in (self.share.least, self.share.most)):
            raise Unfit("is a share between 0 and 1", "share_of_votes")


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

    def criteria(self) -> tuple[str, ...]:
        """Return the keys of the criteria that are asked, an excluded value under the key of its criterion; sorted."""
        excluded = self.exclude or Exclusion()
        asked = {
            "communes": self.communes,
            "departements": self.departements,
            "bureaux": self.bureaux or excluded.bureaux,
            "iris": self.iris,
            "sex": self.sex or excluded.sex,
            "age": self.age,
            "bureau_vote": self.bureau_vote,
            "iris_income": self.iris_income,
        }
        return tuple(sorted(key for key, value in asked.items() if value))

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
