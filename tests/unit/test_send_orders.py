"""Orders are read whole, and every error names the line and the field."""

import pytest

from sends.orders import CriterionKind, Kind, OrderInvalid, parse_order, read_order
from terms.settings import PROJECT_ROOT

EXAMPLE = PROJECT_ROOT / "config" / "campaigns" / "example-75111.yaml"


def order_text(**replaced):
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in replaced.values():
        assert old in text
        text = text.replace(old, new)
    return text


def test_the_shipped_example_is_an_order():
    order = read_order(EXAMPLE)
    assert (order.kind, order.audience.communes, order.round) == (Kind.SELECTED, ("75111",), 1)
    assert order.judged_kinds() == (CriterionKind.ADDRESS,)


def test_an_order_kept_as_json_is_the_same_order():
    order = read_order(EXAMPLE)
    again = parse_order(order.canonical, "plan")
    assert again == order
    assert again.sha256 == order.sha256


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ('communes: ["75111"]', "communes: [75111]", 12, "audience.communes is not a text"),
        ('communes: ["75111"]', 'comunes: ["75111"]', 12, "audience.comunes is not known here"),
        ('communes: ["75111"]', "communes: []", 12, "audience.communes is an empty list"),
        ('communes: ["75111"]', "sex: X", 12, "audience.sex is none of F, M"),
        ('communes: ["75111"]', "age: {min: 45, max: 30}", 12, "audience.age.min is above max"),
        ('communes: ["75111"]', 'bureaux: ["75056-1104"]', 12, "audience.bureaux does not have the form"),
        ("round: 1", "round: 3", 5, "round is neither 1 nor 2"),
        ("channel: sms  ", "channel: fax  ", 7, "channel is none of sms, voice"),
        ("rate_per_second: 200", "rate_per_second: 0", 23, "rate_per_second is not a whole number of at least 1"),
        ("rate_per_second: 200", "rate: 200", 3, "rate_per_second is missing"),
        ('"2026-11-24T10:00:00+01:00"', '"2026-11-24T10:00:00"', 22, "window.from is not an instant with offset"),
        ('"2026-11-24T20:00:00+01:00"', '"2026-11-24T09:00:00+01:00"', 22, "window.to is not after window.from"),
        ("kind: selected", "kind: invitation", 2, "max_messages is missing"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(old, new, line, told):
    with pytest.raises(OrderInvalid) as caught:
        parse_order(order_text(change=(old, new)), "order.yaml")
    assert told in str(caught.value)
    assert abs(int(str(caught.value).split("line ")[1].split(":")[0]) - line) <= 1
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "a: 1\na: 2\n"])
def test_what_is_no_order_is_refused_in_words(text):
    with pytest.raises(OrderInvalid, match=r"order.yaml"):
        parse_order(text, "order.yaml")


@pytest.mark.parametrize(
    ("criterion", "code"),
    [
        ("family_names: [X]", "FORBIDDEN_NAME"),
        ("given_name_origin: [x]", "FORBIDDEN_NAME"),
        ("birth_places: [Oran]", "FORBIDDEN_BIRTHPLACE"),
        ("nationalities: [IT]", "FORBIDDEN_BIRTHPLACE"),
        ("source_partners: [p]", "FORBIDDEN_SOURCE_AS_CRITERION"),
        ("around: {place: mosque, radius_m: 300}", "FORBIDDEN_PLACE"),
        ("lookalike_of: party_members", "SPECIAL_CATEGORY_SEED"),
        ("enriched_with: electoral_roll", "ROLL_NOT_DIRECT"),
    ],
)
def test_a_forbidden_criterion_is_known_by_its_code(criterion, code):
    order = parse_order(order_text(change=('communes: ["75111"]', criterion)), "order.yaml")
    assert [item.code for item in order.audience.forbidden] == [code]


def test_every_criterion_has_its_kind():
    criteria = (
        'communes: ["75111"], sex: F, age: {min: 30}, iris_income: {median_euros: {max: 25000}}, bureau_vote:'
        " {election: PRES2022, round: 2, candidate: MACRON, share_of_votes: {min: 0.6}}"
    )
    order = parse_order(order_text(change=('\n  communes: ["75111"]', "\n  {" + criteria + "}")), "order.yaml")
    assert set(order.judged_kinds()) == set(CriterionKind)


def test_excluding_is_targeting():
    order = parse_order(order_text(change=('communes: ["75111"]', "exclude: {sex: M}")), "order.yaml")
    assert order.judged_kinds() == (CriterionKind.SEX,)


def test_an_invitation_without_criteria_selects_nobody():
    text = order_text(
        kind=("kind: selected", "max_messages: 5\nkind: invitation"), audience=('communes: ["75111"]', "communes: null")
    )
    order = parse_order(text, "order.yaml")
    assert not order.is_selection
    assert order.judged_kinds() == ()


def test_a_selection_without_criteria_still_selects_by_address():
    order = parse_order(order_text(audience=('communes: ["75111"]', "communes: null")), "order.yaml")
    assert order.judged_kinds() == (CriterionKind.ADDRESS,)
