"""The shape of the dbt project: sources are the records of stored tables, every model opens with its grain and tests its key."""

import re
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
import yaml
from jinja2 import Template

from assets.dbt_sources import sources_yaml
from publishing import affected_contacts
from publishing.facts_of_partners import CONCERNS_ROWS_BY
from stores.sql_files import sql_of
from terms.settings import PROJECT_ROOT

MODELS = PROJECT_ROOT / "dbt_project" / "models"
SQL = sorted(MODELS.glob("*/*.sql"))
_QUOTED = re.compile(r"{{ doc\('(\w+)'\) }}")


def _described(model: Path) -> dict:
    (record,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    return record


def test_sources_are_made_of_the_schemas():
    assert (MODELS / "staging" / "_lake.yml").read_text() == sources_yaml(), (
        "run python -m assets.dbt_sources > dbt_project/models/staging/_lake.yml"
    )


#: Columns of a key that may be null, and what that says.
_NULL_SAYS_SOMETHING = {
    "channel": "every channel",
    "sex": "not known",
    "contact_id": "the record gives the partner's own id and no number",
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


def test_every_mart_has_a_contract():
    """dbt enforces it for all of the layer: a mart that says otherwise, or a column without a type, is outside of it."""
    layer = yaml.safe_load((MODELS.parent / "dbt_project.yml").read_text())["models"]["filiation"]["marts"]
    assert layer["+contract"] == {"enforced": True}
    described = {model.stem: _described(model) for model in SQL if model.parent.name == "marts"}
    assert {name for name, record in described.items() if "contract" in record["config"]} == set()
    typeless = [
        f"{name}.{column['name']}"
        for name, record in described.items()
        for column in record["columns"]
        if "data_type" not in column
    ]
    assert not typeless


@pytest.mark.parametrize("model", sorted((MODELS / "marts").glob("*.sql")), ids=lambda file: file.stem)
def test_no_mart_carries_what_a_partner_named_its_file(model):
    """A file's name may hold a number, and a number in a mart keeps the whole base from being published."""
    assert "file_name" not in [column["name"] for column in _described(model)["columns"]]


@pytest.mark.parametrize("model", sorted((MODELS / "marts").glob("*.sql")), ids=lambda file: file.stem)
def test_a_mart_that_forgets_contacts_says_so(model):
    """By its meta a dbt test reads the rows that this build made (`macros/increment.sql`); a view shows those of such a mart."""
    meta = _described(model)["config"]["meta"]
    anew = any(how in model.read_text() for how in ("forget_touched(this)", 'materialized="view"'))
    assert meta.get("judged_anew_by") == ("contact_id" if anew else None)


def _meta(described: dict) -> dict:
    return described.get("config", {}).get("meta", {})


def test_each_fact_of_a_partner_says_which_rows_it_concerns():
    """By its meta `publishing.changed_claims` finds them; a model that epochs do not know would change a claim unseen."""
    dossiers = [file for file in SQL if file.stem.startswith("stg_dossiers__")]
    silent = [file.stem for file in dossiers if _meta(_described(file)).get("concerns_rows_by") not in CONCERNS_ROWS_BY]
    assert not silent
    listed = (MODELS / "intermediate" / "int_partners__epochs.sql").read_text()
    facts = re.findall(r"'(\w+)'", listed[listed.index("for fact in [") : listed.index("%}")])
    assert sorted(facts) == [file.stem.removeprefix("stg_dossiers__") for file in dossiers]


def test_each_limit_of_a_slot_says_of_which_column_it_is_made():
    """A limit without its meta would not be told by `publishing.changed_claims` when it moves."""
    text = (MODELS / "intermediate" / "int_partners__slots.sql").read_text()
    limits = {(model, column) for column, model in re.findall(r"^    (\w+)\nfrom {{ ref\('(stg_\w+)'\) }}", text, re.M)}
    said = {
        (file.stem, column["name"])
        for file in SQL
        for column in _described(file)["columns"]
        if "limits_slots" in _meta(column)
    }
    assert said == limits


#: Keys of rows that several contacts may share.
_SHARED_KEYS = {"source_key", "ip_key", "address_key"}
_MEETING = re.compile(r"\b(?:on|and|by)\b.*\b(source_key|ip_key|address_key)\b")


@pytest.mark.parametrize(
    "model", [model for model in SQL if model.parent.name == "intermediate"], ids=lambda file: file.stem
)
def test_a_model_in_which_contacts_meet_says_by_what(model):
    """Who shares it with a changed row is affected: a key that `publishing/affected_contacts.sql` does not know is missed."""
    meets = set(_MEETING.findall(model.read_text()))
    said = _meta(_described(model)).get("contacts_meet_by")
    assert meets == ({said} if said else set())


def test_whoever_meets_a_changed_row_is_affected():
    said = {_meta(_described(model)).get("contacts_meet_by") for model in SQL} - {None}
    chosen = re.findall(r"(\w+_key)\)? in \(select", sql_of(affected_contacts.__file__, "affected"))
    assert said == _SHARED_KEYS == set(chosen)


def test_what_several_models_say_of_a_column_is_written_once():
    """Four words or more that stand in more than two models belong into `models/docs/columns.md`."""
    models = defaultdict(set)
    for model in SQL:
        for column in _described(model)["columns"]:
            models[column.get("description", "")].add(model.stem)
    repeated = {text for text, where in models.items() if len(where) > 2 and len(text.split()) > 3}
    assert {text for text in repeated if not _QUOTED.fullmatch(text)} == set()


def test_each_doc_block_is_quoted():
    blocks = re.findall(r"{% docs (\w+) %}", (MODELS / "docs" / "columns.md").read_text())
    columns = [column for model in SQL for column in _described(model)["columns"]]
    quoted = {match[1] for column in columns if (match := _QUOTED.fullmatch(column.get("description", "")))}
    assert sorted(quoted) == blocks


def test_layers_only_look_back():
    order = ["staging", "intermediate", "marts"]
    layer = {file.stem: file.parent.name for file in SQL}
    # standings are made of the acts and findings that readers see: another copy of these would be the largest table twice
    allowed = {"int_contacts__states"}
    guilty = [
        f"{file.stem} reads {name}"
        for file in SQL
        for name in layer
        if f"ref('{name}')" in file.read_text()
        and order.index(layer[name]) > order.index(layer[file.stem])
        and file.stem not in allowed
    ]
    assert not guilty


MARTS = sorted(model.stem for model in SQL if model.parent.name == "marts")
_MART_READ = re.compile(rf"\b(?:from|join)\s+(?:main\.)?({'|'.join(MARTS)})\b(?!\.)(?!\s+import)")
EXPOSURES = yaml.safe_load((MODELS / "marts" / "_exposures.yml").read_text())["exposures"]


@pytest.mark.parametrize("exposure", EXPOSURES, ids=lambda exposure: exposure["name"])
def test_an_exposure_names_the_marts_that_its_code_reads(exposure):
    """SQL of the files and folders under meta (key `code`); a mart read by a macro of the base belongs to who asks it."""
    paths = [PROJECT_ROOT / code for code in exposure["config"]["meta"]["code"]]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.*"))]
    sql = [file.read_text() for file in files if file.suffix in {".py", ".sql"}]
    read = {name for text in sql for name in _MART_READ.findall(text)}
    assert exposure["depends_on"] == [f"ref('{name}')" for name in sorted(read)]
