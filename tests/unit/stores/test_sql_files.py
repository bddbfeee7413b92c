"""SQL beside its module: each statement by its name, and only plain identifiers as names of relations."""

import re
from pathlib import Path

import pytest

from stores.sql_files import checked_name, sql_of
from terms.errors import FiliationError

ROOT = Path(__file__).parents[3]
ROOMS_WITHOUT = {"dbt_project", "tests", "bench", "sample"}


def _module(folder: Path, text: str) -> str:
    (folder / "module.sql").write_text(text)
    return str(folder / "module.py")


def test_statements_are_found_by_name_without_their_end(tmp_path):
    module = _module(
        tmp_path, "-- Of the module.\n\n-- name: first\nselect 1;\n\n-- One row.\n-- name: second\nselect\n    2\n;\n"
    )
    assert sql_of(module, "first") == "select 1"
    assert sql_of(module, "second") == "select\n    2\n"


def test_an_unknown_name_and_a_name_twice_are_errors(tmp_path):
    module = _module(tmp_path, "-- name: first\nselect 1;\n")
    with pytest.raises(KeyError):
        sql_of(module, "second")
    twice = tmp_path / "twice"
    twice.mkdir()
    with pytest.raises(ValueError, match="same name"):
        sql_of(_module(twice, "-- name: first\nselect 1;\n-- name: first\nselect 2;\n"), "first")


@pytest.mark.parametrize("relation", ["a b", "a;drop table b", "A", "", '"a"', "1a"])
def test_only_a_plain_identifier_is_the_name_of_a_relation(relation):
    with pytest.raises(FiliationError):
        checked_name(relation)


def test_each_statement_is_used_and_each_used_name_exists():
    for path in sorted(ROOT.glob("[a-z]*/**/*.sql")):
        if path.relative_to(ROOT).parts[0] in ROOMS_WITHOUT or path.name == "phone_macros.sql":
            continue
        named = re.findall(r"^-- name: (\w+)$", path.read_text(), re.M)
        used = re.findall(r"\bsql_of\(__file__, ['\"](\w+)['\"]", path.with_suffix(".py").read_text())
        assert sorted(set(used)) == sorted(named), path
