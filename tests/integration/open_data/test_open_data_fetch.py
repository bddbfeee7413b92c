"""Fetching over real HTTP from a server that cuts, stalls, lies and refuses, and from a folder: what ends in the folder.

Reading what was fetched is tested in test_open_data_load.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import dagster as dg
import pytest

from assets.open_data import assets_of
from open_data.download import Downloader, Patience
from open_data.fetch import FetchOutcome, choose_sources, fetch_from_folder, fetch_sources
from open_data.resources import Resource
from open_data.shelf import Shelf
from open_data.sources import find_files, read_sources
from stores.all_stores import open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations
from stores.warehouse.inputs import current_vintages
from terms.clock import Clock
from terms.errors import UsageError, WriterBusy
from terms.settings import load_settings
from tests.scenes.door import file_server as server
from tests.scenes.door.file_server import Served

ROOT = Path(__file__).resolve().parents[3]
INCOME, IRIS = (
    next(item for item in read_sources(ROOT / "config/open_data") if item.source_id == name)
    for name in ("filosofi_iris_2021", "iris_contours_2025")
)
BODY = bytes(range(256)) * 2000
CLOCK = Clock(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
IMPATIENT = Patience(attempts=3, first_wait=0.01, longest_wait=2.0, connect_timeout=2.0, read_timeout=0.3)


@pytest.fixture
def files():
    with server.file_server() as serving:
        yield serving


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "open")


def source(*resources):
    return replace(INCOME, files=("**/*",), downloads=resources)


def fetch(shelf, *resources, said=None):
    heard = [] if said is None else said
    downloader = Downloader(shelf, CLOCK, heard.append, IMPATIENT)
    return fetch_sources(shelf, downloader, [source(*resources)], heard.append)[0]


def plain(files, **changes):
    return replace(Resource(files.url("file.txt"), "place/file.txt"), **changes)


def placed(shelf):
    return (shelf.folder / "place" / "file.txt").read_bytes()


def leftovers(shelf):
    return [path.name for path in (shelf.folder / ".shelf" / "partial").iterdir()]


def test_a_file_comes_once_and_is_asked_for_by_its_version(files, shelf):
    files.served["file.txt"] = Served(BODY)
    first, second = fetch(shelf, plain(files)), fetch(shelf, plain(files))
    assert (first.outcome, second.outcome) == (FetchOutcome.FETCHED, FetchOutcome.UNCHANGED)
    assert placed(shelf) == BODY
    assert first.files == second.files == {"place/file.txt": sha256(BODY).hexdigest()}
    assert files.asked == [("file.txt", None, None), ("file.txt", None, '"v1"')]
    assert leftovers(shelf) == []


def test_a_new_version_replaces_the_old_one_and_its_bytes_go(files, shelf):
    files.served["file.txt"] = Served(BODY)
    fetch(shelf, plain(files))
    files.served["file.txt"] = Served(b"new" * 100, etag='"v2"')
    assert fetch(shelf, plain(files)).outcome is FetchOutcome.FETCHED
    assert placed(shelf) == b"new" * 100
    kept = [path for path in (shelf.folder / ".shelf").iterdir() if len(path.name) == 64]
    assert [path.name for path in kept] == [sha256(b"new" * 100).hexdigest()]


def test_a_cut_download_goes_on_where_it_stopped(files, shelf):
    files.served["file.txt"] = Served(BODY, faults=[server.cut_after(200_000), server.cut_after(100_000)])
    assert fetch(shelf, plain(files)).outcome is FetchOutcome.FETCHED
    assert placed(shelf) == BODY
    begins = [int(asked[1].removeprefix("bytes=").rstrip("-")) for asked in files.asked[1:]]
    assert len(begins) == 2
    assert 0 < begins[0] < begins[1] < len(BODY)


def test_the_next_command_goes_on_too(files, shelf):
    files.served["file.txt"] = Served(BODY, faults=[server.cut_after(200_000), *[server.status(503)] * 3])
    failed = fetch(shelf, plain(files))
    assert failed.outcome is FetchOutcome.FAILED
    assert "503" in failed.message
    assert not (shelf.folder / "place").exists()
    assert fetch(shelf, plain(files)).outcome is FetchOutcome.FETCHED
    assert files.asked[-1][1] is not None
    assert placed(shelf) == BODY


def test_many_cuts_end_well_as_long_as_bytes_come(files, shelf):
    files.served["file.txt"] = Served(BODY, faults=[server.cut_after(70_000)] * 7)
    assert fetch(shelf, plain(files)).outcome is FetchOutcome.FETCHED
    assert placed(shelf) == BODY


@pytest.mark.parametrize(
    "second",
    [
        pytest.param([], id="a server that sends the whole new file"),
        pytest.param([server.continue_with_another_version], id="a server that goes on with the new file"),
    ],
)
def test_a_file_that_changes_midway_is_never_mixed(files, shelf, second):
    new = b"another file" * 40_000
    change = server.changed_and_cut(new, '"v2"', 200_000)
    files.served["file.txt"] = Served(BODY, faults=[change, *second])
    assert fetch(shelf, plain(files)).outcome is FetchOutcome.FETCHED
    assert placed(shelf) == new


def test_without_a_version_to_trust_it_begins_again(files, shelf):
    files.served["file.txt"] = Served(BODY, etag='W/"weak"', faults=[server.cut_after(200_000)])
    assert fetch(shelf, plain(files)).outcome is FetchOutcome.FETCHED
    assert [asked[1] for asked in files.asked] == [None, None]
    assert placed(shelf) == BODY


def test_a_server_that_stalls_is_asked_again(files, shelf):
    files.served["file.txt"] = Served(BODY, faults=[server.stall])
    said = []
    assert fetch(shelf, plain(files), said=said).outcome is FetchOutcome.FETCHED
    assert any("trying again" in line for line in said)


def test_a_server_that_announces_more_than_it_has_is_given_up(files, shelf):
    files.served["file.txt"] = Served(BODY, faults=[server.longer_than_it_is] * 20)
    failed = fetch(shelf, plain(files))
    assert failed.outcome is FetchOutcome.FAILED
    assert len(files.asked) <= 8


def test_a_short_length_is_seen_by_the_published_checksum_and_size(files, shelf):
    files.served["file.txt"] = Served(BODY, faults=[server.shorter_than_it_is])
    by_sum = fetch(shelf, plain(files, sha256=sha256(BODY).hexdigest()))
    assert by_sum.outcome is FetchOutcome.FAILED
    assert "sha256" in by_sum.message
    files.served["file.txt"].faults = [server.shorter_than_it_is]
    by_size = fetch(shelf, plain(files, bytes=len(BODY)))
    assert "bytes instead of" in by_size.message
    assert fetch(shelf, plain(files, bytes=len(BODY))).outcome is FetchOutcome.FETCHED


@pytest.mark.parametrize("code", [404, 410, 403])
def test_a_refusal_is_not_repeated(files, shelf, code):
    files.served["file.txt"] = Served(BODY, faults=[server.status(code)])
    failed = fetch(shelf, plain(files))
    assert failed.outcome is FetchOutcome.FAILED
    assert str(code) in failed.message
    assert len(files.asked) == 1


@pytest.mark.parametrize(
    ("heads", "waits"),
    [
        ({"Retry_After": "1"}, [1.0]),
        ({"Retry_After": "Tue, 24 Nov 2026 08:00:02 GMT", "Date": "Tue, 24 Nov 2026 08:00:00 GMT"}, [2.0]),
    ],
)
def test_a_server_is_given_the_time_it_asks_for(files, shelf, heads, waits):
    slept = []
    files.served["file.txt"] = Served(BODY, faults=[server.status(429, **heads)])
    downloader = Downloader(shelf, CLOCK, slept.append, IMPATIENT, sleep=slept.append)
    assert (
        fetch_sources(shelf, downloader, [source(plain(files))], lambda line: None)[0].outcome is FetchOutcome.FETCHED
    )
    assert [wait for wait in slept if not isinstance(wait, str)] == waits


def test_a_server_that_asks_for_an_hour_is_asked_another_day(files, shelf):
    files.served["file.txt"] = Served(BODY, faults=[server.status(429, Retry_After="3600")])
    failed = fetch(shelf, plain(files))
    assert "3600 seconds" in failed.message
    assert len(files.asked) == 1


@pytest.mark.parametrize("fault", [server.page, server.page_called_csv])
def test_a_page_instead_of_the_file_is_said_and_the_old_file_stays(files, shelf, fault):
    files.served["file.txt"] = Served(BODY)
    fetch(shelf, plain(files))
    files.served["file.txt"] = Served(BODY, etag='"v2"', faults=[fault])
    failed = fetch(shelf, plain(files))
    assert failed.outcome is FetchOutcome.FAILED
    assert "web page instead of the file" in failed.message
    assert placed(shelf) == BODY


def zipped(**members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return made.getvalue()


def test_the_member_of_a_zip_is_placed(files, shelf):
    files.served["data.zip"] = Served(zipped(**{"folder/data.csv": "a;b\n1;2\n", "meta.csv": "x"}))
    resource = Resource(files.url("data.zip"), "place/file.txt", member="data.csv")
    assert fetch(shelf, resource).outcome is FetchOutcome.FETCHED
    assert placed(shelf) == b"a;b\n1;2\n"
    assert fetch(shelf, resource).outcome is FetchOutcome.UNCHANGED


@pytest.mark.parametrize(
    ("name", "body", "member", "words"),
    [
        ("data.zip", zipped(**{"other.csv": "x"}), "data.csv", "0 files called data.csv"),
        ("data.zip", zipped(**{"data.csv": "x" * 9999})[:60], "data.csv", "cannot be unpacked"),
        ("file.csv.gz", gzip.compress(b"x" * 9999)[:-9], None, "no whole gzip"),
        ("file.csv.gz", gzip.compress(b"<html></html>"), None, "web page"),
        ("file.parquet", b"PAR1 and then nothing", None, "no whole Parquet"),
        ("file.geojson", b'{"type": "FeatureCollection", "features": [{', None, "no whole JSON"),
        ("data.zip", b"7z\xbc\xaf\x27\x1c and packed", "data.csv", "a 7z archive, which is not unpacked here"),
        ("file.gpkg", b"7z\xbc\xaf\x27\x1c and packed", None, "put file.gpkg at place/file.gpkg"),
    ],
    ids=[
        "zip without the member",
        "cut zip",
        "cut gzip",
        "page as gzip",
        "cut Parquet",
        "cut GeoJSON",
        "7z",
        "7z as file",
    ],
)
def test_a_file_that_shows_its_own_damage_is_refused(files, shelf, name, body, member, words):
    files.served[name] = Served(body)
    failed = fetch(shelf, Resource(files.url(name), f"place/{member or name}", member=member))
    assert failed.outcome is FetchOutcome.FAILED
    assert words in failed.message
    assert not (shelf.folder / "place").exists()


def test_a_source_of_several_files_comes_whole_or_not_at_all(files, shelf):
    files.served |= {"one": Served(b"one"), "two": Served(b"two")}
    both = [Resource(files.url(name), f"place/{name}") for name in ("one", "two")]
    assert fetch(shelf, *both).outcome is FetchOutcome.FETCHED
    files.served |= {"one": Served(b"ONE", etag='"v2"'), "two": Served(b"TWO", etag='"v2"')}
    files.served["two"].faults = [server.status(404)]
    assert fetch(shelf, *both).outcome is FetchOutcome.FAILED
    assert (shelf.folder / "place" / "one").read_bytes() == b"one"
    assert fetch(shelf, *both).outcome is FetchOutcome.FETCHED
    assert [(shelf.folder / "place" / name).read_bytes() for name in ("one", "two")] == [b"ONE", b"TWO"]


def test_a_folder_of_downloads_is_taken_by_the_same_checks(files, shelf, tmp_path):
    downloads = tmp_path / "downloads" / "place"
    downloads.mkdir(parents=True)
    (downloads / "data.zip").write_bytes(zipped(**{"data.csv": "a;b\n"}))
    zip_resource = Resource("https://example.org/data.zip", "place/file.txt", member="data.csv")

    def take(*resources):
        return fetch_from_folder(shelf.folder, tmp_path / "downloads", [source(*resources)], CLOCK, lambda line: None)[
            0
        ]

    assert take(zip_resource).outcome is FetchOutcome.FETCHED
    assert placed(shelf) == b"a;b\n"
    absent = take(Resource("https://example.org/b.csv", "place/b.csv"))
    assert "place/b.csv is not in downloads" in absent.message
    (downloads / "b.csv").write_bytes(b"<html>")
    assert "web page" in take(Resource("https://example.org/b.csv", "place/b.csv")).message


def test_two_fetches_of_one_folder_do_not_meet(shelf):
    with shelf.locked(), pytest.raises(WriterBusy):
        fetch(shelf)


def test_a_source_without_downloads_says_what_to_do(shelf):
    report = fetch(shelf)
    assert report.outcome is FetchOutcome.BY_HAND
    assert INCOME.official_url in report.message


def test_a_source_of_a_7z_archive_says_how_it_is_unpacked_and_where_to(shelf):
    (report,) = fetch_sources(shelf, Downloader(shelf, CLOCK, list().append), [IRIS], list().append)
    assert report.outcome is FetchOutcome.BY_HAND
    assert f"Download {IRIS.official_url}." in report.message
    assert f"7z x {IRIS.archive}" in report.message
    assert "into iris/ of the open-data folder" in report.message


def test_an_unknown_source_is_named():
    with pytest.raises(UsageError, match="colours"):
        choose_sources([INCOME], ["colours"])


def test_what_was_fetched_is_found_by_its_source(files, shelf):
    files.served["income.zip"] = Served(zipped(**{"BASE_TD_FILO_IRIS_2021_DISP.csv": "IRIS\n"}))
    shipped = replace(INCOME.downloads[0], url=files.url("income.zip"))
    downloader = Downloader(shelf, CLOCK, lambda line: None, IMPATIENT)
    fetch_sources(shelf, downloader, [replace(INCOME, downloads=(shipped,))], lambda line: None)
    assert [path.name for path in find_files(shelf.folder, INCOME)] == ["BASE_TD_FILO_IRIS_2021_DISP.csv"]


def test_the_command_fetches_and_its_exit_code_says_whether_all_came(files, tmp_path):
    config = tmp_path / "config" / "open_data"
    config.mkdir(parents=True)
    record = json.loads(json.dumps({**_record(), "downloads": [{"url": files.url("a.csv"), "file": "filosofi/a.csv"}]}))
    (config / "one.yaml").write_text(json.dumps({**record, "files": ["filosofi/*.csv"]}))
    command = [Path(sys.executable).with_name("filiation"), "open-data", "fetch", "--json"]
    environment = {
        **os.environ,
        "FILIATION_ENV": "test",
        "FILIATION_HOME": str(tmp_path / "home"),
        "FILIATION_CONFIG": str(config.parent),
        "FILIATION_OPEN_DATA": str(tmp_path / "open"),
    }
    files.served["a.csv"] = Served(b"IRIS;DISP_MED21\n")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "fetched"
    assert (tmp_path / "open" / "filosofi" / "a.csv").read_bytes() == b"IRIS;DISP_MED21\n"
    del files.served["a.csv"]
    failed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "404" in json.loads(failed.stdout)["message"]


def test_a_refresh_from_the_network_fetches_first_and_says_what_it_could_not(files, tmp_path):
    files.served["income.zip"] = Served(zipped(**{"BASE_TD_FILO_IRIS_2021_DISP.csv": _income("010010101;20350")}))
    shipped = replace(INCOME.downloads[0], url=files.url("income.zip"))
    settings = load_settings(
        {"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path / "home"), "FILIATION_OPEN_DATA_FROM": "network"}
    )
    init_home(settings)
    migrate(open_operations(settings.database_url))
    stores = open_stores(settings)
    sources, *_ = assets_of([replace(INCOME, downloads=(shipped,))])

    def check():
        result = dg.materialize([sources], resources={"writing_stores": stores})
        return result.get_asset_check_evaluations()[0]

    assert check().passed
    del files.served["income.zip"]
    failed = check()
    assert not failed.passed
    assert "404" in failed.description
    assert [key.split("@")[0] for key in current_vintages(stores.engine)] == [INCOME.source_id]


def _income(*rows):
    columns = ["IRIS", "DISP_MED21", *(name for name in INCOME.columns if name not in {"IRIS", "DISP_MED21"})]
    return "\n".join([";".join(columns), *(row + ";" * (len(columns) - 2) for row in rows)]) + "\n"


def _record():
    names = ("source_id", "title", "producer", "licence", "official_url", "vintage", "layout", "changes")
    return {**{name: getattr(INCOME, name) for name in names}, "columns": ["IRIS"]}
