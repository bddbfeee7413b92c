"""The published schemas of orders, elections, sponsors, prices and gateways say what the readers say, file by file."""

import copy
import json
import wave
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from sends.gateways.settings import read_gateway
from sends.orders.elections import read_elections
from sends.orders.order_file import parse_order
from sends.orders.price import read_price_list
from sends.orders.sponsors import read_sponsor
from terms.errors import UsageError

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config"
#: A file of each kind whose every key is tried.
SHIPPED = {
    "order": "campaigns/example-75111.yaml",
    "election": "elections/PRES2027.yaml",
    "sponsor": "sponsors/horizon.yaml",
    "price_list": "prices/2026-09-01.yaml",
    "gateway": "gateways/smsc.yaml",
}
FOLDERS = {
    "order": "campaigns",
    "election": "elections",
    "sponsor": "sponsors",
    "price_list": "prices",
    "gateway": "gateways",
}
CALL = {"audio": "a.wav", "caller_id": "+33937000000", "objection_at_seconds": 3}
VOTE = {"election": "PRES2022", "round": 2, "candidate": "M", "share_of_votes": {"min": 0.6}}


class Written(yaml.SafeLoader):
    """YAML in which a date is the text that was written, as JSON has it."""


Written.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Written)


def validator(kind):
    schema = json.loads((ROOT / "docs" / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


VALIDATORS = {kind: validator(kind) for kind in SHIPPED}


def reads(kind, document, folder):
    """Whether production's reader takes the document."""
    name = {"election": "election", "sponsor": "sponsor_id", "gateway": "name"}.get(kind)
    stem = str(document.get(name, "x")) if name else "x"
    (folder / f"{stem}.yaml").write_text(json.dumps(document), encoding="utf-8")
    try:
        match kind:
            case "order":
                parse_order(json.dumps(document), "order")
            case "election":
                read_elections(folder)
            case "sponsor":
                read_sponsor(folder, stem)
            case "price_list":
                read_price_list(folder, date(2030, 1, 1))
            case "gateway":
                read_gateway(folder, stem)
    except UsageError:
        return False
    return True


@pytest.mark.parametrize("kind", SHIPPED)
def test_every_shipped_file_fits_its_schema(kind):
    files = sorted((CONFIG / FOLDERS[kind]).glob("*.yaml"))
    assert files
    for file in files:
        assert [error.message for error in VALIDATORS[kind].iter_errors(load(file))] == [], file


def places(value, path=()):
    """Every key of a document, as a path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from places(item, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def changed(document, path, value):
    """A copy with one field changed, or without it where the value is `...`."""
    copied = copy.deepcopy(document)
    at = copied
    for key in path[:-1]:
        at = at[key]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return copied


@pytest.mark.parametrize("kind", SHIPPED)
def test_reader_and_schema_agree_on_every_field_spoilt(kind, tmp_path):
    document, tried = load(CONFIG / SHIPPED[kind]), 0
    for path in places(document):
        for number, value in enumerate(
            (..., None, "", 0, -1, 1.5, True, [], {}, {"unknown": 1}, "no such word", ["?"])
        ):
            spoilt = changed(document, path, value)
            folder = tmp_path / f"{tried}"
            folder.mkdir()
            tried += 1
            fits = VALIDATORS[kind].is_valid(spoilt)
            assert reads(kind, spoilt, folder) == fits, f"{kind} {path} value {number}: {value!r}, schema says {fits}"
    assert tried > 50


ORDERS = [
    ({}, True),
    ({"unknown": 1}, False),
    ({"audience": {"communes": ["75111"], "sex": "F", "age": {"min": 30, "max": 45}}}, True),
    ({"audience": {"departements": ["2A", "974"], "bureaux": ["57463_01.1"], "iris": ["751114203"]}}, True),
    ({"audience": {"bureaux": ["75056-1104"]}}, False),
    ({"audience": {"age": {"min": 1.5}}}, False),
    ({"audience": {"age": {"min": None, "max": None}}}, False),
    ({"audience": {"bureau_vote": VOTE, "iris_income": {"median_euros": {"max": 25000}}}}, True),
    ({"audience": {"bureau_vote": VOTE | {"share_of_votes": {"min": 1.2}}}}, False),
    ({"audience": {"exclude": {"bureaux": None, "sex": "M"}}}, True),
    ({"audience": {"exclude": {"communes": ["75111"]}}}, False),
    ({"audience": {"source_partners": ["p"], "around": {"place": "mosque", "radius_m": 300}}}, True),
    ({"reserve": {"age": {"min": 18, "max": 59}}}, True),
    ({"reserve": {"sex": "F"}}, False),
    ({"kind": "invitation", "audience": None, "max_messages": 10}, True),
    ({"kind": "invitation"}, False),
    ({"kind": "invitation", "max_messages": 10, "reserve": {"age": {"min": 18}}}, False),
    ({"max_messages": 10}, False),
    ({"channel": "voice", "voice_mode": "live", "message": {"voice": CALL}}, True),
    ({"channel": "voice", "voice_mode": "prerecorded", "message": CALL}, True),
    ({"channel": "voice", "message": {"voice": CALL}}, False),
    ({"channel": "voice", "voice_mode": "live", "message": {"voice": CALL | {"caller_id": "0937"}}}, False),
    ({"voice_mode": "live"}, False),
    ({"message": {"sender": "A", "text": "b", "voice": CALL}}, False),
    ({"price": {"order_unit_cents": 8, "discount_open_to_all": True}}, True),
    ({"price": {"order_unit_cents": -1}}, False),
    ({"sign_offs": {"bureau_result_targeting": {"dpia_id": "D", "by": "A", "signed_on": "2027-02-20"}}}, True),
    ({"sign_offs": {"bureau_result_targeting": {"dpia_id": "D"}}}, False),
    ({"round": 3}, False),
    ({"window": {"from": "2026-11-24T10:00:00", "to": "2026-11-24T20:00:00"}}, False),
]


@pytest.mark.parametrize(("change", "fits"), ORDERS)
def test_reader_and_schema_agree_on_every_key_of_an_order(change, fits, tmp_path):
    document = load(CONFIG / SHIPPED["order"]) | change
    assert VALIDATORS["order"].is_valid(document) is fits
    assert reads("order", document, tmp_path) is fits


def test_the_order_of_a_call_as_a_plan_keeps_it_fits_too(tmp_path):
    from sends.orders.order_file import read_order

    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    document = load(CONFIG / SHIPPED["order"]) | {
        "channel": "voice",
        "voice_mode": "prerecorded",
        "message": {"voice": CALL},
    }
    (tmp_path / "order.yaml").write_text(json.dumps(document))
    assert VALIDATORS["order"].is_valid(json.loads(read_order(tmp_path / "order.yaml").canonical))
