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
    return _text(parse_path(path), record)


def _text(steps: Iterable[Step], record: str) -> str:
    expression = record
    for step in steps:
        expression = f"{expression}.{_name(step.name)}"
        if step.index is not None:
            expression = f"({expression})[{step.index + 1}]"
        elif step.key is not None:
            condition = f"entry.{_name(step.key)} = '{quoted(step.value)}'"
            expression = f"list_filter({expression}, lambda entry: {condition})[1]"
    return f"coalesce({expression}, '')"


def entries_of(path: str, record: str) -> tuple[str, str] | None:
    """Return SQL for the entries that the first `list[key=value]` of a path means, and for the text at the path in each of them.

    Args:
        path: of the dossier; None is returned where it has no such step.
        record: SQL of the parsed struct.
    """
    expression, steps = record, parse_path(path)
    for place, step in enumerate(steps):
        expression = f"{expression}.{_name(step.name)}"
        if step.key is not None:
            condition = f"entry.{_name(step.key)} = '{quoted(step.value)}'"
            entries = f"list_filter({expression}, lambda entry: {condition})"
            return entries, f"list_transform({entries}, lambda entry: {_text(steps[place + 1 :], 'entry')})"
        if step.index is not None:
            expression = f"({expression})[{step.index + 1}]"
    return None


#: Entries of a list that are looked at by their place, of a list of the record and of one within such an entry.
_ENTRIES = (12, 2)


def objects_of(paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return JSON paths of every object on the way to the paths, and those of the entries after the last that is looked at.

    Args:
        paths: of the dossier.
    """
    chains = {parse_path(path)[:place] for path in paths for place in range(len(parse_path(path)))}
    told = {place for chain in chains for place in _places(chain)}
    return (
        tuple(sorted(place for place, is_after in told if not is_after)),
        tuple(sorted(place for place, is_after in told if is_after)),
    )


def _places(chain: tuple[Step, ...]) -> list[tuple[str, bool]]:
    """Return where the objects of a chain of steps may be, and whether that is one entry after the last."""
    found: list[tuple[str, bool]] = [("$", False)]
    depth = 0
    for step in chain:
        key = step.name.replace("\\", "\\\\").replace('"', '\\"')
        found = [(f'{place}."{key}"', False) for place, is_after in found if not is_after]
        if step.is_list:
            width = _ENTRIES[min(depth, len(_ENTRIES) - 1)]
            found = [(f"{place}[{entry}]", entry == width) for place, _ in found for entry in range(width + 1)]
            depth += 1
    return found


def _name(key: str) -> str:
    return '"' + key.replace('"', '""') + '"'
