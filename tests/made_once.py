"""Homes that take a minute to make, made once for all processes of a test run.

What is in a home belongs to the fixture that makes it; what is asserted, to its tests.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


class MadeOnce:
    """A folder that `make` fills once in a test run. Nobody is given it: tests get copies, which they may spoil."""

    def __init__(self, factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> None:
        """Name the folder; it is made when the first copy is asked for.

        Args:
            factory: where this process keeps its temporary folders.
            name: the folder's name, one for the whole run.
            make: fills the empty folder.
        """
        own = factory.getbasetemp()
        self._folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
        self._make = make

    def copy(self, target: Path) -> Path:
        """Write a copy to `target`, which must not exist, and return it. The first process makes it, the others wait."""
        with self._folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            made = _made(self._folder, self._make)
        return Path(shutil.copytree(made, target, symlinks=True))


def _made(folder: Path, make: Callable[[Path], None]) -> Path:
    ready = folder.with_suffix(".ready")
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        make(folder)
        ready.touch()
    return folder
