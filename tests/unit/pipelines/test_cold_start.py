"""The command starts at once, and so does a look-up: what it imports is light, and DuckDB does not pull pandas in behind its back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def _run(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_help_of_the_command_opens_no_store_and_imports_none() -> None:
    heavy = ("dagster", "sqlalchemy", "duckdb", "cryptography", "pandas", "stores.all_stores", "stores.home")
    script = f"import sys, pipelines.command; print([m for m in {heavy!r} if m in sys.modules])"
    assert _run(script) == "[]"


def test_a_look_up_imports_nothing_heavy() -> None:
    heavy = ("dagster", "pandas", "numpy", "pyarrow", "shapely", "great_expectations", "alembic", "requests")
    script = f"import sys, lineage.lookups.lookup, lineage.lookups.evidence_reading; print([m for m in {heavy!r} if m in sys.modules])"
    assert _run(script) == "[]"


def test_binding_a_value_imports_pandas_only_outside_the_block() -> None:
    script = """
import sys
from stores.engine import connect, without_pandas
connection = connect()
with without_pandas():
    assert connection.execute("select $x", {"x": "bound"}).fetchall() == [("bound",)]
    print("numpy" in sys.modules)
import pandas
frame = pandas.DataFrame({"a": [1, 2]})
print(connection.execute("select sum(a)::int from frame").fetchall())
with without_pandas():
    import pandas.api
"""
    assert _run(script).splitlines() == ["False", "[(3,)]"]
