"""A plan that is sent over SMPP by real processes, of which any may be killed; and what must hold whatever died.

The tests run it small; `python -m tests.scenes.sends.kill_scene` runs it in the size that docs/performance.md reports.
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import select

from sends.gateways.faults import fate_of
from sends.handover.lock import sender_lock
from sends.handover.sender import WINDOW
from sends.ledger.claims import recover_claims
from sends.ledger.failpoints import FAILPOINTS
from sends.ledger.states import MAY_HAVE_LEFT, State
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from sends.plans.status import campaign_status
from stores.operations.message_tables import message_events, messages
from terms.errors import FiliationError
from terms.settings import PROJECT_ROOT
from tests.scenes.postgres_server import PostgresServer, binaries
from tests.scenes.sends.gateway_routes import Bearerbox
from tests.scenes.sends.small_send_home import (
    environment,
    faults_file,
    make_home,
    point_gateway,
    received_lines,
    write_order,
)

_RUNNER = """
import os, sys
from pathlib import Path
if sys.argv[1] == "smsc":
    from sends.gateways.smsc_simulator import serve_smsc
    serve_smsc(int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), lambda words: print(words, flush=True))
    raise SystemExit
from stores.all_stores import open_stores
from terms.settings import load_settings
stores = open_stores(load_settings(os.environ))
if sys.argv[1] == "send":
    from sends.handover.sender import send_plan
    print(send_plan(stores, sys.argv[2]).ending)
else:
    from sends.inbound.listener import listen
    listen(stores, sys.argv[2], lambda words: print(words, flush=True))
