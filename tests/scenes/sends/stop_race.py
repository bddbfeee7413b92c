"""Races of a STOP against the hand-over of the same person's message, over SMPP: what was committed is never overtaken.

The tests run some hundreds; `python -m tests.scenes.sends.stop_race 5000` runs the number that docs/performance.md reports.
"""

import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from sqlalchemy import select

from consent.acts.person_acts import ActKind, suppress
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.sender import Ending, send_plan
from sends.inbound.listener import take_in
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from stores.operations.database import transaction
from stores.operations.message_tables import messages
from tests.scenes.sends.gateway_routes import running_smsc
from tests.scenes.sends.small_send_home import make_home, point_breaker, point_gateway, received_lines, write_order


@dataclass(frozen=True)
class Races:
    """What came of the races: how many were run, how many the STOP won, and messages that overtook a committed STOP."""

    run: int
    won: int
    overtaken: int


class _Watched:
    """A gateway that knows when the sender began to decide about each message that it was handed: `asked_at`."""

    def __init__(self, gateway):
        self._gateway, self.asked_at, self.last, self._deciding_since = gateway, {}, "", 0.0

    def timed(self, decide):
        """The sender's last decision about a message, with its beginning noted."""

        def decide_again(prefetch, contact_id):
            self._deciding_since = time.monotonic()
            return decide(prefetch, contact_id)

        return decide_again

    def hand_over(self, message):
        self.last = message.reference.rpartition(".")[0]
        self.asked_at[self.last] = self._deciding_since
        return self._gateway.hand_over(message)

    def __getattr__(self, name):
        return getattr(self._gateway, name)


def race(folder: Path, races: int, url=None, name="test") -> Races:
    """Send a plan of twice as many messages, and let STOPs be committed for those whose turn is about to come."""
    contacts = races * 20 // 9 + 20
    with running_smsc(folder / "received.jsonl") as smsc:
        stores = make_home(folder, url, contacts, name=name)
        point_gateway(stores, smsc.url, "smsc", heartbeat_limit_seconds=3600)
        point_breaker(stores, "smsc", max_stop_share=1.0)
        plan_id = plan_campaign(stores, write_order(folder, gateway="smsc")).plan_id
        approve_plan(stores, plan_id, "second")
        watched = _Watched(open_gateway(read_gateway(stores.settings.config / "gateways", "smsc")))
        take_in(stores, "smsc", watched, 0.0)
        committed = _race(stores, plan_id, watched, races)
        watched.close()
    return _judge(stores, committed, watched.asked_at, folder)


def _race(stores, plan_id, watched, races):
    import sends.handover.sender
    from sends.handover.prefetch import Prefetch

    with stores.engine.connect() as work:
        order = work.execute(select(messages.c.send_id, messages.c.contact_id).order_by(messages.c.position)).all()
    place = {send_id: position for position, (send_id, _) in enumerate(order)}
    committed, moments, people_may_speak = {}, random.Random(7), threading.Event()
    people_may_speak.set()
    original, sends.handover.sender.open_gateway = sends.handover.sender.open_gateway, lambda *_: watched
    decide, Prefetch.decide_again = Prefetch.decide_again, watched.timed(Prefetch.decide_again)

    def say_stop():
        while len(committed) < races and people_may_speak.is_set():
            here = place.get(watched.last, -1)
            send_id, contact_id = order[min(here + moments.randrange(1, 9), len(order) - 1)]
            if send_id not in committed:
                now = stores.clock.now()
                with transaction(stores.engine) as work:
                    suppress(work, contact_id, ActKind.STOP, "race", effective_at=now, known_at=now)
                committed[send_id] = time.monotonic()

    people = threading.Thread(target=say_stop)
    people.start()
    try:
        assert send_plan(stores, plan_id).ending is Ending.DONE
    finally:
        sends.handover.sender.open_gateway = original
        Prefetch.decide_again = decide
        people_may_speak.clear()
        people.join()
    return committed


def _judge(stores, committed, asked_at, folder):
    with stores.engine.connect() as work:
        excluded = set(work.execute(select(messages.c.send_id).where(messages.c.state == "EXCLUDED")).scalars())
    left = set(asked_at)
    assert not excluded & left, "an excluded message left"
    assert len(received_lines(folder / "received.jsonl")) == len(left)
    overtaken = [send_id for send_id in committed.keys() & left if committed[send_id] < asked_at[send_id]]
    return Races(len(committed), len(excluded), len(overtaken))


if __name__ == "__main__":
    began = time.monotonic()
    print(
        race(Path(tempfile.mkdtemp(prefix="filiation-race-")), int(sys.argv[1]), name="bench"),
        f"{time.monotonic() - began:.0f} s",
    )
