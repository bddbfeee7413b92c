"""A base may lose a fifth of its contacts by itself and more by a named decision: the newest one, while its base serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from publishing.checks import keeps_its_volume
from publishing.decisions import allow_loss
from stores.all_stores import House, open_house
from stores.home import init_home
from stores.migrate import migrate
from stores.warehouse.warehouse import BaseManifest
from terms.errors import Refused, UsageError
from terms.settings import load_settings

CLOCK = "2026-11-24T09:0{minute}:00+01:00"


def _house(folder: Path, minute: int) -> House:
    told = {"HOME": str(folder / "home"), "ENV": "test", "NOW": CLOCK.format(minute=minute)}
    return open_house(load_settings({f"FILIATION_{name}": value for name, value in told.items()}))


def _build(house: House, contacts: int) -> None:
    with house.warehouse.start_build(house.home.root / "spill") as build:
        build.execute(f"create table contacts as select * from range({contacts})")


def _publish(house: House, version: str, contacts: int) -> None:
    _build(house, contacts)
    manifest = BaseManifest(version, CLOCK, "", "", "", {}, {}, {}, {"contacts": contacts}, {})
    house.warehouse.publish(manifest)


@pytest.fixture
def house(tmp_path: Path) -> House:
    init_home(load_settings({"FILIATION_HOME": str(tmp_path / "home"), "FILIATION_ENV": "test"}))
    opened = _house(tmp_path, 0)
    migrate(opened.engine)
    _publish(opened, "first", 100)
    return opened


@pytest.mark.parametrize(("contacts", "holds"), [(100, True), (80, True), (79, False)])
def test_a_fifth_may_go_without_a_word(house: House, contacts: int, holds: bool) -> None:
    _build(house, contacts)
    assert keeps_its_volume(house).holds is holds


def test_the_newest_decision_counts_as_long_as_its_base_serves(house: House, tmp_path: Path) -> None:
    _build(house, 40)
    assert "allow-loss --down-to 40" in keeps_its_volume(house).sentence
    allow_loss(_house(tmp_path, 1), 41, "a person", "a wish")
    assert not keeps_its_volume(house).holds
    allow_loss(_house(tmp_path, 2), 40, "a person", "its contract has ended")
    assert keeps_its_volume(house).holds
    _publish(house, "second", 40)
    _build(house, 10)
    assert not keeps_its_volume(house).holds


def test_what_cannot_be_decided_is_refused(house: House, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fewer than 0"):
        allow_loss(house, -1, "a person", "a wish")
    with pytest.raises(UsageError, match="No reason"):
        allow_loss(house, 1, "a person", " ")
    house.warehouse.base_path.unlink()
    with pytest.raises(Refused, match="No base has been published"):
        allow_loss(house, 1, "a person", "a wish")
