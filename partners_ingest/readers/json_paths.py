"""Paths of a dossier into JSON records, as the structure that DuckDB parses and the expression that reads it.

The grammar is the partners README's (section 1): `a.b`, `list[key=value].c`, `list[0]`. An absent path is the
empty string. Reading files belongs to `json_lines`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from stores.engine import quoted
from terms.errors import UsageError

_STEP = re.compile(r"^(?P<name>[^.\[\]=]+)(?:\[(?:(?P<index>\d+)|(?P<key>[^.\[\]=]+)=(?P<value>[^\[\]]*))\])?$")
_DOT = re.compile(r"\.(?![^\[]*\])")


@dataclass(frozen=True)
class Step:
    """One step of a path: a key, and perhaps the place in its list or the entry whose `key` is `value`."""

    name: str
    index: int | None
    key: str | None
    value: str | None

    @property
    def is_list(self) -> bool:
        """Whether the value under the key is a list."""
        return self.index is not None or self.key is not None


@dataclass
class _Shape:
    """What is read of one value: the children by key, whether it is a list, whether its own text is wanted."""

    is_list: bool = False
    children: dict[str, _Shape] = field(default_factory=dict)

    def text(self) -> object:
        inner: object = {name: child.text() for name, child in self.children.items()} if self.children else "VARCHAR"
        return [inner] if self.is_list else inner


def parse_path(path: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    Raises:
        UsageError: it does not fit the grammar.
    """
    steps = [_STEP.match(part) for part in _DOT.split(path)]
    if not all(steps):
        raise UsageError(f"The path {path!r} of a dossier cannot be read.", "Write a.b, list[key=value].c or list[0].")
    return tuple(
        Step(step["name"], int(step["index"]) if step["index"] else None, step["key"], step["value"])
        for step in steps
        if step
    )


def structure_of(paths: Iterable[str]) -> str:
    """Return the structure (JSON text) that DuckDB's `from_json` needs to read all the paths in one parse."""
    root = _Shape()
    for path in paths:
        shape = root
        for step in parse_path(path):
            shape = shape.children.setdefault(step.name, _Shape())
            shape.is_list = shape.is_list or step.is_list
            if step.key is not None:
                shape.children.setdefault(step.key, _Shape())
    return json.dumps(root.text(), ensure_ascii=False)


def expression_of(path: str, record: str) -> str:
    """Return SQL for the text at a path of the parsed struct `record`; the empty string where it is absent."""
    expression = record
    for step in parse_path(path):
        expression = f"{expression}.{_name(step.name)}"
        if step.index is not None:
            expression = f"({expression})[{step.index + 1}]"
        elif step.key is not None:
            condition = f"entry.{_name(step.key)} = '{quoted(step.value)}'"
            expression = f"list_filter({expression}, lambda entry: {condition})[1]"
    return f"coalesce({expression}, '')"


def _name(key: str) -> str:
    return '"' + key.replace('"', '""') + '"'
