"""The contract of every gateway, run over each kind in front of its simulator."""

import subprocess
import sys
import time
from collections import Counter

import pytest

from sends.gateways.gateway import Answer, DlrStatus, EventKind, GatewayUnreachable, Proof
from sends.gateways.routes import open_gateway
from sends.gateways.smsc_simulator import acknowledgements_of
from terms.settings import PROJECT_ROOT
from tests.scenes.sends.gateway_routes import ROUTES, free_ports, hand_over_all, message, wait_for_port, write_settings

TEXTS = [
    "Bonjour à tous, réunion jeudi 18 h. STOP 36111",
    "Prix [5 €] {a} ~ | ^ \\ : tout l'alphabet GSM étendu",
    "Ça commence à l’hôtel de ville « ici » — œuvre 😀",
    "Une longue lettre, " * 20 + "fin.",
    "Ê" * 200,
]


@pytest.fixture(params=ROUTES)
def opened(request, tmp_path):
    """A function that opens the route with faults; everything is closed at the end."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **faults: stack.enter_context(ROUTES[request.param](tmp_path, **faults))


def hand_over(gateway, messages):
    answers = hand_over_all(gateway, messages)
    assert len({answer.reference for answer in answers}) == len(answers), "a message got two answers"
    return {answer.reference: answer for answer in answers}


def collect(gateway, wanted, seconds=10.0):
    """Take events in and acknowledge them until so many came, or nothing more does."""
    found, end = [], time.monotonic() + seconds
    while len(found) < wanted and time.monotonic() < end:
        events = gateway.events(0.2)
        gateway.acknowledge(events)
        found += events
    return found


def finals(events):
    return [event for event in events if event.status is not DlrStatus.ACCEPTED]


def collect_finals(gateway, wanted, seconds=10.0):
    found, end = [], time.monotonic() + seconds
    while len(finals(found)) < wanted and time.monotonic() < end:
        found += collect(gateway, 1, seconds=0.3)
    return finals(found)


def wait_for_arrivals(route, number):
    end = time.monotonic() + 10
    while len(route.received()) < number:
        assert time.monotonic() < end, "a message did not arrive"
        time.sleep(0.05)


def test_a_message_arrives_once_as_it_was_written(opened):
    route = opened()
    gateway = route.open()
    sent = [message(index * 10, text) for index, text in enumerate(TEXTS)]
    answers = hand_over(gateway, sent)
    assert {answer.answer for answer in answers.values()} == {Answer.ACCEPTED}
    wait_for_arrivals(route, len(TEXTS))
    arrived = {(line["to"], line["from"], line["text"]) for line in route.received()}
    assert arrived == {(item.to, item.sender, item.text) for item in sent}
    assert len(route.received()) == len(sent)


def test_the_next_message_may_follow_only_when_there_is_room_for_it(opened):
    gateway = opened(slow_seconds=0.02).open()
    answered = 0
    for index in range(100):
        answered += len(gateway.hand_over(message(index)))
        assert index + 1 - answered <= 20
    assert answered + len(gateway.finish()) == 100
    assert not gateway.finish()


def test_every_report_is_told_until_it_is_acknowledged(opened):
    route = opened()
    first = route.open()
    answers = hand_over(first, [message(index) for index in range(10)])
    end, told = time.monotonic() + 10, []
    while len(told) < 9 and time.monotonic() < end:
        told = finals(first.events(0.2))
    assert {event.event_id for event in finals(first.events(0.0))} == {event.event_id for event in told}
    first.close()  # as a listener that died before it could commit
    second = route.open()
    again = collect_finals(second, 9)
    assert {event.event_id for event in again} == {event.event_id for event in told}
    statuses = Counter(event.status for event in again)
    assert statuses == {DlrStatus.DELIVERED: 7, DlrStatus.UNDELIVERED: 1, DlrStatus.EXPIRED: 1}
    ids = {answer.gateway_message_id for answer in answers.values()} - {None}
    assert {event.gateway_message_id for event in again} < ids or route.has_a_queue
    assert {event.reference for event in again} < set(answers) or not route.has_a_queue
    collect(second, 99, seconds=1.0)
    assert not collect(second, 1, seconds=1.0)


def test_a_report_told_twice_is_one_event_or_two_that_say_the_same(opened):
    route = opened(duplicate_report_every=1)
    gateway = route.open()
    hand_over(gateway, [message(1), message(2)])
    events = collect_finals(gateway, 4, seconds=1.5)
    assert {event.status for event in events} == {DlrStatus.DELIVERED}
    assert len({event.gateway_message_id for event in events}) == 2


@pytest.mark.parametrize("text", ["STOP", "Arrêt svp !", "OUI je suis d’accord 😀"])
def test_a_reply_comes_with_its_phone_and_its_text(opened, text):
    route = opened()
    gateway = route.open()
    gateway.events(0.0)
    route.reply("+33639980042", text)
    (event,) = collect(gateway, 1)
    assert (event.kind, event.phone, event.text) == (EventKind.MO, "+33639980042", text)


def test_what_is_refused_is_told_and_does_not_arrive(opened):
    route = opened(refuse_every=3)
    gateway = route.open()
    answers = Counter(answer.answer for answer in hand_over(gateway, map(message, range(9))).values())
    if route.has_a_queue:
        told = Counter(event.status for event in collect_finals(gateway, 9))
        assert (answers, told[DlrStatus.UNDELIVERED]) == ({Answer.ACCEPTED: 9}, 3 + ends_in_7(route.received()))
    else:
        assert answers == {Answer.ACCEPTED: 6, Answer.REJECTED: 3}
    assert len(route.received()) == 6


def ends_in_7(lines):
    return sum(1 for line in lines if line["to"].endswith("7"))


def test_what_is_refused_for_now_arrives_once_or_not_at_all(opened):
    route = opened(throttle_every=3)
    answers = Counter(answer.answer for answer in hand_over(route.open(), map(message, range(9))).values())
    assert answers == ({Answer.ACCEPTED: 9} if route.has_a_queue else {Answer.ACCEPTED: 6, Answer.THROTTLED: 3})
    wait_for_arrivals(route, 9 if route.has_a_queue else 6)
    assert max(Counter(line["to"] for line in route.received()).values()) == 1


def test_what_gets_no_answer_is_unknown_and_arrives_once_at_most(opened):
    route = opened(error_every=4, silence_every=3, timeout=1)
    answers = Counter(answer.answer for answer in hand_over(route.open(), map(message, range(6))).values())
    assert answers == ({Answer.ACCEPTED: 6} if route.has_a_queue else {Answer.ACCEPTED: 3, Answer.UNKNOWN: 3})
    wait_for_arrivals(route, 5)
    time.sleep(2.0 if route.has_a_queue else 0.0)
    assert max(Counter(line["to"] for line in route.received()).values()) == 1


def test_where_nobody_answers_nothing_is_sent_and_no_event_is_invented(tmp_path, opened):
    route = opened()
    name, scheme = route.settings.name, route.settings.url.split(":")[0]
    nobody = open_gateway(write_settings(tmp_path, name, url=f"{scheme}://127.0.0.1:1"))
    answers = hand_over(nobody, [message(1), message(2)])
    assert {answer.answer for answer in answers.values()} == {Answer.NOT_SENT}
    with pytest.raises(GatewayUnreachable):
        nobody.events(0.1)


def test_no_gateway_proves_absence_of_what_arrived(opened):
    route = opened()
    gateway = route.open()
    hand_over(gateway, [message(1)])
    assert gateway.received(message(1).reference).proof is not Proof.ABSENT


def test_a_client_shows_no_number_and_no_text(opened):
    route = opened()
    gateway = route.open()
    hand_over(gateway, [message(1)])
    route.reply("+33639980042", "STOP")
    shown = repr(collect(gateway, 2)) + repr(message(1))
    assert "63998" not in shown
    assert "STOP" not in shown


def test_the_simulator_learns_of_each_acknowledgement(tmp_path):
    with ROUTES["smpp"](tmp_path) as route:
        gateway = route.open()
        hand_over(gateway, [message(index) for index in range(5)])
        collect(gateway, 5)
        file, end = acknowledgements_of(route.record), time.monotonic() + 5
        while file.read_text().count("\n") < 5:
            assert time.monotonic() < end, "an acknowledgement was lost"
            time.sleep(0.05)


_SMSC = (
    "import sys; from sends.gateways.smsc_simulator import serve_smsc; serve_smsc(int(sys.argv[1]), None, None, print)"
)


def test_a_link_that_ended_between_two_hand_overs_loses_no_message(tmp_path):
    (port,) = free_ports(1)
    gateway = open_gateway(write_settings(tmp_path, "smsc", url=f"smpp://127.0.0.1:{port}"))
    for messages in ([message(1)], [message(2), message(3)]):
        smsc = subprocess.Popen([sys.executable, "-c", _SMSC, str(port)], cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            answers = hand_over(gateway, messages)
        finally:
            smsc.kill()
            smsc.wait()
        assert {answer.answer for answer in answers.values()} == {Answer.ACCEPTED}
