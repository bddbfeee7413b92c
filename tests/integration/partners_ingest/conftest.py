"""A home of its own for each test of small files that are taken in.

The home itself is `tests.scenes.door.delivery_stores`; modules with other stores have a fixture of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenes.door.delivery_stores import (
    Door,
    open_stores,
)
from tests.scenes.door.dossier_samples import (
    write_dossier,
)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Door]:
    write_dossier(tmp_path / "partners")
    opened = open_stores(tmp_path)
    yield opened
    opened.stores.engine.dispose()
