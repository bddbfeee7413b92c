"""Orders are read whole, and every error names the line and the field."""

import json
import wave

import pytest
import yaml

from configuration.documents import DocumentInvalid
from sends.orders.audience_criteria import CriterionKind
from sends.orders.order import AgreedPrice, Kind
from sends.orders.order_file import parse_order, read_order
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
        ('communes: ["75111"]', "communes: [75111]", 12, "audience.communes[0] is not a text"),
        ('communes: ["75111"]', 'comunes: ["75111"]', 12, "audience.comunes is not known here"),
        ('communes: ["75111"]', "communes: []", 12, "audience.communes is an empty list"),
        ('communes: ["75111"]', "sex: X", 12, "audience.sex is none of F, M"),
        ('communes: ["75111"]', "age: {min: 45, max: 30}", 12, "audience.age.min is above max"),
        ('communes: ["75111"]', 'bureaux: ["75056-1104"]', 12, "audience.bureaux[0] does not have the form"),
        ("round: 1", "round: 3", 5, "round is above 2"),
        ("channel: sms  ", "channel: fax  ", 7, "channel is none of sms, voice"),
        ("rate_per_second: 200", "rate_per_second: 0", 23, "rate_per_second is not a whole number of at least 1"),
        ("rate_per_second: 200", "rate: 200", 3, "rate_per_second is missing"),
        ('"2026-11-24T10:00:00+01:00"', '"2026-11-24T10:00:00"', 22, "window.from is not an instant with offset"),
        ('"2026-11-24T20:00:00+01:00"', '"2026-11-24T09:00:00+01:00"', 22, "window.to is not after window.from"),
        ("kind: selected", "kind: invitation", 2, "max_messages is missing"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(old, new, line, told):
    with pytest.raises(DocumentInvalid) as caught:
        parse_order(order_text(change=(old, new)), "order.yaml")
    assert told in str(caught.value)
    assert abs(int(str(caught.value).split("line ")[1].split(":")[0]) - line) <= 1
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "a: 1\na: 2\n"])
def test_what_is_no_order_is_refused_in_words(text):
    with pytest.raises(DocumentInvalid, match=r"order.yaml"):
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


def voice_order(tmp_path, message, seconds=12.5):
    with wave.open(str(tmp_path / "call.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * int(seconds * 8000))
    order = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    path = tmp_path / "call.yaml"
    path.write_text(json.dumps(order | {"channel": "voice", "voice_mode": "prerecorded", "message": message}))
    return path


CALL = {"audio": "call.wav", "caller_id": "+33937000000", "objection_at_seconds": 3}


@pytest.mark.parametrize("message", [CALL, {"voice": CALL}, {"voice": CALL, "has_new_accusation": True}])
def test_a_call_is_read_with_the_length_of_its_recording(tmp_path, message):
    path = voice_order(tmp_path, message)
    order = read_order(path)
    assert order.message.voice.audio_seconds == 12.5
    assert parse_order(order.canonical, "plan") == order
    voice_order(tmp_path, message, seconds=13)
    assert read_order(path).sha256 != order.sha256


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"audio": "none.wav"}, "message.voice.audio cannot be used: The recording none.wav is no readable WAV"),
        ({"caller_id": "0937000000"}, "caller_id does not have the form"),
        ({"objection_at_seconds": -1}, "objection_at_seconds is less than 0"),
        ({"volume": 3}, "volume is not known here"),
    ],
)
def test_a_wrong_call_is_told_by_its_field(tmp_path, change, told):
    with pytest.raises(DocumentInvalid, match=told):
        read_order(voice_order(tmp_path, {"voice": CALL | change}))


def test_a_message_of_the_other_channel_is_refused_and_null_is_none():
    with pytest.raises(DocumentInvalid, match=r"message\.voice goes with channel voice"):
        parse_order(order_text(change=("has_new_accusation: false", f"voice: {json.dumps(CALL)}")), "order.yaml")
    order = parse_order(order_text(change=("has_new_accusation: false", "voice: null")), "order.yaml")
    assert order.message.voice is None


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("null", AgreedPrice()),
        ("{order_unit_cents: 8, discount_open_to_all: true}", AgreedPrice(8, True)),
        ("{order_unit_cents: 0, discount_open_to_all: null, free_messages: 5000}", AgreedPrice(0, False, 5000)),
    ],
)
def test_an_order_may_say_its_price(price, expected):
    text = order_text(change=("price: null", f"price: {price}"))
    assert parse_order(text, "order.yaml").price == expected


def test_a_forbidden_criterion_makes_an_invitation_a_selection():
    text = order_text(
        kind=("kind: selected", "max_messages: 5\nkind: invitation"),
        audience=('communes: ["75111"]', "lookalike_of: party_members"),
    )
    order = parse_order(text, "order.yaml")
    assert order.is_selection
    assert order.judged_kinds() == (CriterionKind.ADDRESS,)
