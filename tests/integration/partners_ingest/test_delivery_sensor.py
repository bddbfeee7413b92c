"""The sensor asks for a refresh once a new file has come to rest, once for the same files, and keeps no name of them."""

import os
import time

import dagster as dg
import pytest

from pipelines.jobs import refresh_job
from pipelines.sensors import delivery_sensor
from stores.all_stores import open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from terms.settings import load_settings

NAME = "export 06 39 98 00 42.csv"


@pytest.fixture
def stores(tmp_path):
    (tmp_path / "landing" / "a-partner").mkdir(parents=True)
    settings = load_settings(
        {
            "FILIATION_ENV": "test",
            "FILIATION_HOME": str(tmp_path / "home"),
            "FILIATION_LANDING": str(tmp_path / "landing"),
            "FILIATION_QUIET_SECONDS": "30",
            "FILIATION_PARTNERS": str(tmp_path / "landing"),
        }
    )
    init_home(settings)
    opened = open_stores(settings)
    migrate(opened.engine)
    yield opened
    opened.engine.dispose()


def _look(stores):
    return delivery_sensor(refresh_job())(dg.build_sensor_context(resources={"stores": stores}))


def _rest(file):
    """Let the last change of a file lie a minute back."""
    then = time.time() - 60
    os.utime(file, (then, then))


def test_a_file_counts_when_it_has_come_to_rest(stores):
    file = stores.settings.landing / "a-partner" / NAME
    file.write_text("a;b\n")
    assert isinstance(_look(stores), dg.SkipReason)
    _rest(file)
    first = _look(stores)
    assert first.tags["filiation/new_files"] == "1"
    assert _look(stores).run_key == first.run_key
    file.write_text("a;b\n1;2\n")
    then = time.time() - 40
    os.utime(file, (then, then))
    assert _look(stores).run_key != first.run_key


def test_the_request_holds_no_name_of_a_file(stores):
    file = stores.settings.landing / "a-partner" / NAME
    file.write_text("a;b\n")
    _rest(file)
    asked = str(_look(stores))
    assert "new_files" in asked and "export" not in asked and "39 98" not in asked


def test_without_a_landing_folder_nothing_is_asked(stores):
    (stores.settings.landing / "a-partner").rmdir()
    stores.settings.landing.rmdir()
    assert isinstance(_look(stores), dg.SkipReason)
