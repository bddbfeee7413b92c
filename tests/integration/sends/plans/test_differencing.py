"""Two audiences of one sponsor that differ by a few people are refused, by plans and counts, on SQLite and PostgreSQL."""

import pytest

from sends.orders.audience_criteria import Amount, Audience, BureauVote, Exclusion, Sex, Years
from sends.plans.counting import count_audience
from sends.plans.planning import PlanRefused, plan_campaign
from sends.plans.told_audiences import AskedAudience
from sends.rules.rulebook import OrderRefused
from tests.scenes.sends.small_send_home import make_home, write_order

YOUNGER = {"communes": ["75111"], "age": {"max": 70}}  # without the 17 or so of each year above


@pytest.fixture
def stores(tmp_path, operations_url):
    return make_home(tmp_path, operations_url, contacts=500)


def refused(ask):
    with pytest.raises(OrderRefused) as refusal:
        ask()
    assert not any(letter.isdigit() for letter in refusal.value.findings[0].message)
    return [item.code for item in refusal.value.findings]


def test_an_order_that_differs_from_an_earlier_one_by_a_few_is_refused(stores, tmp_path):
    plan_campaign(stores, write_order(tmp_path))
    near = write_order(tmp_path, campaign_id="T-2", audience=YOUNGER)
    assert refused(lambda: plan_campaign(stores, near)) == ["DIFFERENCING"]
    assert refused(lambda: count_audience(stores, str(near))) == ["DIFFERENCING"]
    far = write_order(tmp_path, campaign_id="T-3", audience={"communes": ["75111"], "sex": "F"})
    assert plan_campaign(stores, far).contacts > 200


def test_a_count_is_an_order_in_this(stores, tmp_path):
    count_audience(stores, str(write_order(tmp_path)))
    near = write_order(tmp_path, campaign_id="T-2", audience=YOUNGER)
    with pytest.raises(PlanRefused):
        plan_campaign(stores, near)


def test_the_same_people_again_are_no_difference(stores, tmp_path):
    plan_campaign(stores, write_order(tmp_path))
    same = {"bureaux": ["75056_1102", "75056_1101"], "communes": ["75111"]}
    again = write_order(tmp_path, campaign_id="T-2", audience=same)
    assert count_audience(stores, str(again)).contacts == 500
    assert plan_campaign(stores, again).contacts == 450


def test_another_sponsor_is_told_nothing_of_what_this_one_asked(stores, tmp_path):
    count_audience(stores, str(write_order(tmp_path)))
    other = write_order(tmp_path, campaign_id="T-2", sponsor="union", audience=YOUNGER)
    assert count_audience(stores, str(other)).contacts < 500


def test_a_refused_question_is_not_held_against_the_next(stores, tmp_path):
    count_audience(stores, str(write_order(tmp_path)))
    near = write_order(tmp_path, campaign_id="T-2", audience=YOUNGER)
    refused(lambda: count_audience(stores, str(near)))
    assert count_audience(stores, str(write_order(tmp_path))).contacts == 500


def test_the_reserved_part_is_compared_with_reserved_parts(stores, tmp_path):
    first = write_order(tmp_path, reserve={"age": {"min": 18, "max": 70}})
    plan_campaign(stores, first)
    near = write_order(tmp_path, campaign_id="T-2", reserve={"age": {"min": 18, "max": 69}})
    assert refused(lambda: plan_campaign(stores, near)) == ["DIFFERENCING"]
    assert count_audience(stores, str(near)).contacts == 500


def test_an_audience_that_was_written_down_reads_as_it_was():
    audience = Audience(
        communes=("75111",),
        departements=("75",),
        bureaux=("75056_1101",),
        iris=("751114201",),
        sex=Sex.F,
        age=Years(30, None),
        bureau_vote=BureauVote("PRES2022", 2, "MACRON", Amount(0.6, None)),
        iris_income=Amount(None, 25000.0),
        exclude=Exclusion(("75056_1102",), Sex.M),
    )
    asked = AskedAudience(audience, "2026", Years(18, 59), None)
    assert AskedAudience.of_json(asked.to_json()) == asked
    assert (
        AskedAudience(Audience(communes=("2", "1")), "m").to_json()
        == AskedAudience(Audience(communes=("1", "2")), "m").to_json()
    )
