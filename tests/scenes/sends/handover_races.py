"""Races of erasures, purges, STOPs and reports against the hand-over of the same persons' messages, in one plan.

The tests run some dozens; `python -m tests.scenes.sends.handover_races 1000 [URL]` runs the number that docs/performance.md reports.
"""

import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import select

from consent.acts.person_acts import ActKind, suppress
from lineage.erasure.erasure import begin_erasures, erase
from sends.gateways.gateway import Answer, DlrStatus, EventKind, GatewayEvent, HandOver, HandOverProof, Proof
from sends.handover.sender import send_plan
from sends.inbound.listener import take_in
from sends.ledger.states import MAY_HAVE_LEFT, REPORTED, State
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from stores.all_stores import open_stores
from stores.home import writer_lock
from stores.operations.database import transaction
from stores.operations.message_tables import messages
from tests.scenes.sends.small_send_home import make_home, number_of, point_breaker, point_gateway, write_order

KINDS = ("stop", "erase", "purge")


class Phones:
    """A gateway in memory that knows when the sender began to decide about a message and when it was handed it.

    It reports each message at once, often before its answer, and answers some of them never.
    """

    def __init__(self, seconds):
        self._seconds, self.deciding_since, self.last = seconds, 0.0, ""
        self.decided_at, self.handed_at, self.twice, self._told, self._lock = {}, {}, 0, {}, threading.Lock()

    def hand_over(self, message):
        send_id = message.reference.rpartition(".")[0]
        with self._lock:
            self.twice += send_id in self.handed_at
            self.decided_at[send_id], self.handed_at[send_id] = self.deciding_since, time.monotonic()
            self.last = send_id
            if len(self.handed_at) % 5:
                told = GatewayEvent(
                    f"d{send_id}", EventKind.DLR, reference=message.reference, status=DlrStatus.DELIVERED
                )
                self._told[told.event_id] = told
        time.sleep(self._seconds)
        answer = Answer.UNKNOWN if len(self.handed_at) % 13 == 0 else Answer.ACCEPTED
        return [HandOver(message.reference, answer)]

    def finish(self):
        return ()

    def received(self, reference):
        is_here = reference.rpartition(".")[0] in self.handed_at
        return HandOverProof(Proof.RECEIVED if is_here else Proof.ABSENT)

    def events(self, wait_seconds):
        with self._lock:
            return list(self._told.values())[:20]

    def acknowledge(self, events):
        with self._lock:
            for event in events:
                self._told.pop(event.event_id, None)

    def close(self):
        pass


class Races:
    """An approved plan, the people of its messages, and what was committed about them while it left."""

    def __init__(self, folder: Path, races: int, url, seed: int, name: str):
        contacts = races * 3 + 200
        self.races, self.moments, self.phones = races, random.Random(seed), Phones(0.002)
        self.ours = make_home(folder, url, contacts, name=name)
        self.stores = open_stores(self.ours.settings)
        point_gateway(self.ours, "http://127.0.0.1:9", heartbeat_limit_seconds=3600)
        point_breaker(self.ours, "simulator", max_stop_share=1.0, max_error_share=1.0)
        self.plan_id = plan_campaign(self.ours, write_order(folder)).plan_id
        approve_plan(self.ours, self.plan_id, "second")
        people = [number_of(self.ours, i) for i in range(contacts)]
        self.numbers = {self.stores.keys.contact_id(e164): e164 for e164 in people}
        with self.stores.engine.connect() as work:
            query = select(messages.c.send_id, messages.c.contact_id).order_by(messages.c.position)
            self.order = work.execute(query).all()
        self.place = {row.send_id: index for index, row in enumerate(self.order)}
        self.committed, self.failed, self.is_over = {}, [], threading.Event()

    def listen(self):
        """Take reports in until the plan has left."""
        while not self.is_over.is_set():
            try:
                take_in(self.ours, "simulator", self.phones, 0.0)
            except Exception as error:
                self.failed.append(f"listener: {type(error).__name__}")
            time.sleep(0.01)

    def act(self):
        """Commit something about one person after the other whose turn is about to come."""
        while len(self.committed) < self.races and not self.is_over.is_set():
            here = self.place.get(self.phones.last, -1)
            row = self.order[min(here + self.moments.randrange(1, 25), len(self.order) - 1)]
            if row.send_id in self.committed:
                time.sleep(0.001)
                continue
            kind = self.moments.choice(KINDS)
            try:
                _do(kind, self.stores, self.numbers[row.contact_id], row.contact_id)
                self.committed[row.send_id] = (kind, time.monotonic())
            except Exception as error:
                self.failed.append(f"{kind}: {type(error).__name__}")

    def run(self):
        """Send the plan while people act, erase to its end who was to be erased, and send again."""
        take_in(self.ours, "simulator", self.phones, 0.0)
        threads = [threading.Thread(target=work) for work in (self.listen, self.act)]
        for thread in threads:
            thread.start()
        try:
            _send(self.ours, self.plan_id, self.phones)
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join()
        while take_in(self.ours, "simulator", self.phones, 0.0).reports:
            pass
        gone = [
            self.numbers[row.contact_id] for row in self.order if self.committed.get(row.send_id, "")[:1] == ("erase",)
        ]
        with writer_lock(self.stores.home):
            erase(self.stores, gone, case="C-1", reason="race", progress=lambda _: None)
        _send(self.ours, self.plan_id, self.phones)  # what was UNKNOWN is asked about again, the erased too


