"""The shared set, taken in once by the real command, for every acceptance test.

Needs the shared data (FILIATION_SHARED, default ../shared); without it the tests are skipped with that reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stores.all_stores import Stores, open_stores
from terms.settings import load_settings
from tests.commands import Answer, Shell
from tests.made_once import MadeOnce

SHARED = Path(os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data"


@dataclass(frozen=True)
class SharedRefresh:
    """A home into which the shared set was taken twice, and what the two refreshes answered."""

    shell: Shell
    stores: Stores
    first: Answer
    second: Answer


@pytest.fixture(scope="session")
def shared_made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """The home of the shared set after two refreshes, of which each module gets a copy."""
    if not SHARED.is_dir():
        pytest.skip("the shared data set is not here (FILIATION_SHARED)")
    return MadeOnce(tmp_path_factory, "shared", _refresh_twice)


@pytest.fixture(scope="module")
def shared_refresh(shared_made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedRefresh]:
    """A module's own home of the shared set after two refreshes."""
    folder = shared_made_once.copy(tmp_path_factory.mktemp("module") / "shared")
    shell = _shell(folder)
    stores = open_stores(load_settings(shell.environ()))
    yield SharedRefresh(shell, stores, Answer.read(folder / "first.json"), Answer.read(folder / "second.json"))
    stores.engine.dispose()


def _shell(folder: Path) -> Shell:
    return Shell(
        folder / "home",
        {
            "FILIATION_ENV": "test",
            "FILIATION_NOW": "2026-11-24T09:00:00+01:00",
            "FILIATION_ACTOR": "acceptance",
        },
    )


def _refresh_twice(folder: Path) -> None:
    shell = _shell(folder)
    folders = (
        *("--landing", str(SHARED / "partners" / "landing"), "--partners", str(SHARED / "partners" / "dossiers")),
        *("--open-data", str(SHARED / "open"), "--json"),
    )
    made = shell.run("init")
    assert made.code == 0, made.err
    for name in ("first", "second"):
        shell.run("refresh", *folders).write(folder / f"{name}.json")
    assert Answer.read(folder / "first.json").code == 0, Answer.read(folder / "first.json").err
