"""Sender and listener write the same messages at the same instant, in two orders: neither may die of it."""

import random
import threading

from sends.ledger.changes import Change, apply_changes
from sends.ledger.claims import claim_batch
from sends.ledger.states import State
from sends.plans.planning import plan_campaign
from stores.operations.database import transaction
from terms.batches import batched
from tests.scenes.sends.small_send_home import make_home, write_order


def test_two_writers_of_the_same_messages_do_not_deadlock(tmp_path, operations_url):
    stores = make_home(tmp_path, operations_url, contacts=1000)
    plan_id = plan_campaign(stores, write_order(tmp_path)).plan_id
    with transaction(stores.engine) as work:
        claims = claim_batch(work, plan_id, after=0, size=900, run_id="r", at=stores.clock.now())
    failed, together = [], threading.Barrier(2)

    def write(seed):
        moments = random.Random(seed)
        try:
            for some in batched(claims, 300):
                together.wait(30)
                mixed = moments.sample(some, 300)
                states = (State.DELIVERED, State.EXPIRED, State.UNDELIVERED)
                changes = [Change(c.send_id, moments.choice(states), stores.clock.now()) for c in mixed]
                with transaction(stores.engine) as work:
                    apply_changes(work, changes, source="report")
        except Exception as error:
            failed.append(type(error).__name__)
            together.abort()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
