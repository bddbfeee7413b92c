"""Sources as data: what the shipped files say, and how a wrong file is refused."""

from pathlib import Path

import pytest
import yaml

from open_data.layouts.registry import LAYOUTS, layout_of
from open_data.sources import find_files, read_sources
from terms.errors import UsageError

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "open_data"
RECORD = yaml.safe_load((SHIPPED / "bureaux_2022_paris.yaml").read_text(encoding="utf-8"))


def read(tmp_path, **changes):
    record = {key: value for key, value in {**RECORD, **changes}.items() if value is not ...}
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(record), encoding="utf-8")
    return read_sources(tmp_path)


def test_shipped_sources_have_a_layout_that_fits():
    sources = read_sources(SHIPPED)
    assert len(sources) >= 9
    for source in sources:
        assert layout_of(source).name in LAYOUTS
        assert source.official_url.startswith("https://")
        assert source.source_id == next(p.stem for p in SHIPPED.glob("*.yaml") if p.stem == source.source_id)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"title": ...}, "title"),
        ({"vintage": 2022}, "vintage"),
        ({"vintage": "../2022"}, "vintage"),
        ({"source_id": "Bureaux 2022"}, "source_id"),
        ({"files": "one.geojson"}, "files"),
        ({"files": []}, "files"),
        (
            {"downloads": [{"url": "https://example.org/maps.7z", "file": "paris/a.geojson"}]},
            "7z archives are unpacked by hand",
        ),
        ({"round": "two"}, "round"),
        ({"round": True}, "round"),
        ({"control_totals": {"rows": 1}}, "control_totals"),
        ({"control_totals": {"whole_from": 1, "totals": {"rows": "many"}}}, "rows"),
    ],
)
def test_a_wrong_record_is_refused_by_file_and_key(tmp_path, changes, named):
    with pytest.raises(UsageError, match=rf"one\.yaml.*{named}"):
        read(tmp_path, **changes)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"layout": "pdf"}, "pdf"),
        ({"bureau_map": None}, "bureau_map"),
        ({"commune": None}, "commune"),
        ({"control_totals": {"whole_from": 1, "totals": {"tears": 1}}}, "tears"),
    ],
)
def test_a_source_that_its_layout_cannot_serve_is_refused(tmp_path, changes, named):
    (source,) = read(tmp_path, **changes)
    with pytest.raises(UsageError, match=named):
        layout_of(source)


def test_an_empty_folder_broken_yaml_and_a_repeated_id_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no open-data source"):
        read_sources(tmp_path)
    (tmp_path / "one.yaml").write_text("a: [")
    with pytest.raises(UsageError, match=r"one\.yaml, line 2: this is not YAML"):
        read_sources(tmp_path)
    read(tmp_path)
    (tmp_path / "two.yaml").write_text((tmp_path / "one.yaml").read_text())
    with pytest.raises(UsageError, match=r"two\.yaml.*already that of one\.yaml"):
        read_sources(tmp_path)


def test_the_first_pattern_that_finds_anything_gives_all_files(tmp_path):
    (source,) = read(tmp_path, files=["a/**/*.csv*", "b/*.csv"])
    assert find_files(tmp_path, source) == ()
    for name in ("b/1.csv", "a/2.csv", "a/deep/3.csv.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_files(tmp_path, source)]
    assert found == ["a/2.csv", "a/deep/3.csv.gz"]


def test_what_a_7z_archive_holds_is_found_in_the_folder_that_it_unpacks_to(tmp_path):
    iris = next(source for source in read_sources(SHIPPED) if source.source_id == "iris_contours_2025")
    inside = tmp_path / "iris" / (iris.archive or "").removesuffix(".7z") / "CONTOURS-IRIS-PE" / "1_DONNEES" / "FXX"
    inside.mkdir(parents=True)
    (inside / "iris.gpkg").touch()
    assert find_files(tmp_path, iris) == (inside / "iris.gpkg",)
