"""The shape of the dbt project: sources are the lake's tables, every model opens with its grain and tests its key."""

from pathlib import Path

import duckdb
import pytest
import yaml
from jinja2 import Template

from stores.schemas import all_tables

MODELS = Path(__file__).resolve().parents[3] / "dbt_project" / "models"
SQL = sorted(MODELS.glob("*/*.sql"))
#: The lake also holds what only other rooms read.
NOT_FOR_DBT = {"delivery_figures", "ban_addresses", "contours", "reu_addresses", "commune_names"}


def _described(model: Path) -> dict:
    (record,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    return record


def test_sources_have_the_columns_of_the_schemas():
    (source,) = yaml.safe_load((MODELS / "staging" / "_lake.yml").read_text())["sources"]
    declared = {table["name"]: [(c["name"], c["data_type"]) for c in table["columns"]] for table in source["tables"]}
    wanted = {
        table.name: [(column.name, column.type) for column in table.columns]
        for table in (*all_tables.LAKE_TABLES, *all_tables.SNAPSHOT_TABLES)
        if table.name not in NOT_FOR_DBT
    }
    del declared["deliveries"]  # made by stores.warehouse.inputs, not a Parquet table
    assert declared == wanted


#: Columns of a key that may be null, and what that says.
_NULL_SAYS_SOMETHING = {
    "channel": "every channel",
    "sex": "not known",
    "adult_on": "no day of majority is to come, or known",
}


@pytest.mark.parametrize("model", SQL, ids=lambda file: file.stem)
def test_a_model_opens_with_its_grain_and_tests_its_key(model):
    record = _described(model)
    assert record["name"] == model.stem
    assert record["description"].startswith("One row per ")
    (key,) = [test["primary_key"]["arguments"] for test in record["data_tests"] if "primary_key" in test]
    assert set(key["columns"]) <= {column["name"] for column in record["columns"]}
    assert set(key.get("may_be_null", [])) <= _NULL_SAYS_SOMETHING.keys()


@pytest.mark.parametrize(
    ("values", "failing"),
    [
        ("(1, 'a'), (1, 'b'), (2, null)", 0),
        ("(1, 'a'), (1, 'a'), (2, 'a')", 1),
        ("(1, null), (1, null)", 1),
        ("(null, 'a'), (1, 'a')", 1),
    ],
)
def test_a_key_that_is_shared_or_missing_fails(values, failing):
    macro = (MODELS.parent / "macros" / "test_primary_key.sql").read_text()
    body = macro.replace("{% test primary_key", "{% macro primary_key").replace("endtest", "endmacro")
    asked = Template(body + "{{ primary_key(model, ['a', 'b'], may_be_null=['b']) }}")
    with duckdb.connect() as connection:
        rows = connection.execute(asked.render(model=f"(values {values}) as t (a, b)")).fetchall()
    assert len(rows) == failing


@pytest.mark.parametrize("model", sorted((MODELS / "marts").glob("*.sql")), ids=lambda file: file.stem)
def test_every_column_of_a_mart_is_described(model):
    undescribed = [column["name"] for column in _described(model)["columns"] if not column.get("description")]
    assert not undescribed


@pytest.mark.parametrize("model", sorted((MODELS / "marts").glob("*.sql")), ids=lambda file: file.stem)
def test_no_mart_carries_what_a_partner_named_its_file(model):
    """A file's name may hold a number, and a number in a mart keeps the whole base from being published."""
    assert "file_name" not in [column["name"] for column in _described(model)["columns"]]


def test_layers_only_look_back():
    order = ["staging", "intermediate", "marts"]
    layer = {file.stem: file.parent.name for file in SQL}
    # segments are asked of the contacts that readers see, situations sum up the findings that they see
    allowed = {"int_segments__matches", "int_contacts__states"}
    guilty = [
        f"{file.stem} reads {name}"
        for file in SQL
        for name in layer
        if f"ref('{name}')" in file.read_text()
        and order.index(layer[name]) > order.index(layer[file.stem])
        and file.stem not in allowed
    ]
    assert not guilty
