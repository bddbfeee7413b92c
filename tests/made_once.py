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


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of this process's own with what `make` writes into an empty one.

    The first process makes it, the others wait and take a copy, for tests write into what they are given.
    """
    own = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _made(own / name, make)
    with (own.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = _made(own.parent / name, make)
    return Path(shutil.copytree(made, own / name, symlinks=True))


def _made(folder: Path, make: Callable[[Path], None]) -> Path:
    ready = folder.with_suffix(".ready")
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        make(folder)
        ready.touch()
    return folder
