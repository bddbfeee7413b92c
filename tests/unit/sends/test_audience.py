"""An audience over a base of six contacts: what each criterion finds, and that only offered columns can be criteria."""

from dataclasses import fields
from datetime import date

import duckdb
import pytest

from sends.orders.audience_criteria import Amount, Audience, BureauVote, Exclusion, ForbiddenCriterion, Sex, Years
from sends.plans.audience import Selection, create_audience, create_contacts, revealing_bureaux, unoffered_criteria
from sends.plans.temporary_tables import ASKED_CONTACTS, AUDIENCE
from terms.errors import FiliationError, Refused
from tests.scenes.sends.audience_macros import create_audience_macros, criteria_of_contacts

ON = date(2026, 11, 24)

#: Number, sex, birth date, postcode, commune, address, IRIS. The fifth's age is not known; of the sixth nothing is.
_CONTACTS = """
create table contacts as
select
    ('00000000-0000-0000-0000-00000000000' || number)::uuid as contact_id, sex, birth_date::date as birth_date, postcode,
    commune_code, address_key, iris_code, case number when 6 then null when 1 then ['reunion', 'metropole'] else [] end::varchar[] as zones
from (values
    (1, 'F', '1980-11-24', '75011', '75111', 'k1', 'i1'),
    (2, 'M', '1980-11-25', '75012', '75112', 'k2', 'i2'),
    (3, 'F', '2000-01-01', '69001', '69381', 'k3', 'i3'),
    (4, 'M', '1950-01-01', '97400', '97411', 'k4', null),
    (5, 'F', null, '13008', '13208', null, 'i1'),
    (6, null, null, null, null, null, null)
) as people (number, sex, birth_date, postcode, commune_code, address_key, iris_code)
"""

_TERRITORIES = """
create table address_ties as from (values
    ('k1', '2022', '75056_1101'), ('k1', '2026', '75056_1199'), ('k2', '2022', '75056_1102'), ('k3', '2022', '69123_0001')
) as ties (address_key, map, bureau_code);
create table bureau_results as from (values
    ('P', 1, '75056_1101', '2022', 'X', 500, 400, 200, 0.5),
    ('P', 1, '75056_1102', '2022', 'X', 90, 80, 8, 0.1),
    ('P', 1, '69123_0001', '2022', 'X', 0, 0, 0, null)
) as results (election, round, bureau_code, map, candidate, votes_cast, valid_votes, votes, share_of_votes);
create table iris as from (values ('i1', 24000.0), ('i2', 18000.0), ('i3', null)) as iris (iris_code, median_euros)
"""


def _base(criteria=None):
    base = duckdb.connect()
    base.execute(_CONTACTS)
    base.execute(_TERRITORIES)
    create_audience_macros(base, criteria)
    return base


@pytest.fixture(scope="module")
def base():
    with _base() as opened:
        yield opened


def _found(base, audience, **more):
    create_contacts(base, ASKED_CONTACTS, Selection(audience, "2022", ON, **more))
    rows = base.execute("select right(contact_id::varchar, 1)::integer from asked_contacts order by 1").fetchall()
    return [row[0] for row in rows]


def _vote(**share):
    return BureauVote("P", 1, "X", Amount(**share))


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience(), [1, 2, 3, 4, 5, 6]),
        (Audience(communes=("75056",)), [1, 2]),
        (Audience(communes=("75111", "69123", "13055")), [1, 3, 5]),
        (Audience(departements=("974",)), [4]),
        (Audience(departements=("75", "13")), [1, 2, 5]),
        (Audience(bureaux=("75056_1101", "75056_1199")), [1]),
        (Audience(iris=("i1", "i3")), [1, 3, 5]),
        (Audience(sex=Sex.F), [1, 3, 5]),
        (Audience(age=Years(least=46)), [1, 4]),
        (Audience(age=Years(most=45)), [2, 3]),
        (Audience(age=Years(least=45, most=46)), [1, 2]),
        (Audience(bureau_vote=_vote(least=0.5)), [1]),
        (Audience(bureau_vote=_vote(most=0.49)), [2]),
        (Audience(bureau_vote=BureauVote("P", 2, "X", Amount(least=0.0))), []),
        (Audience(iris_income=Amount(least=18000)), [1, 2, 5]),
        (Audience(iris_income=Amount(most=18000)), [2]),
        (Audience(exclude=Exclusion(bureaux=("75056_1101",))), [2, 3, 4, 5, 6]),
        (Audience(exclude=Exclusion(sex=Sex.F)), [2, 4, 6]),
        (Audience(communes=("75056",), sex=Sex.M, exclude=Exclusion(bureaux=("75056_1101",))), [2]),
    ],
)  # fmt: skip
def test_criteria_narrow_and_values_of_one_widen(base, audience, expected):
    assert _found(base, audience) == expected