"""


class KillScene:
    """An approved plan, its SMSC, a listener and a sender; the last three are processes of their own."""

    gateway = "smsc"
    has_a_queue = False  # before the SMSC, in which an accepted message may still wait

    def __init__(self, folder: Path, contacts: int, url=None, rate=300, name="test", **faults):
        self.folder, self.record, self.name, self.url = folder, folder / "received.jsonl", name, url
        self.faults = faults_file(folder / "faults.json", **({"report_delay_seconds": 0.1} | faults))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.stores = make_home(folder, url, contacts, name=name)
        self.point()
        order = write_order(folder, gateway=self.gateway, rate_per_second=rate)
        self.plan_id = plan_campaign(self.stores, order).plan_id
        approve_plan(self.stores, self.plan_id, "second")
        self.numbers = self._numbers(contacts)
        self.running: dict[str, subprocess.Popen] = {}

    def point(self) -> None:
        """Let the gateway's file name this scene's ports."""
        point_gateway(self.stores, f"smpp://127.0.0.1:{self.port}", "smsc", quiet_seconds=2, timeout_seconds=5)

    def _numbers(self, contacts):
        """Which message goes to which number: the ledger itself knows no number."""
        from tests.scenes.sends.small_send_home import number_of

        numbers = {
            self.stores.keys.contact_id(number_of(self.stores, i)): number_of(self.stores, i) for i in range(contacts)
        }
        with self.stores.engine.connect() as work:
            rows = work.execute(select(messages.c.send_id, messages.c.contact_id)).all()
        return {numbers[contact_id]: send_id for send_id, contact_id in rows}

    def start(self, mode: str, failpoint: str = "") -> subprocess.Popen:
        home = self.stores.home.root
        variables = environment(home, self.stores.settings.config, self.url, name=self.name)
        variables["PATH"] = os.environ["PATH"]
        if failpoint:
            variables["FILIATION_FAILPOINT"] = failpoint
        arguments = {
            "send": [self.plan_id],
            "smsc": [str(self.port), str(self.faults), str(self.record)],
            "listen": [self.gateway],
        }
        with (self.folder / f"{mode}.log").open("a") as log:
            command = [sys.executable, "-c", _RUNNER, mode, *arguments[mode]]
            self.running[mode] = subprocess.Popen(command, env=variables, cwd=PROJECT_ROOT, stdout=log, stderr=log)
        return self.running[mode]

    def start_world(self) -> None:
        """The SMSC and the listener, and its first heartbeat."""
        self.keep("smsc")
        self.start("listen")
        self.wait_until(lambda: "taking in" in (self.folder / "listen.log").read_text())
        time.sleep(1.0)

    def kill(self, mode: str) -> None:
        process = self.running.pop(mode)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for mode in list(self.running):
            self.kill(mode)

    def keep(self, mode: str) -> None:
        """What a supervisor does: start what has ended."""
        process = self.running.get(mode)
        if process is None or process.poll() is not None:
            self.start(mode)

    def wait_until(self, is_so, seconds=60.0) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, "it did not come to that in time"
            time.sleep(0.02)

    def arrived(self) -> Counter:
        return Counter(line["to"] for line in received_lines(self.record))

    def lines(self) -> int:
        return self.record.read_bytes().count(b"\n") if self.record.exists() else 0

    def states(self) -> dict[str, State]:
        query = select(messages.c.send_id, messages.c.state).where(messages.c.plan_id == self.plan_id)
        with self.stores.engine.connect() as work:
            return {send_id: State(state) for send_id, state in work.execute(query)}

    def check(self) -> Counter:
        """What must hold whenever no sender is alive and its claims were recovered."""
        with sender_lock(self.stores):
            recover_claims(self.stores.engine, self.stores.clock.now())
        states, arrived = self.states(), self.arrived()
        status = campaign_status(self.stores, self.plan_id)
        assert sum(status.states.values()) == status.planned == len(states)
        self.check_phones(arrived)
        left = {self.numbers[to] for to in arrived}
        assert all(states[send_id] in MAY_HAVE_LEFT - {State.CLAIMED} for send_id in left), "a message was forgotten"
        surely = {
            send_id for send_id, state in states.items() if state in MAY_HAVE_LEFT - {State.CLAIMED, State.UNKNOWN}
        }
        assert self.has_a_queue or surely <= left, "the ledger says more than happened"
        return Counter(states.values())

    def check_phones(self, arrived: Counter) -> None:
        assert max(arrived.values(), default=1) == 1, "a phone got it twice"

    def finish(self, seconds=240.0) -> Counter:
        """Send the rest, let every report come in, and check what each message ended as."""
        end = time.monotonic() + seconds
        while State.PLANNED in self.states().values():
            assert time.monotonic() < end, "the plan does not end"
            self.keep("smsc"), self.keep("listen"), self.keep("send")
            self.running["send"].wait(seconds)
        self.wait_until(self._every_report_is_in, 60)
        counts = self.check()
        states = self.states()
        for to in self.arrived():
            fate = fate_of(to)
            expected = {fate.name} if fate is not None else {"ACCEPTED", "UNKNOWN"}
            assert states[self.numbers[to]].name in expected, "a report was lost"
        assert set(counts) <= {State.DELIVERED, State.UNDELIVERED, State.EXPIRED, State.ACCEPTED, State.UNKNOWN}
        assert self._unknowns_have_a_reason()
        return counts

    def _every_report_is_in(self) -> bool:
        states = self.states()
        self.keep("smsc"), self.keep("listen")
        return all(fate_of(to) is None or states[self.numbers[to]].name == fate_of(to).name for to in self.arrived())

    def _unknowns_have_a_reason(self) -> bool:
        unknown = {send_id for send_id, state in self.states().items() if state is State.UNKNOWN}
        query = select(message_events.c.send_id).where(
            message_events.c.state == "UNKNOWN", message_events.c.detail.is_not(None)
        )
        with self.stores.engine.connect() as work:
            return unknown <= set(work.execute(query).scalars())


class KannelScene(KillScene):
    """The same with Kannel between us and the SMSC; what its own death doubles is counted, not ours."""

    gateway = "kannel"
    has_a_queue = True

    def point(self) -> None:
        self.box = Bearerbox(self.folder / "kannel", self.port)
        url = f"http://127.0.0.1:{self.box.ports['sendsms_port']}"
        point_gateway(self.stores, url, "kannel", quiet_seconds=2, timeout_seconds=5)
        path = self.stores.settings.config / "gateways" / "kannel.yaml"
        for name in ("admin_port", "callback_port"):
            path.write_text(re.sub(rf"  {name}: \d+", f"  {name}: {self.box.ports[name]}", path.read_text()))

    def start_world(self) -> None:
        self.start("smsc")
        self.wait_until(lambda: "listening" in (self.folder / "smsc.log").read_text())
        self.box.keep()
        time.sleep(1.5)
        super().start_world()

    def keep(self, mode: str) -> None:
        self.box.keep()
        super().keep(mode)

    def stop(self) -> None:
        super().stop()
        self.box.stop()

    def check_phones(self, arrived: Counter) -> None:
        """Nobody was handed over twice by us: each attempt but the last was proved never to have left."""
        tried, proved = Counter(), Counter()
        with self.stores.engine.connect() as work:
            for send_id, state in work.execute(select(message_events.c.send_id, message_events.c.state)):
                tried[send_id] += state == "CLAIMED"
                proved[send_id] += state == "PLANNED"
        assert all(tried[send_id] - proved[send_id] <= 1 for send_id in tried), "handed over twice by us"

    def finish(self, seconds=240.0) -> Counter:
        """Send the rest and let reports come in; Kannel may lose one at its death."""
        end = time.monotonic() + seconds
        while State.PLANNED in self.states().values():
            assert time.monotonic() < end, "the plan does not end"
            self.keep("smsc"), self.keep("listen"), self.keep("send")
            self.running["send"].wait(seconds)
        arrived = -1
        while arrived != (arrived := self.lines()):
            self.keep("listen")
            time.sleep(4.0)
        accepted = {send_id for send_id, state in self.states().items() if state is not State.UNKNOWN}
        assert accepted <= {self.numbers[to] for to in self.arrived()}, "a message was lost"
        return self.check()


def kill_kannel(scene: KannelScene, times: int, moments: random.Random) -> int:
    """Kill the bearerbox again and again while messages leave; returns how many phones got a message twice."""
    for _ in range(times):
        scene.keep("smsc"), scene.keep("listen"), scene.keep("send")
        wanted = scene.lines() + moments.randrange(20, 200)
        scene.wait_until(lambda wanted=wanted: scene.lines() >= wanted or scene.running["send"].poll() is not None)
        scene.box.kill()
        scene.running.pop("send").wait(60)
        scene.check()
    return times


def kill_at_steps(scene: KillScene) -> dict[str, int]:
    """Kill sender and listener once at each named step; returns how many became UNKNOWN at each of the sender's."""
    found = {}
    for step in FAILPOINTS:
        before = Counter(scene.states().values())[State.UNKNOWN]
        if step.startswith("listener."):
            scene.kill("listen")
            scene.start("listen", step)
            scene.start("send")
            assert scene.running["listen"].wait(60) == -signal.SIGKILL
            scene.start("listen")
            scene.kill("send")
        else:
            assert scene.start("send", step).wait(60) == -signal.SIGKILL
            scene.running.pop("send")
        found[step] = scene.check()[State.UNKNOWN] - before
        assert found[step] <= WINDOW
    return found


