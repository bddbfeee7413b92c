"""The repository's Python as the guards see it: rooms, modules, functions and imports, read from the folders.

What is allowed is written in the tests above this folder; nothing is judged here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
#: Alembic's revisions are history: they are never changed, and their file names are no module names.
HISTORY = ROOT / "stores" / "migrations" / "versions"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _python_below(folder: Path) -> list[Path]:
    return sorted(
        file for file in folder.rglob("*.py") if "__pycache__" not in file.parts and HISTORY not in file.parents
    )


@cache
def packages() -> dict[str, list[Path]]:
    """Return each top-level folder that holds Python -> its Python files, `tests` included."""
    folders = [folder for folder in sorted(ROOT.iterdir()) if folder.is_dir() and folder.name[0] != "."]
    return {folder.name: files for folder in folders if (files := _python_below(folder))}


@cache
def rooms() -> dict[str, list[Path]]:
    """Return each top-level package but `tests` -> its Python files, so that no new room is forgotten."""
    return {name: files for name, files in packages().items() if name != "tests"}


@cache
def tree(file: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(file.read_text())


@cache
def definitions_in(file: Path) -> list[Function | ast.ClassDef]:
    """Return the classes and functions of a file, however deep."""
    return [node for node in ast.walk(tree(file)) if isinstance(node, Function | ast.ClassDef)]


def place(file: Path) -> str:
    """Return a file's path from the root of the repository."""
    return file.relative_to(ROOT).as_posix()


def dotted(file: Path) -> str:
    """Return the name under which a file is imported; a package's is that of its folder."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def functions(file: Path) -> Iterator[tuple[str, Function]]:
    """Yield (`file:Class.function`, node) of every function, method and inner function, async ones too."""
    yield from _functions(tree(file), f"{place(file)}:")


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield prefix + child.name, child
        inner = f"{prefix}{child.name}." if isinstance(child, Function | ast.ClassDef) else prefix
        yield from _functions(child, inner)


@cache
def module_names() -> dict[str, Path]:
    """Return the dotted name of every module and package of the rooms -> its file."""
    return {dotted(file): file for files in rooms().values() for file in files}


def imported_names(file: Path) -> set[str]:
    """Return every dotted name that a file imports anywhere in it, under `TYPE_CHECKING` and within functions too."""
    found: set[str] = set()
    package = dotted(file).split(".") if file.name == "__init__.py" else dotted(file).split(".")[:-1]
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


@cache
def imports() -> dict[str, set[str]]:
    """Return each module of the rooms -> the modules of the rooms that it imports."""
    known = module_names()
    found = {}
    for name, file in known.items():
        named = imported_names(file) & known.keys()
        # `from sends.plans import planning` names the package and the module: the module is meant
        found[name] = {one for one in named if known[one].name != "__init__.py"} - {name}
    return found


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of nodes that reach each other; empty where there is no circle (node -> nodes that it uses)."""
    reached = {node: _reach(arrows, node) for node in arrows}
    groups = {frozenset(other for other in reached[node] if node in reached.get(other, ())) for node in arrows}
    return sorted(sorted(group) for group in groups if group)


def _reach(arrows: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for node in arrows.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
