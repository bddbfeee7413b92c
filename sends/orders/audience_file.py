"""Reading the criteria of an audience from YAML, key by key.

The records stand in `sends.orders.audience_criteria`; the rest of an order is read by `sends.orders.order_file`.
"""

from __future__ import annotations

from configuration.fields import Section
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
_FORBIDDEN = {
    "family_names": "FORBIDDEN_NAME",
    "given_name_origin": "FORBIDDEN_NAME",
    "birth_places": "FORBIDDEN_BIRTHPLACE",
    "nationalities": "FORBIDDEN_BIRTHPLACE",
    "source_partners": "FORBIDDEN_SOURCE_AS_CRITERION",
    "around": "FORBIDDEN_PLACE",
    "lookalike_of": "SPECIAL_CATEGORY_SEED",
    "enriched_with": "ROLL_NOT_DIRECT",
}


def read_round(section: Section, name: str) -> int:
    """Return the number of a round, 1 or 2.

    Raises:
        FileInvalid: it is another number.
    """
    value = section.integer(name, 1)
    if value > 2:
        raise section.invalid(name, "is neither 1 nor 2")
    return value


def read_audience(section: Section) -> Audience:
    """Return the criteria of an order or a named segment; forbidden ones are kept with their codes.

    Raises:
        FileInvalid: a key is unknown or a value wrong.
    """
    audience = Audience(
        communes=_codes(section, "communes", COMMUNE),
        departements=_codes(section, "departements", DEPARTEMENT),
        bureaux=_codes(section, "bureaux", BUREAU),
        iris=_codes(section, "iris", IRIS),
        sex=section.optional("sex", lambda name: section.choice(name, Sex)),
        age=section.optional("age", lambda name: read_years(section.section(name))),
        bureau_vote=section.optional("bureau_vote", lambda name: _bureau_vote(section.section(name))),
        iris_income=section.optional("iris_income", lambda name: _income(section.section(name))),
        exclude=section.optional("exclude", lambda name: _exclusion(section.section(name))),
        forbidden=tuple(ForbiddenCriterion(key, code) for key, code in _FORBIDDEN.items() if section.has(key)),
    )
    section.finish()
    return audience


def _codes(section: Section, name: str, pattern: str) -> tuple[str, ...] | None:
    if not section.has(name):
        return None
    codes = section.texts(name, pattern)
    if not codes:
        raise section.invalid(name, "is an empty list, which would select nobody; leave it out for no such criterion")
    return codes


def read_years(section: Section) -> Years:
    """Return a range of ages in completed years, from `min` to `max`, one of which may be left out.

    Raises:
        FileInvalid: both are missing, or the range is empty.
    """
    years = Years(
        section.optional("min", lambda name: section.integer(name)),
        section.optional("max", lambda name: section.integer(name)),
    )
    _check_range(section, years.least, years.most)
    return years


def _amount(section: Section) -> Amount:
    amount = Amount(
        section.optional("min", lambda name: section.number(name)),
        section.optional("max", lambda name: section.number(name)),
    )
    _check_range(section, amount.least, amount.most)
    return amount


def _check_range(section: Section, least: float | None, most: float | None) -> None:
    if least is None and most is None:
        raise section.invalid("min", "is missing, and so is max: a range needs one of them")
    if least is not None and most is not None and least > most:
        raise section.invalid("min", "is above max")
    section.finish()


def _bureau_vote(section: Section) -> BureauVote:
    vote = BureauVote(
        election=section.text("election"),
        round=read_round(section, "round"),
        candidate=section.text("candidate"),
        share=_amount(section.section("share_of_votes")),
    )
    bounds = [bound for bound in (vote.share.least, vote.share.most) if bound is not None]
    if any(not 0 <= bound <= 1 for bound in bounds):
        raise section.invalid("share_of_votes", "is a share between 0 and 1")
    section.finish()
    return vote


def _income(section: Section) -> Amount:
    amount = _amount(section.section("median_euros"))
    section.finish()
    return amount


def _exclusion(section: Section) -> Exclusion:
    exclusion = Exclusion(
        bureaux=section.optional("bureaux", lambda name: section.texts(name, BUREAU)) or (),
        sex=section.optional("sex", lambda name: section.choice(name, Sex)),
    )
    section.finish()
    return exclusion
