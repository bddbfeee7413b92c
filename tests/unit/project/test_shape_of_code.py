"""The shape of the code is a rule that fails: lengths, docstrings, door signs of modules.

The figures are those of CONTRIBUTING.md.
"""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROOMS = (
    "terms configuration stores consent partners_ingest open_data territories sends sealing lineage retention outlook publishing assets pipelines sample bench"
).split()
FILES = [
    file
    for room in ROOMS
    for file in (ROOT / room).rglob("*.py")
    if "versions" not in file.parts and "__pycache__" not in file.parts
]


def _functions(file: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]


def _body_lines(function: ast.FunctionDef) -> int:
    body = function.body
    if ast.get_docstring(function) is not None and len(body) > 1:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_functions_are_short():
    lengths = {
        f"{file.relative_to(ROOT)}:{function.name}": _body_lines(function)
        for file in FILES
        for function in _functions(file)
    }
    ordered = sorted(lengths.values())
    too_long = {name: lines for name, lines in lengths.items() if lines > 80}
    assert not too_long
    assert statistics.median(ordered) <= 12
    assert ordered[int(0.9 * len(ordered))] <= 40


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_module_opens_with_its_door_sign(file: Path):
    tree = ast.parse(file.read_text())
    docstring = ast.get_docstring(tree)
    assert docstring and len(docstring) > 40, "say what belongs in the module and what does not"


def test_public_functions_are_documented():
    guilty = [
        f"{file.relative_to(ROOT)}:{function.name}"
        for file in FILES
        for function in _functions(file)
        if not function.name.startswith("_") and ast.get_docstring(function) is None and _body_lines(function) > 6
    ]
    assert not guilty


def test_no_drawers():
    names = {"utils", "helpers", "manager", "common", "misc", "process_data"}
    assert not [file for file in FILES if file.stem in names or set(file.relative_to(ROOT).parts) & names]
