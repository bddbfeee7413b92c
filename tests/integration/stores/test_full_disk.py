"""A full disk does not silence a STOP: the ledger's reserve is given up first, and nothing is acknowledged that was not written."""

import os
import shutil
import subprocess
import threading

import pytest
from sqlalchemy import select

from pipelines.resources import make_room
from sends.gateways.gateway import EventKind, GatewayEvent
from sends.inbound import listener
from sends.inbound.opt_outs import opt_out
from stores.all_stores import open_stores
from stores.operations.database import DatabaseFull
from stores.operations.person_tables import opt_outs
from stores.reserve import RESERVE_BYTES, give_up_reserve, keep_reserve, reserve_file
from tests.scenes.sends.gateway_routes import wait_until
from tests.scenes.sends.small_send_home import make_home, number


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 32 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "filiation-test", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Leave no byte free."""
    for number_of_file in range(1000):
        file = folder / f"filler-{number_of_file}"
        with file.open("wb", buffering=0) as handle:
            try:
                while True:
                    handle.write(os.urandom(1 << 16))
            except OSError:
                pass
        if shutil.disk_usage(folder).free < 4096:
            return


class Phone:
    """A gateway that tells replies until they are acknowledged."""

    def __init__(self):
        self.waiting, self.acknowledged = {}, []

    def say(self, name, e164):
        self.waiting[name] = GatewayEvent(name, EventKind.MO, phone=e164, text="STOP")

    def events(self, wait_seconds):
        return list(self.waiting.values())

    def acknowledge(self, events):
        self.acknowledged += [self.waiting.pop(event.event_id).event_id for event in events]


def stopped(stores):
    with stores.engine.connect() as work:
        return set(work.execute(select(opt_outs.c.contact_id)).scalars())


def test_a_stop_is_written_on_a_full_disk_and_else_not_acknowledged(small_disk, monkeypatch):
    stores, phone, told = make_home(small_disk, contacts=20), Phone(), []
    assert keep_reserve(stores.engine)
    fill(small_disk)
    opt_out(stores, number(1), "letter")
    assert not reserve_file(stores.engine).exists()
    fill(small_disk)  # somebody else took the room
    phone.say("r1", number(2))
    with pytest.raises(DatabaseFull, match="No room is left"):
        listener.take_in(stores, "simulator", phone, 0.0)
    assert phone.acknowledged == [] and stopped(stores) == {stores.keys.contact_id(number(1))}
    monkeypatch.setattr(listener, "open_gateway", lambda settings, passwords: phone)
    ending = threading.Event()
    thread = threading.Thread(target=listener.listen, args=(stores, "simulator", told.append, ending.is_set))
    thread.start()
    try:
        wait_until(lambda: any("no room is left" in line for line in told))
        for file in small_disk.glob("filler-*"):
            file.unlink()
        wait_until(lambda: phone.acknowledged == ["r1"])
    finally:
        ending.set()
        thread.join()
    assert stopped(stores) == {stores.keys.contact_id(number(1)), stores.keys.contact_id(number(2))}


def test_the_listener_gives_the_reserve_up_and_makes_it_again(small_disk):
    stores, phone = make_home(small_disk, contacts=20), Phone()
    keep_reserve(stores.engine)
    assert reserve_file(stores.engine).stat().st_blocks * 512 >= RESERVE_BYTES
    fill(small_disk)
    phone.say("r1", number(2))
    assert listener.take_in(stores, "simulator", phone, 0.0).stops == 1
    assert phone.acknowledged == ["r1"]
    assert not give_up_reserve(stores.engine)
    fill(small_disk)
    assert not keep_reserve(stores.engine)
    assert [file.name for file in stores.home.root.glob("*.partial")] == []


def test_a_build_that_failed_goes_where_little_room_is_left(small_disk):
    stores = open_stores(make_home(small_disk, contacts=20).settings)
    left = [stores.warehouse.build_path, stores.warehouse.steps_path]
    for file in left:
        file.write_bytes(b"of a run that failed")
    make_room(stores)
    assert not [file for file in left if file.exists()] and stores.warehouse.base_path.exists()
    assert reserve_file(stores.engine).exists()
