"""An approved plan over a small home with a simulator of its gateway, for tests of sending in one process."""

from collections import Counter

from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.inbound.listener import take_in
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from sends.plans.status import campaign_status
from tests.scenes.sends.small_send_home import make_home, point_gateway, received_lines, write_order

CONTACTS = 240  # 216 of them may be sent to


class Stage:
    """An approved plan over a small home, and the simulator that it is sent to."""

    def __init__(self, folder, url, **order):
        self.folder, self.record = folder, folder / "received.jsonl"
        self.stores = make_home(folder, url, contacts=CONTACTS)
        self.plan_id = plan_campaign(self.stores, write_order(folder, **order)).plan_id
        approve_plan(self.stores, self.plan_id, "second")

    def point(self, running, **changes):
        point_gateway(self.stores, running.url, **changes)
        self.take_in()

    def take_in(self, wait=0.0):
        gateway = open_gateway(read_gateway(self.stores.settings.config / "gateways", "simulator"))
        return take_in(self.stores, "simulator", gateway, wait)

    def states(self):
        status = campaign_status(self.stores, self.plan_id)
        assert sum(status.states.values()) == status.planned
        return dict(status.states)

    def received(self):
        return Counter(line["reference"].rpartition(".")[0] for line in received_lines(self.record))
