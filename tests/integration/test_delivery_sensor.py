"""The sensor asks for a refresh once a new file has kept its size for two looks, and keeps no name of it."""

import dagster as dg
import pytest

from pipelines.jobs import refresh_job
from pipelines.sensors import delivery_sensor
from stores.home import init_home
from stores.house import open_house
from stores.migrate import migrate
from terms.settings import load_settings

NAME = "export 06 39 98 00 42.csv"


@pytest.fixture
def house(tmp_path):
    (tmp_path / "landing" / "a-partner").mkdir(parents=True)
    settings = load_settings(
        {
            "FILIATION_ENV": "test",
            "FILIATION_HOME": str(tmp_path / "home"),
            "FILIATION_LANDING": str(tmp_path / "landing"),
        }
    )
    init_home(settings)
    opened = open_house(settings)
    migrate(opened.engine)
    yield opened
    opened.engine.dispose()


def _look(house, cursor):
    context = dg.build_sensor_context(cursor=cursor, resources={"house": house})
    return delivery_sensor(refresh_job())(context)


def test_a_file_counts_when_it_has_stopped_growing(house):
    file = house.settings.landing / "a-partner" / NAME
    file.write_text("a;b\n")
    first = _look(house, None)
    assert first.run_requests == []
    file.write_text("a;b\n1;2\n")
    second = _look(house, first.cursor)
    assert second.run_requests == []
    third = _look(house, second.cursor)
    assert [request.tags for request in third.run_requests] == [{"filiation/new_files": "1"}]


def test_the_cursor_holds_no_name_of_a_file(house):
    (house.settings.landing / "a-partner" / NAME).write_text("a;b\n")
    cursor = _look(house, None).cursor
    assert len(cursor) > 2 and "export" not in cursor and "39 98" not in cursor


def test_without_a_landing_folder_nothing_is_asked(house):
    (house.settings.landing / "a-partner").rmdir()
    house.settings.landing.rmdir()
    assert isinstance(_look(house, None), dg.SkipReason)
