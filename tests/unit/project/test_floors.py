"""The floors hold: imports go down only, Dagster stays above floor 1, importing touches nothing.

What each floor is for is told in docs/decisions/0001.
"""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FLOOR = {
    "terms": 0,
    "configuration": 0,
    "stores": 0,
    "pages": 0,
    "consent": 1,
    "partners_ingest": 1,
    "open_data": 1,
    "territories": 1,
    "sends": 1,
    "sealing": 1,
    "lineage": 1,
    "retention": 1,
    "outlook": 1,
    "publishing": 1,
    "assets": 2,
    "pipelines": 3,
}


def _modules() -> list[Path]:
    return [file for room in FLOOR for file in (ROOT / room).rglob("*.py") if "versions" not in file.parts]


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_imports_go_down():
    guilty = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in _modules()
        for name in _imports(file)
        if FLOOR.get(name.split(".")[0], -1) > FLOOR[file.relative_to(ROOT).parts[0]]
    ]
    assert not guilty, "see docs/decisions/0001: imports only go down\n" + "\n".join(guilty)


def test_terms_imports_no_store():
    guilty = [
        str(file) for file in (ROOT / "terms").glob("*.py") if any(n.startswith("stores") for n in _imports(file))
    ]
    assert not guilty


def test_dagster_stays_above_floor_one():
    guilty = [
        str(file.relative_to(ROOT))
        for file in _modules()
        if FLOOR[file.relative_to(ROOT).parts[0]] < 2
        and any(name.split(".")[0].startswith("dagster") for name in _imports(file))
    ]
    assert not guilty


def test_rooms_use_only_public_names_of_each_other():
    guilty = []
    for file in _modules():
        room = file.relative_to(ROOT).parts[0]
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in FLOOR:
                private = [alias.name for alias in node.names if alias.name.startswith("_")]
                if private and node.module.split(".")[0] != room:
                    guilty.append(f"{file.relative_to(ROOT)} takes {private} from {node.module}")
    assert not guilty


def test_package_docstrings_stand_alone():
    guilty = []
    for room in FLOOR:
        for file in (ROOT / room).rglob("__init__.py"):
            body = ast.parse(file.read_text()).body
            if len(body) != 1 or not isinstance(body[0], ast.Expr):
                guilty.append(str(file.relative_to(ROOT)))
    assert not guilty, f"an __init__ holds its docstring and nothing else: {guilty}"


def test_importing_a_module_opens_nothing():
    names = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in _modules()
        if FLOOR[file.relative_to(ROOT).parts[0]] < 2
        and file.name not in {"__init__.py", "env.py"}
        and "__main__" not in file.name
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
