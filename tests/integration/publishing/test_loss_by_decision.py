"""A base may lose a fifth of its contacts by itself and more by a named decision: the newest one, while its base serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from publishing.checks import keeps_its_volume
from publishing.decisions import allow_loss
from stores.all_stores import Stores, open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.warehouse.warehouse import BaseManifest
from terms.errors import Refused, UsageError
from terms.settings import load_settings

CLOCK = "2026-11-24T09:0{minute}:00+01:00"


def _stores(folder: Path, minute: int) -> Stores:
    told = {"HOME": str(folder / "home"), "ENV": "test", "NOW": CLOCK.format(minute=minute)}
    return open_stores(load_settings({f"FILIATION_{name}": value for name, value in told.items()}))


def _build(stores: Stores, contacts: int) -> None:
    with stores.warehouse.start_build(stores.home.root / "spill") as build:
        build.execute(f"create table contacts as select * from range({contacts})")


def _publish(stores: Stores, version: str, contacts: int) -> None:
    _build(stores, contacts)
    manifest = BaseManifest(version, CLOCK, "", "", "", {}, {}, {}, {"contacts": contacts}, {})
    stores.warehouse.publish(manifest)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    init_home(load_settings({"FILIATION_HOME": str(tmp_path / "home"), "FILIATION_ENV": "test"}))
    opened = _stores(tmp_path, 0)
    migrate(opened.engine)
    _publish(opened, "first", 100)
    return opened


@pytest.mark.parametrize(("contacts", "holds"), [(100, True), (80, True), (79, False)])
def test_a_fifth_may_go_without_a_word(stores: Stores, contacts: int, holds: bool) -> None:
    _build(stores, contacts)
    assert keeps_its_volume(stores).holds is holds


def test_the_newest_decision_counts_as_long_as_its_base_serves(stores: Stores, tmp_path: Path) -> None:
    _build(stores, 40)
    assert "allow-loss --down-to 40" in keeps_its_volume(stores).sentence
    allow_loss(_stores(tmp_path, 1), 41, "a person", "a wish")
    assert not keeps_its_volume(stores).holds
    allow_loss(_stores(tmp_path, 2), 40, "a person", "its contract has ended")
    assert keeps_its_volume(stores).holds
    _publish(stores, "second", 40)
    _build(stores, 10)
    assert not keeps_its_volume(stores).holds


def test_what_cannot_be_decided_is_refused(stores: Stores, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fewer than 0"):
        allow_loss(stores, -1, "a person", "a wish")
    with pytest.raises(UsageError, match="No reason"):
        allow_loss(stores, 1, "a person", " ")
    stores.warehouse.base_path.unlink()
    with pytest.raises(Refused, match="No base has been published"):
        allow_loss(stores, 1, "a person", "a wish")
