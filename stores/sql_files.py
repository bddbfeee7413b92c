"""SQL that a module runs, read from the `.sql` file beside it; and the check of a name that goes into SQL text.

A file may hold several statements, each below a line `-- name: …`. Values reach a statement as bound parameters, relations whose
name varies as `query_table($name)`. SQL of the base itself belongs to `dbt_project`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from terms.errors import FiliationError

_NAME = re.compile(r"^-- name: ([a-z_][a-z0-9_]*)\n", re.M)
_RELATION = re.compile(r"[a-z_][a-z0-9_]*")


def sql_of(module_file: str, name: str) -> str:
    """Return a named statement of the `.sql` file beside a module; each file is read once, at the first call.

    Args:
        module_file: `__file__` of the module that runs the statement.
        name: as it stands in the line `-- name: …` above the statement.

    Raises:
        KeyError: the file has no statement of this name.
        ValueError: two statements of the file have the same name.
    """
    return _statements(Path(module_file).with_suffix(".sql"))[name]


def checked_name(relation: str) -> str:
    """Return the name of a relation where it goes into SQL text, as no parameter may stand there: only an identifier passes.

    Raises:
        FiliationError: it is not a plain lower-case identifier.
    """
    if not _RELATION.fullmatch(relation):
        raise FiliationError(f"{relation!r} is not the name of a relation.", "Use lower-case letters, digits and _.")
    return relation


@cache
def _statements(path: Path) -> Mapping[str, str]:
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    names, texts = parts[::2], parts[1::2]
    if len(set(names)) < len(names):
        raise ValueError(f"two statements of {path.name} have the same name")
    return {name: _statement(text) for name, text in zip(names, texts, strict=True)}


def _statement(text: str) -> str:
    """Return a statement as it may stand within another: without its semicolon, and without the next one's comment below it."""
    lines = text.splitlines()
    while lines and (not lines[-1].strip() or lines[-1].startswith("--")):
        lines.pop()
    return "\n".join(lines).strip().removesuffix(";")
