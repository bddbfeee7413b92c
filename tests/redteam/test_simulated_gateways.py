"""Attempts to get real numbers out of the vault by sending to a simulator, which writes down what it receives."""

import stat
from types import SimpleNamespace

import pytest

from sends.gateways.gateway import Answer, HandOver
from sends.gateways.received import ReceivedFile
from sends.handover.checks import _check_route
from sends.handover.decision import Action, HandOverDecision
from sends.handover.submission import Submitter
from sends.ledger.claims import Claim
from sends.ledger.states import State
from terms.clock import Clock
from terms.environment import Environment
from terms.errors import Refused
from tests.commands import Shell

CLAIM = Claim("m" * 16, "c" * 32, 1, 1, "f" * 64)
REAL, INVENTED, OVERSEAS = "+33612345678", "+33639980042", "+262692000003"


class _Gateway:
    def __init__(self):
        self.got = []

    def hand_over(self, message):
        self.got.append(message.to)
        return [HandOver(message.reference, Answer.ACCEPTED, gateway_message_id="1")]

    def finish(self):
        return []


@pytest.mark.parametrize(
    ("number", "simulator", "leaves"),
    [(REAL, True, False), (INVENTED, True, True), (OVERSEAS, True, True)]
    + [(REAL, False, True), (INVENTED, False, False), (OVERSEAS, False, False)],
)
def test_a_simulator_is_handed_invented_numbers_only_and_an_operator_real_ones_only(number, simulator, leaves):
    gateway, send = _Gateway(), HandOverDecision(Action.SEND, ())
    context = SimpleNamespace(
        gateway=SimpleNamespace(is_local_simulator=simulator),
        shown_sender="36111",
        handed_text="Vu",
        order=SimpleNamespace(validity_minutes=60),
    )
    prefetch = SimpleNamespace(number=lambda _: number, decide_again=lambda _: send)
    pace = SimpleNamespace(wait=lambda: None, slow_down=lambda: None)
    submitter = Submitter(gateway, prefetch, pace, {}, SimpleNamespace(context=context), Clock())
    (change,) = submitter.submit([CLAIM]).changes
    assert gateway.got == ([number] if leaves else [])
    assert (change.state is State.ACCEPTED) is leaves
    assert leaves or change.codes in (("REAL_NUMBER",), ("FICTION_NUMBER",))


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("simulator", [True, False])
def test_each_environment_has_its_end(environment, simulator):
    stores = SimpleNamespace(settings=SimpleNamespace(environment=environment))
    context = SimpleNamespace(gateway=SimpleNamespace(name="g", is_local_simulator=simulator))
    ends = {Environment.STAGING: None, Environment.PRODUCTION: False}.get(environment, True)
    if simulator is ends:
        _check_route(stores, context)
    else:
        with pytest.raises(Refused):
            _check_route(stores, context)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_no_simulator_starts_where_real_numbers_are(tmp_path, environment):
    answer = Shell(tmp_path / "home", {"FILIATION_ENV": environment}).run("gateway", "simulator")
    assert answer.code == 2 and "simulator" in answer.err


def test_what_a_simulator_received_is_read_by_its_own_account_only(tmp_path):
    path = tmp_path / "received.jsonl"
    path.touch(mode=0o644)
    ReceivedFile(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
