"""Each kind of gateway in front of its simulator, ready to be talked to: what the contract test runs over."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sends.gateways.faults import Faults
from sends.gateways.gateway import Gateway, Outgoing
from sends.gateways.routes import open_gateway
from sends.gateways.settings import GatewaySettings, read_gateway
from sends.gateways.simulator import start
from sends.gateways.smsc_simulator import SmscSimulator, open_smsc
from terms.clock import Clock
from terms.settings import PROJECT_ROOT


@dataclass
class Route:
    """A gateway's settings, what its simulator wrote down, and a phone that writes back."""

    settings: GatewaySettings
    record: Path
    reply: object

    def open(self) -> Gateway:
        return open_gateway(self.settings)

    def received(self):
        return [json.loads(line) for line in self.record.read_text().splitlines()] if self.record.exists() else []


def write_settings(folder: Path, name: str, **changes) -> GatewaySettings:
    """The project's own gateway file of a name, with some lines changed, in a folder."""
    lines = (PROJECT_ROOT / "config" / "gateways" / f"{name}.yaml").read_text().splitlines()
    kept = [line for line in lines if line.split(":")[0] not in changes]
    path = folder / f"{name}.yaml"
    path.write_text("\n".join(kept + [f"{key}: {value}" for key, value in changes.items()]) + "\n")
    return read_gateway(folder, name)


@contextmanager
def http_route(folder: Path, timeout=10, **faults):
    record = folder / "received.jsonl"
    running = start(0, Faults(**({"report_delay_seconds": 0.0} | faults)), record, Clock())
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        settings = write_settings(folder, "simulator", url=running.url, timeout_seconds=timeout)
        yield Route(settings, record, running.reply)
    finally:
        running.stop()
        thread.join()


@contextmanager
def running_smsc(record: Path | None, port=0, **faults):
    """An SMSC that answers in a thread of this process."""
    smsc = open_smsc(port, Faults(**({"report_delay_seconds": 0.0} | faults)), record, Clock())
    is_ready = threading.Event()
    thread = threading.Thread(target=smsc.run, args=(is_ready.set,), daemon=True)
    thread.start()
    assert is_ready.wait(10)
    try:
        yield smsc
    finally:
        smsc.stop()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def smpp_route(folder: Path, timeout=10, **faults):
    record = folder / "received.jsonl"
    with running_smsc(record, **faults) as smsc:
        yield Route(_smsc_settings(folder, smsc, timeout), record, smsc.reply)


def _smsc_settings(folder: Path, smsc: SmscSimulator, timeout: int) -> GatewaySettings:
    return write_settings(folder, "smsc", url=smsc.url, timeout_seconds=timeout)


ROUTES = {"http": http_route, "smpp": smpp_route}


def message(index: int, text: str = "Bonjour", attempt: int = 1) -> Outgoing:
    """A message to a fiction number."""
    return Outgoing(f"{index:032x}.{attempt}", f"+3363998{index:04d}", "HORIZON27", text, 120)
