"""An approved plan for each test of sending: on both databases, or on SQLite alone."""

import pytest

from tests.scenes.sends.send_stage import Stage


@pytest.fixture
def stage(tmp_path, operations_url):
    return Stage(tmp_path, operations_url)


@pytest.fixture
def local_stage(tmp_path):
    return Stage(tmp_path, None)