def test_a_reserved_part_counts_ages_on_polling_day(base):
    part = {"reserve": Years(least=46), "polling_on": date(2026, 11, 25)}
    assert _found(base, Audience(communes=("75056",)), **part) == [1, 2]
    assert _found(base, Audience(), reserve=Years(most=30), polling_on=ON) == [3]


def test_an_audience_tells_bureau_zones_and_where_the_calendar_asks(base):
    create_audience(base, Selection(Audience(), "2022", ON, frozenset({"974"})))
    rows = base.execute(
        "select bureau_code, zones, is_territory_known, departement from audience order by contact_id"
    ).fetchall()
    assert rows[0] == ("75056_1101", ["metropole", "reunion"], True, None)
    assert rows[3] == (None, ["metropole"], True, "974")
    assert rows[5] == (None, ["metropole"], False, None)
    assert AUDIENCE.count(base) == 6


def test_a_chosen_bureau_reveals_votes_where_somebody_of_the_audience_lives(base):
    create_audience(base, Selection(Audience(), "2022", ON))
    assert revealing_bureaux(base, _vote(most=0.2)) == 1  # fewer than 100 votes were cast
    create_audience(base, Selection(Audience(departements=("69",)), "2022", ON))
    assert revealing_bureaux(base, _vote(most=0.2)) == 0


def test_each_criterion_reads_exactly_one_column_and_the_base_offers_it(base):
    named = sorted(criterion for criteria in criteria_of_contacts().values() for criterion in criteria)
    assert named == sorted({field.name for field in fields(Audience)} - {"exclude", "forbidden"})
    every = Audience(
        **{name: ("x",) for name in ("communes", "departements", "bureaux", "iris")},
        sex=Sex.F, age=Years(1), bureau_vote=_vote(least=0.1), iris_income=Amount(1),
    )  # fmt: skip
    assert list(every.criteria()) == named
    assert unoffered_criteria(base, every) == ()


def test_a_new_column_of_contacts_changes_nothing():
    with _base() as base:
        base.execute("alter table contacts add column vote_estimate double default 0.9")
        assert unoffered_criteria(base, Audience(sex=Sex.F)) == ()
        assert _found(base, Audience(sex=Sex.F)) == [1, 3, 5]
        offered = {row[0] for row in base.execute("select column_name from criterion_columns()").fetchall()}
        assert offered == set(criteria_of_contacts()) and "vote_estimate" not in offered


@pytest.mark.parametrize(
    "audience", [Audience(sex=Sex.F), Audience(sex=Sex.F, communes=("75056",)), Audience(bureaux=("75056_1101",))]
)
def test_a_criterion_whose_column_the_meta_does_not_name_finds_nobody(audience):
    meta = {"commune_code": ["communes", "departements"], "birth_date": ["age"]}
    with _base(meta) as base:
        assert _found(base, audience) == []
        assert unoffered_criteria(base, audience) == tuple({"bureaux", "sex"} & set(audience.criteria()))
        assert _found(base, Audience(communes=("75056",), age=Years(46))) == [1]


def test_an_excluded_value_needs_its_column_too():
    excluding = Audience(exclude=Exclusion(bureaux=("75056_1101",), sex=Sex.F))
    with _base({}) as base:
        assert unoffered_criteria(base, excluding) == ("bureaux", "sex")
        assert _found(base, excluding) == []


def test_a_base_of_older_code_is_refused_in_words():
    with duckdb.connect() as older:
        for asking in (unoffered_criteria, _found):
            with pytest.raises(Refused, match="older version"):
                asking(older, Audience())


def test_a_forbidden_criterion_is_never_evaluated(base):
    forbidden = Audience(forbidden=(ForbiddenCriterion("around", "FORBIDDEN_PLACE"),))
    with pytest.raises(FiliationError, match="cannot be evaluated"):
        create_audience(base, Selection(forbidden, "2022", ON))