def kill_at_random(scene: KillScene, mode: str, times: int, moments: random.Random, messages_between: int) -> int:
    """Kill sender or SMSC again and again while messages leave; returns how many kills were made."""
    for _ in range(times):
        scene.keep("smsc"), scene.keep("listen"), scene.keep("send")
        wanted = scene.lines() + moments.randrange(5, messages_between)
        scene.wait_until(lambda wanted=wanted: scene.lines() >= wanted or scene.running["send"].poll() is not None)
        time.sleep(moments.random() * 0.05)
        scene.kill(mode)
        if mode == "send":
            unknown = Counter(scene.states().values())[State.UNKNOWN]
            assert scene.check()[State.UNKNOWN] - unknown <= WINDOW
        else:
            scene.keep("smsc")
            scene.running.pop("send").wait(60)
            scene.check()
    return times


def kill_postgres(scene: KillScene, server: PostgresServer, times: int, moments: random.Random) -> int:
    """Kill the database server while messages leave; what worked on it ends or goes on, and is started again."""
    for _ in range(times):
        scene.keep("smsc"), scene.keep("listen"), scene.keep("send")
        wanted = scene.lines() + moments.randrange(50, 300)
        scene.wait_until(lambda wanted=wanted: scene.lines() >= wanted)
        server.kill()
        time.sleep(0.5)
        server.start()
        scene.stores.engine.dispose()
        scene.running.pop("send").wait(60)
        assert scene.running["listen"].poll() is None, "the listener ended with the database"
        scene.check()
    return times


def _run(name: str, contacts: int, work) -> None:
    folder = Path(tempfile.mkdtemp(prefix=f"filiation-kills-{name}-"))
    began = time.monotonic()
    server = PostgresServer(binaries(), fsync="on") if name == "postgres" else None
    kind = KannelScene if name == "kannel" else KillScene
    scene = kind(folder, contacts, server.new_database() if server else None, name="bench")
    try:
        scene.start_world()
        told = work(scene, server)
        counts, planned = scene.finish(), len(scene.states())
    finally:
        scene.stop()
        if server:
            scene.stores.engine.dispose()
            server.stop()
    arrived = scene.arrived()
    report = {"run": name, "planned": planned, "kills": told, "at_phones": sum(arrived.values())}
    report |= {"phones": len(arrived), "states": {state.value: number for state, number in counts.items()}}
    print(json.dumps(report | {"seconds": round(time.monotonic() - began)}), flush=True)


def main() -> None:
    """Run the kills in full size, each on a plan of its own, and print what came of them as JSON lines."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--contacts", type=int, default=5556, help="nine of ten may be sent to")
    parser.add_argument("runs", nargs="*", default=["steps", "sender", "smsc", "postgres", "kannel"])
    options = parser.parse_args()
    moments = random.Random(20261124)
    works = {
        "steps": lambda scene, _: kill_at_steps(scene),
        "sender": lambda scene, _: kill_at_random(scene, "send", 40, moments, 100),
        "smsc": lambda scene, _: kill_at_random(scene, "smsc", 20, moments, 200),
        "kannel": lambda scene, _: kill_kannel(scene, 10, moments),
        "postgres": lambda scene, server: kill_postgres(scene, server, 5, moments),
    }
    for name in options.runs:
        _run(name, options.contacts, works[name])


if __name__ == "__main__":
    try:
        main()
    except FiliationError as error:
        sys.exit(str(error))
