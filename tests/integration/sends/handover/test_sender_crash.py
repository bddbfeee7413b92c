"""Kills of sender and listener at every named step, and at random: nobody is handed over twice, nothing is lost."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.lock import sender_lock
from sends.inbound.listener import listen, take_in
from sends.ledger.claims import recover_claims
from sends.ledger.failpoints import FAILPOINTS
from sends.ledger.states import MAY_HAVE_LEFT, State
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from sends.plans.status import campaign_status
from stores.operations.message_tables import messages
from terms.settings import PROJECT_ROOT
from tests.scenes.sends.small_send_home import (
    at,
    environment,
    make_home,
    point_gateway,
    received_lines,
    reconcile_plan,
    simulator,
    write_order,
)

_RUNNER = """
import os, sys
from sends.inbound.listener import listen
from sends.handover.sender import send_plan
from stores.all_stores import open_stores
from terms.settings import load_settings

stores = open_stores(load_settings(os.environ))
if sys.argv[1] == "send":
    send_plan(stores, sys.argv[2])
else:
    listen(stores, "simulator", lambda _: None)
"""

_SENDER_STEPS = [step for step in FAILPOINTS if step.startswith("sender.")]
_LISTENER_STEPS = [step for step in FAILPOINTS if step.startswith("listener.")]


class Scene:
    """An approved plan, a simulator with a durable record, and processes that work on both."""

    def __init__(self, folder: Path, running, contacts: int):
        self.folder, self.record = folder, folder / "received.jsonl"
        self.stores = make_home(folder, contacts=contacts)
        point_gateway(self.stores, running.url, quiet_seconds=0)
        self.plan_id = plan_campaign(self.stores, write_order(folder)).plan_id
        approve_plan(self.stores, self.plan_id, "second")
        self.gateway = open_gateway(read_gateway(self.stores.settings.config / "gateways", "simulator"))
        take_in(self.stores, "simulator", self.gateway, 0)

    def start(self, mode: str, failpoint: str = "") -> subprocess.Popen[bytes]:
        variables = environment(self.stores.home.root, self.stores.settings.config) | {"PATH": os.environ["PATH"]}
        if failpoint:
            variables["FILIATION_FAILPOINT"] = failpoint
        command = [sys.executable, "-c", _RUNNER, mode, self.plan_id]
        return subprocess.Popen(command, env=variables, cwd=PROJECT_ROOT, stderr=subprocess.PIPE)

    def send(self) -> None:
        process = self.start("send")
        assert process.wait(60) == 0, process.stderr.read().decode()

    def states(self) -> dict[str, State]:
        query = select(messages.c.send_id, messages.c.state).where(messages.c.plan_id == self.plan_id)
        with self.stores.engine.connect() as work:
            return {send_id: State(state) for send_id, state in work.execute(query)}

    def at_simulator(self) -> Counter[str]:
        return Counter(line["reference"].rpartition(".")[0] for line in received_lines(self.record))

    def check(self) -> None:
        """What must hold whenever no sender is alive and its claims were recovered."""
        states, arrived = self.states(), self.at_simulator()
        status = campaign_status(self.stores, self.plan_id)
        assert sum(status.states.values()) == status.planned == len(states)
        assert max(arrived.values(), default=1) == 1, "handed over twice"
        assert all(states[send_id] in MAY_HAVE_LEFT - {State.CLAIMED} for send_id in arrived), "a message was forgotten"
        surely_left = MAY_HAVE_LEFT - {State.CLAIMED, State.UNKNOWN}
        claimed_left = {send_id for send_id, state in states.items() if state in surely_left}
        assert claimed_left <= set(arrived), "the ledger says more than happened"


def test_every_step_is_named():
    steps = {step for path in (PROJECT_ROOT / "sends").rglob("*.py") for step in _steps_of(path)}
    assert steps == set(FAILPOINTS)


def _steps_of(path):
    return [line.split('"')[1] for line in path.read_text().splitlines() if line.strip().startswith("reach(")]


@pytest.mark.parametrize("step", _SENDER_STEPS)
def test_a_kill_of_the_sender_at_a_step_loses_and_doubles_nothing(tmp_path, step):
    with simulator(tmp_path / "received.jsonl") as running:
        scene = Scene(tmp_path, running, contacts=240)
        dying = scene.start("send", failpoint=step)
        assert dying.wait(60) == -signal.SIGKILL
        with sender_lock(scene.stores):
            recover_claims(scene.stores.engine, scene.stores.clock.now())
        scene.check()
        scene.send()
        reconcile_plan(scene.stores, scene.plan_id, quiet=timedelta(0))
        scene.send()  # what is proved never to have left is planned again
        scene.check()
        left = Counter(scene.states().values())
        assert left[State.UNKNOWN] == left[State.PLANNED] == left[State.CLAIMED] == 0
        assert len(scene.at_simulator()) == 216


@pytest.mark.parametrize("step", _LISTENER_STEPS)
def test_a_kill_of_the_listener_at_a_step_loses_no_report_and_no_stop(tmp_path, step):
    with simulator(tmp_path / "received.jsonl", stop_reply_every=10) as running:
        scene = Scene(tmp_path, running, contacts=240)
        dying = scene.start("listen", failpoint=step)
        scene.send()
        assert dying.wait(60) == -signal.SIGKILL
        _take_all_in(scene)
        scene.check()
        assert set(scene.states().values()) == {State.DELIVERED, State.UNDELIVERED, State.EXPIRED}
        assert _stops(scene) == 21


def test_random_kills_of_the_sender_lose_and_double_nothing(tmp_path):
    moments = random.Random(20261124)
    with simulator(tmp_path / "received.jsonl", slow_seconds=0.001, silence_every=97) as running:
        scene = Scene(tmp_path, running, contacts=700)
        ending = threading.Event()
        listener = threading.Thread(target=listen, args=(scene.stores, "simulator", print, ending.is_set))
        listener.start()
        for _ in range(5):
            dying = scene.start("send")
            _wait_for_messages(scene, more=moments.randrange(20, 90))
            dying.send_signal(signal.SIGKILL)
            dying.wait()
            with sender_lock(scene.stores):
                recover_claims(scene.stores.engine, scene.stores.clock.now())
            scene.check()
        scene.send()
        reconcile_plan(at(scene.stores, "2026-11-24T10:30:00+01:00"), scene.plan_id, quiet=timedelta(0))
        scene.send()
        ending.set()
        listener.join()
        scene.check()
        left = Counter(scene.states().values())
        assert left[State.UNKNOWN] == left[State.PLANNED] == left[State.CLAIMED] == 0
        assert len(scene.at_simulator()) == 630


def _wait_for_messages(scene, more):
    wanted, end = len(received_lines(scene.record)) + more, time.monotonic() + 60
    while len(received_lines(scene.record)) < wanted:
        assert time.monotonic() < end, "the sender does not send"
        time.sleep(0.01)


def _take_all_in(scene):
    end = time.monotonic() + 30
    while take_in(scene.stores, "simulator", scene.gateway, 0.5).reports:
        assert time.monotonic() < end


def _stops(scene):
    from stores.operations.person_tables import opt_outs

    with scene.stores.engine.connect() as work:
        return len(work.execute(select(opt_outs.c.contact_id).distinct()).all())
