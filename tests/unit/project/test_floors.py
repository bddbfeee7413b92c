"""The floors hold: imports go down only, Dagster stays above floor 1, importing touches nothing.

What each floor is for is told in docs/decisions/0001. The order inside a room belongs to `test_inner_rooms`.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.unit.project.floors import ALONE, BESIDE, FLOOR
from tests.unit.project.source.source_tree import ROOT, dotted, imported_names, place, rooms, tree


def _modules() -> Iterator[tuple[str, Path]]:
    """Yield each room of the floors with each of its files."""
    for room in FLOOR:
        for file in rooms()[room]:
            yield room, file


def _rooms_used(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_names(file)}


def test_every_room_has_its_floor():
    assert rooms().keys() == FLOOR.keys() | BESIDE | ALONE


def test_imports_go_down():
    guilty = [
        f"{place(file)} imports {name}"
        for room, file in _modules()
        for name in imported_names(file)
        if FLOOR.get(name.split(".")[0], -1) > FLOOR[room]
    ]
    assert not guilty, "see docs/decisions/0001: imports only go down\n" + "\n".join(guilty)


def test_no_floor_uses_what_stands_beside():
    assert [place(file) for _, file in _modules() if _rooms_used(file) & (BESIDE | ALONE | {"tests"})] == []


def test_the_verifier_stands_alone():
    assert [place(file) for room in ALONE for file in rooms()[room] if _rooms_used(file) & rooms().keys()] == []


def test_terms_imports_no_store():
    assert [place(file) for file in rooms()["terms"] if "stores" in _rooms_used(file)] == []


def test_dagster_stays_above_floor_one():
    guilty = [
        place(file)
        for room, file in _modules()
        if FLOOR[room] < 2 and any(name.startswith("dagster") for name in _rooms_used(file))
    ]
    assert not guilty


def test_rooms_use_only_public_names_of_each_other():
    guilty = []
    for room, file in _modules():
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in FLOOR:
                private = [alias.name for alias in node.names if alias.name.startswith("_")]
                if private and node.module.split(".")[0] != room:
                    guilty.append(f"{place(file)} takes {private} from {node.module}")
    assert not guilty


def test_importing_a_module_opens_nothing():
    names = [
        dotted(file)
        for room, file in _modules()
        if FLOOR[room] < 2 and file.name not in {"__init__.py", "env.py"} and "__main__" not in file.name
    ]
    code = (
        "import sys, importlib\n"
        "import requests  # urllib3 tries IPv6 when it is imported: not ours\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append((event, str(args[0]))) "
        "if event in ('socket.bind', 'socket.connect', 'sqlite3.connect') or "
        "(event == 'open' and str(args[0]).endswith(('.yaml', '.parquet', '.duckdb', '.sqlite'))) else None)\n"
        f"[importlib.import_module(name) for name in {names!r}]\n"
        "print(opened)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"
