"""YAML text as plain data, with the line of every value: no dates of YAML's own, no key twice, aliases and depth bounded.

Which keys a file has belongs to its record; checking one by the other to `configuration.documents`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

#: Where a value stands in a document: its keys and places in lists, from the top.
KeyPath = tuple[str | int, ...]

#: More than any file of ours needs. Each value behind an alias counts again.
_MOST_ALIASES, _MOST_VALUES, _MOST_LEVELS = 100, 100_000, 40

_PREFIX = "tag:yaml.org,2002:"
_PLAIN_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_PLAIN_NUMBER = re.compile(r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]\d+)?")


class YamlFault(Exception):
    """Text that is no YAML, or YAML that we do not take.

    Args:
        what: completes the sentence that begins with the key.
        line: 1-based; None where the text as a whole is meant.
        path: of the value that is meant.
    """

    def __init__(self, what: str, line: int | None, path: KeyPath = ()) -> None:
        super().__init__(what)
        self.what, self.line, self.path = what, line, path


@dataclass(frozen=True)
class YamlText:
    """What a text says as dictionaries, lists, texts, numbers, truth values and None.

    `lines`: the line (1-based) on which each value begins; `key_lines`: the line of the key of a value in a mapping.
    """

    plain: object
    lines: Mapping[KeyPath, int]
    key_lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Return the line of a value; where there is none, of what should hold it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def key_line(self, path: KeyPath) -> int:
        """Return the line of a key."""
        return self.key_lines.get(path) or self.line(path)


class _PlainLoader(yaml.CSafeLoader):
    """libyaml, ten times as fast as Python's. Keeps dates and instants as the text that was written: canonical JSON has no types for them."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_PREFIX}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str) -> YamlText:
    """Parse a text; JSON is YAML.

    Raises:
        YamlFault: the text is not YAML, a key stands twice or is no text or number, a value has a type of its own, or
            aliases, values or levels are too many.
    """
    try:
        _check_levels(text)
        node = yaml.compose(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise YamlFault(f"this is not YAML ({error.problem})", line) from None
    except yaml.YAMLError:  # a character that YAML does not allow, told before there is a line
        raise YamlFault("this is not YAML", None) from None
    walk = _Walk()
    plain = None if node is None else walk.plain(node, ())
    return YamlText(plain, walk.lines, walk.key_lines)


def _check_levels(text: str) -> None:
    """Refuse a text of too many levels before its nodes are composed: libyaml does that on the stack of the process."""
    levels = 0
    for event in yaml.parse(text, Loader=_PlainLoader):
        levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if levels > _MOST_LEVELS:
            raise YamlFault(
                f"the file has more than {_MOST_LEVELS} levels", event.start_mark.line + 1 if event.start_mark else None
            )


@dataclass
class _Walk:
    """One walk over the nodes of a text, counting what is bounded."""

    lines: dict[KeyPath, int] = field(default_factory=dict)
    key_lines: dict[KeyPath, int] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    _values: int = 0
    _aliases: int = 0

    def plain(self, node: yaml.Node, path: KeyPath) -> object:
        """Return what a node says, and keep its line."""
        self._count(node, path)
        self.lines[path] = _line(node)
        if isinstance(node, yaml.MappingNode):
            return {key: self.plain(value, (*path, key)) for key, value in self._entries(node, path)}
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*path, place)) for place, item in enumerate(node.value)]
        return _scalar(node, path)

    def _count(self, node: yaml.Node, path: KeyPath) -> None:
        self._values += 1
        self._aliases += id(node) in self._seen
        self._seen.add(id(node))
        for number, most, what in (
            (self._aliases, _MOST_ALIASES, "values behind an alias"),
            (self._values, _MOST_VALUES, "values"),
            (len(path), _MOST_LEVELS, "levels"),
        ):
            if number > most:
                raise YamlFault(f"the file has more than {most} {what}", _line(node))

    def _entries(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, yaml.Node]]:
        given: set[str] = set()
        for key_node, value in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            if not key:
                raise YamlFault("has a key that is no text", _line(key_node), path)
            if key in given:
                raise YamlFault("is given twice", _line(key_node), (*path, key))
            given.add(key)
            self.key_lines[(*path, key)] = _line(key_node)
            yield key, value


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _scalar(node: yaml.Node, path: KeyPath) -> object:
    written = str(node.value)
    match node.tag.removeprefix(_PREFIX):
        case "str":
            return written
        case "null":
            return None
        case "bool":
            return written.lower() in ("true", "yes", "on")
        case "int" if _PLAIN_INTEGER.fullmatch(written):
            return int(written)
        case "float" if _PLAIN_NUMBER.fullmatch(written):
            return float(written)
        case "int" | "float":
            raise YamlFault(
                "is a number that programs read differently: put a text in quotes, write a number in plain digits",
                _line(node),
                path,
            )
        case tag:
            raise YamlFault(f"has the type {tag}, which no file of ours has", _line(node), path)