def race(folder: Path, races: int, url=None, seed=1, name="test") -> dict[str, object]:
    """Let people act right before their turn in a plan that leaves, and return what was seen."""
    scene = Races(folder, races, url, seed, name)
    try:
        scene.run()
        return _judged(scene.stores, scene.plan_id, scene.phones, scene.committed) | {"failed": scene.failed}
    finally:
        scene.stores.engine.dispose()
        scene.ours.engine.dispose()


def _do(kind, stores, e164, contact_id):
    if kind == "stop":
        now = stores.clock.now()
        with transaction(stores.engine) as work:
            suppress(work, contact_id, ActKind.STOP, "race", effective_at=now, known_at=now)
        return
    opens = datetime.fromisoformat("2023-11-24T00:00:00+01:00") if kind == "purge" else None
    begin_erasures(stores, {e164: stores.keys.suppression.hex(e164)}, "C-1" if kind == "erase" else "P-1", opens)


def _send(ours, plan_id, phones):
    import sends.handover.sender as sender
    from sends.handover.prefetch import Prefetch

    decide, opened = Prefetch.decide_again, sender.open_gateway

    def decide_again(prefetch, contact_id):
        phones.deciding_since = time.monotonic()
        return decide(prefetch, contact_id)

    Prefetch.decide_again, sender.open_gateway = decide_again, lambda *_: phones
    try:
        send_plan(ours, plan_id)
    finally:
        Prefetch.decide_again, sender.open_gateway = decide, opened


def _judged(stores, plan_id, phones, committed):
    with stores.engine.connect() as work:
        query = select(messages.c.send_id, messages.c.state).where(messages.c.plan_id == plan_id)
        states = {send_id: State(state) for send_id, state in work.execute(query)}
    overtaken = Counter()
    for send_id, (kind, at) in committed.items():
        seen = (phones.decided_at if kind == "stop" else phones.handed_at).get(send_id)
        overtaken[kind] += seen is not None and at < seen
    left = set(phones.handed_at)
    return {
        "races": dict(Counter(kind for kind, _ in committed.values())),
        "in_time": dict(Counter(kind for send_id, (kind, _) in committed.items() if send_id not in left)),
        "reports": sum(state in REPORTED for state in states.values()),
        "handed_over": len(left),
        "twice": phones.twice,
        "overtaken": sum(overtaken.values()),
        "forgotten": sum(states[send_id] not in MAY_HAVE_LEFT - {State.CLAIMED} for send_id in left),
        "told_too_much": sum(states[name] in MAY_HAVE_LEFT - {State.UNKNOWN} for name in states.keys() - left),
        "left_open": sum(state in (State.CLAIMED, State.UNKNOWN) for state in states.values()),
    }


if __name__ == "__main__":
    began = time.monotonic()
    url = sys.argv[2] if len(sys.argv) > 2 else None
    found = race(Path(tempfile.mkdtemp(prefix="filiation-races-")), int(sys.argv[1]), url, name="bench")
    print(json.dumps(found | {"seconds": round(time.monotonic() - began)}))
