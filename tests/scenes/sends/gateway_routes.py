"""Each kind of gateway in front of its simulator, ready to be talked to: what the contract test runs over."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

import pytest

from sends.gateways.faults import Faults
from sends.gateways.gateway import Gateway, GatewayUnreachable, HandOver, Outgoing
from sends.gateways.routes import open_gateway
from sends.gateways.settings import GatewaySettings, read_gateway
from sends.gateways.simulator import start
from sends.gateways.smsc_simulator import SmscSimulator, open_smsc
from terms.clock import Clock
from terms.settings import PROJECT_ROOT


@dataclass
class Route:
    """A gateway's settings, what its simulator wrote down, and a phone that writes back.

    `has_a_queue`: it answers before the SMSC does, so that what the SMSC says comes as a report, or is repeated there.
    """

    settings: GatewaySettings
    record: Path
    reply: object
    has_a_queue: bool = False

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


def has_kannel() -> bool:
    return shutil.which("bearerbox", path=os.environ["PATH"] + ":/usr/sbin") is not None


class Bearerbox:
    """Kannel of Debian, bearerbox and smsbox, in a folder and on ports of its own."""

    def __init__(self, folder: Path, smsc_port: int):
        self._folder = folder
        for part in ("spool", "dlrspool"):
            (folder / part).mkdir(parents=True)
        self.ports = dict(
            zip(("admin_port", "smsbox_port", "sendsms_port", "callback_port"), free_ports(4), strict=True)
        )
        values = {name: str(port) for name, port in self.ports.items()}
        values |= {"folder": str(folder), "password": "simulator", "smsc_password": "secret"}
        values |= {"smsc_host": "127.0.0.1", "smsc_port": str(smsc_port)}
        text = Template((PROJECT_ROOT / "config" / "kannel.conf").read_text()).substitute(values)
        self._file = folder / "kannel.conf"
        self._file.write_text(text)
        self._boxes: dict[str, subprocess.Popen] = {}

    def keep(self) -> None:
        """What a supervisor does: start what has ended, bearerbox first."""
        for box, port in (("bearerbox", "admin_port"), ("smsbox", "sendsms_port")):
            if box not in self._boxes or self._boxes[box].poll() is not None:
                program = shutil.which(box, path=os.environ["PATH"] + ":/usr/sbin")
                with (self._folder / f"{box}.out").open("a") as out:
                    self._boxes[box] = subprocess.Popen([program, "-v", "4", str(self._file)], stdout=out, stderr=out)
                wait_for_port(self.ports[port])

    def kill(self) -> None:
        """`kill -9` of the bearerbox; the smsbox notices and ends, or is ended as a supervisor does it."""
        self._boxes["bearerbox"].kill()
        self._boxes["bearerbox"].wait()
        try:
            self._boxes["smsbox"].wait(20)
        except subprocess.TimeoutExpired:
            self._boxes["smsbox"].kill()
            self._boxes["smsbox"].wait()

    def stop(self) -> None:
        for process in self._boxes.values():
            process.kill()
            process.wait()


@contextmanager
def kannel_route(folder: Path, timeout=10, **faults):
    if not has_kannel():
        pytest.skip("Kannel is not installed")
    record = folder / "received.jsonl"
    # Kannel drops a report that comes before it wrote down that it waits for one
    with running_smsc(record, **({"report_delay_seconds": 0.2} | faults)) as smsc:
        box = Bearerbox(folder / "kannel", smsc.port)
        try:
            box.keep()
            settings = kannel_settings(folder, box, timeout_seconds=timeout)
            gateway = open_gateway(settings)
            wait_until(lambda: is_alive(gateway))
            gateway.close()
            yield Route(settings, record, smsc.reply, has_a_queue=True)
        finally:
            box.stop()


def kannel_settings(folder: Path, box: Bearerbox, **changes) -> GatewaySettings:
    """The project's own file of the gateway `kannel`, with this Kannel's ports."""
    settings = write_settings(folder, "kannel", url=f"http://127.0.0.1:{box.ports['sendsms_port']}", **changes)
    ports = {name: box.ports[name] for name in ("admin_port", "callback_port")}
    return replace(settings, kannel=replace(settings.kannel, **ports))


def is_alive(gateway: Gateway) -> bool:
    try:
        gateway.events(0.0)
    except GatewayUnreachable:
        return False
    return True


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody has now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_for_port(port: int) -> None:
    wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)


def wait_until(is_so, seconds=20.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.1)


def hand_over_all(gateway: Gateway, messages) -> list[HandOver]:
    """Hand messages over one after another and return all answers."""
    answers = [answer for message in messages for answer in gateway.hand_over(message)]
    return answers + list(gateway.finish())


ROUTES = {"http": http_route, "smpp": smpp_route, "kannel": kannel_route}


def message(index: int, text: str = "Bonjour", attempt: int = 1) -> Outgoing:
    """A message to a fiction number."""
    return Outgoing(f"{index:032x}.{attempt}", f"+3363998{index:04d}", "HORIZON27", text, 120)
