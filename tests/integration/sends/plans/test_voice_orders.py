"""Orders of calls: planned, priced by the seconds of their recording, refused by their own rules, handed over."""

import wave

import pytest

from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.sender import Ending, send_plan
from sends.inbound.listener import take_in
from sends.orders.recordings import measure
from sends.plans.approval import approve_plan
from sends.plans.planning import PlanRefused, plan_campaign
from tests.scenes.sends.small_send_home import make_home, point_gateway, received_lines, simulator, write_order

CALL = {"audio": "call.wav", "caller_id": "+33937000000", "objection_at_seconds": 3}


def write_call(folder, seconds=20, call=CALL, **changes):
    with wave.open(str(folder / "call.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * int(seconds * 8000))
    message = {"message": {"voice": call}, "channel": "voice", "voice_mode": "prerecorded"}
    return write_order(folder, **(message | changes))


def test_a_call_is_planned_and_priced_by_its_seconds(tmp_path):
    stores = make_home(tmp_path, contacts=240)
    plan = plan_campaign(stores, write_call(tmp_path))
    assert (plan.contacts, plan.seconds_per_message, plan.parts_per_message) == (216, 20.0, 1)
    assert (plan.unit_price_cents, plan.total_cents, plan.findings) == (17, 216 * 17, ())


def test_a_call_is_refused_by_its_own_rules_and_no_rule_of_texts(tmp_path):
    stores = make_home(tmp_path, contacts=240)
    late = CALL | {"objection_at_seconds": 19, "caller_id": "+33639980001"}
    with pytest.raises(PlanRefused) as refusal:
        plan_campaign(stores, write_call(tmp_path, call=late))
    assert sorted(item.code for item in refusal.value.findings) == ["CLI_FORBIDDEN", "VOICE_OBJECTION_LATE"]


def test_a_call_is_handed_over_with_its_number_and_the_hash_of_its_recording(tmp_path):
    stores = make_home(tmp_path, contacts=240)
    plan = plan_campaign(stores, write_call(tmp_path))
    (tmp_path / "call.wav").rename(tmp_path / "kept.wav")  # the plan holds what it needs of it
    approve_plan(stores, plan.plan_id, "second")
    record = tmp_path / "received.jsonl"
    with simulator(record) as running:
        point_gateway(stores, running.url)
        take_in(stores, "simulator", open_gateway(read_gateway(stores.settings.config / "gateways", "simulator")), 0.0)
        assert send_plan(stores, plan.plan_id, limit=5).ending is Ending.LIMIT
    told = {(line["from"], line["text"]) for line in received_lines(record)}
    assert told == {("+33937000000", f"audio sha256 {measure(tmp_path / 'kept.wav').sha256}")}
