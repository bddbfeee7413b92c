"""The criteria of an audience as an order or a named segment writes them.

The records that the rest uses are in `sends.orders.audience_criteria`; the rest of an order is read by
`sends.orders.order_file`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from configuration.field_types import Exactly, Means, NotEmpty, written
from sends.orders.audience_criteria import (
    BUREAU,
    COMMUNE,
    DEPARTEMENT,
    IRIS,
    Amount,
    Audience,
    BureauVote,
    Exclusion,
    ForbiddenCriterion,
    Sex,
    Years,
)

#: Criteria that no order may use, and the code that says why (rules page §3 and §4).
_FORBIDDEN: Mapping[str, str] = MappingProxyType(
    {
        "family_names": "FORBIDDEN_NAME",
        "given_name_origin": "FORBIDDEN_NAME",
        "birth_places": "FORBIDDEN_BIRTHPLACE",
        "nationalities": "FORBIDDEN_BIRTHPLACE",
        "source_partners": "FORBIDDEN_SOURCE_AS_CRITERION",
        "around": "FORBIDDEN_PLACE",
        "lookalike_of": "SPECIAL_CATEGORY_SEED",
        "enriched_with": "ROLL_NOT_DIRECT",
    }
)

_SOME = NotEmpty("is an empty list, which would select nobody; leave it out for no such criterion")
Bureau = Annotated[str, Exactly(BUREAU)]
Communes = Annotated[tuple[Annotated[str, Exactly(COMMUNE)], ...], _SOME]
Departements = Annotated[tuple[Annotated[str, Exactly(DEPARTEMENT)], ...], _SOME]
Bureaux = Annotated[tuple[Bureau, ...], _SOME, Means("codes on the map of the order's election")]
IrisCodes = Annotated[tuple[Annotated[str, Exactly(IRIS)], ...], _SOME]
Forbidden = Annotated[Any, Means("No order may use it: the plan refuses it by its code.")]


@written()
@dataclass(frozen=True)
class IncomeFile:
    """Whole IRIS by median income, euros a year."""

    median_euros: Amount


@written()
@dataclass(frozen=True)
class ExclusionFile:
    """Who is left out; excluding is targeting."""

    bureaux: tuple[Bureau, ...] | None = None
    sex: Sex | None = None

    def to_exclusion(self) -> Exclusion:
        """Return who is left out."""
        return Exclusion(self.bureaux or (), self.sex)


@written()
@dataclass(frozen=True)
class AudienceFile:
    """Criteria: keys narrow, values within a key widen; null = no such criterion.

    A forbidden criterion is read like any other, so that a check can name its code.
    """

    communes: Communes | None = None
    departements: Departements | None = None
    bureaux: Bureaux | None = None
    iris: IrisCodes | None = None
    sex: Sex | None = None
    age: Annotated[Years | None, Means("completed years on the day of window.from, bounds included")] = None
    bureau_vote: BureauVote | None = None
    iris_income: IncomeFile | None = None
    exclude: ExclusionFile | None = None
    family_names: Forbidden = None
    given_name_origin: Forbidden = None
    birth_places: Forbidden = None
    nationalities: Forbidden = None
    source_partners: Forbidden = None
    around: Forbidden = None
    lookalike_of: Forbidden = None
    enriched_with: Forbidden = None

    def to_audience(self) -> Audience:
        """Return the criteria; forbidden ones are kept with their codes."""
        return Audience(
            communes=self.communes,
            departements=self.departements,
            bureaux=self.bureaux,
            iris=self.iris,
            sex=self.sex,
            age=self.age,
            bureau_vote=self.bureau_vote,
            iris_income=self.iris_income.median_euros if self.iris_income else None,
            exclude=self.exclude.to_exclusion() if self.exclude else None,
            forbidden=tuple(
                ForbiddenCriterion(key, code) for key, code in _FORBIDDEN.items() if getattr(self, key) is not None
            ),
        )
