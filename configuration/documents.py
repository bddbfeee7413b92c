"""Reading a YAML file as the record that says what it holds; every fault names file, line and key.

What a file holds belongs to its record, in the room that reads it; what a field may hold to `configuration.field_types`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from configuration.field_types import Unfit
from configuration.yaml_text import KeyPath, YamlFault, YamlText, parse_yaml
from terms.errors import UsageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

Record = TypeVar("Record")

#: More faults than these are only counted.
_MOST_TOLD = 5

#: pydantic tells a closed list as `'sms' or 'voice'`.
_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a file: where, and what, as the end of the sentence that begins with the key.

    `line` (1-based) None: the file as a whole. `key` None: its top.
    """

    line: int | None
    key: str | None
    what: str

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}: "
        return f"{place}{self.key} {self.what}" if self.key else f"{place}{self.what}"


class DocumentInvalid(UsageError):
    """A file that cannot be used; `faults` in order of lines, `line` and `key` of the first.

    Args:
        file: what the error calls it.
        faults: all that is wrong with it; at least one.
        remedy: what to do.
    """

    def __init__(self, file: str, faults: Iterable[Fault], remedy: str = "Correct the file.") -> None:
        self.file = file
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        told = "; ".join(map(str, self.faults[:_MOST_TOLD]))
        more = len(self.faults) - _MOST_TOLD
        mark = ", " if self.faults[0].line is not None else ": "
        super().__init__(f"{file}{mark}{told}{f'; and {more} more' if more > 0 else ''}.", remedy)

    def __reduce__(self) -> tuple[type[DocumentInvalid], tuple[str, tuple[Fault, ...], str]]:
        """Let it go to another process: an exception is made again of what its class asks for."""
        return type(self), (self.file, self.faults, self.remedy)

    @property
    def line(self) -> int | None:
        """The line of the first fault."""
        return self.faults[0].line

    @property
    def key(self) -> str | None:
        """The key of the first fault."""
        return self.faults[0].key


@dataclass(frozen=True)
class Document(Generic[Record]):
    """One file as read: its record, the same as plain data, and where each value stands; `file` is its name in errors."""

    file: str
    record: Record
    yaml: YamlText

    @property
    def plain(self) -> object:
        """What the file says as dictionaries, lists, texts, numbers, truth values and None; dates as they are written."""
        return self.yaml.plain

    def line(self, *path: str | int) -> int:
        """Return the line (1-based) on which a value begins."""
        return self.yaml.line(path)

    def fault(self, what: str, *path: str | int) -> Fault:
        """Return what is wrong with a value, where only its reader can know."""
        return Fault(self.yaml.line(path), key_of(path), what)

    def invalid(self, what: str, *path: str | int) -> DocumentInvalid:
        """Return the error about one value; the caller raises it."""
        return DocumentInvalid(self.file, [self.fault(what, *path)])


def read_document(path: Path, kind: type[Record], name: str | None = None) -> Document[Record]:
    """Read a YAML file as a record.

    Args:
        path: of the file.
        kind: the record: a dataclass marked by `written`, or a tuple of such.
        name: what errors call the file; None = its path.

    Raises:
        DocumentInvalid: the file cannot be read, is not UTF-8 or not YAML, or a value is not what its record says.
    """
    file = name or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        what = f"the file cannot be read ({reason})"
        raise DocumentInvalid(file, [Fault(None, None, what)], "Give a readable YAML file.") from None
    return parse_document(text, file, kind)


def parse_document(text: str, file: str, kind: type[Record]) -> Document[Record]:
    """Read YAML text as a record; JSON is YAML.

    Args:
        text: of the file.
        file: what errors call it.
        kind: the record: a dataclass marked by `written`, or a tuple of such.

    Raises:
        DocumentInvalid: as `read_document`.
    """
    from pydantic import ValidationError

    try:
        yaml = parse_yaml(text)
    except YamlFault as fault:
        raise DocumentInvalid(file, [Fault(fault.line, key_of(fault.path), fault.what)]) from None
    try:
        return Document(file, validator_of(kind).validate_python(yaml.plain), yaml)
    except ValidationError as error:
        found = error.errors(include_url=False)
    raise DocumentInvalid(file, [_fault(item, yaml, kind) for item in found]) from None


_VALIDATORS: dict[object, TypeAdapter[Any]] = {}


def validator_of(kind: type[Record]) -> TypeAdapter[Record]:
    """Return what validates a record and knows its JSON Schema; made once."""
    from pydantic import TypeAdapter

    if kind not in _VALIDATORS:
        _VALIDATORS[kind] = TypeAdapter(kind)
    return _VALIDATORS[kind]


def key_of(path: KeyPath) -> str | None:
    """Return a path as people write it, such as `feeds[0].mapping.phone`; None for the top."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".") or None


def _fault(error: ErrorDetails, yaml: YamlText, kind: type) -> Fault:
    path: KeyPath = tuple(part for part in error["loc"] if part != "[key]")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Unfit):
        path = (*path, *cause.path)
        return Fault(yaml.line(path), key_of(path), cause.what)
    is_unknown = error["type"] in ("unexpected_keyword_argument", "extra_forbidden") or error["loc"][-1:] == ("[key]",)
    if is_unknown:
        known = ", ".join(_known_keys(kind, path[:-1]))
        return Fault(yaml.key_line(path), key_of(path), f"is not known here (known: {known})")
    what = _sentence(error)
    return Fault(yaml.line(path), key_of(path), what if path else f"the file {what}")


_SENTENCES: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "is not a text (put it in quotes)",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "does not have the form {pattern}",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
    "bool_type": "is neither true nor false",
    "tuple_type": "is not a list",
    "frozen_set_type": "is not a list",
    "dict_type": "is not a mapping of fields",
    "mapping_type": "is not a mapping of fields",
    "dataclass_type": "is not a mapping of fields",
    "less_than_equal": "is above {le:g}",
}


def _sentence(error: ErrorDetails) -> str:
    """Return what is wrong in our words, by pydantic's type of error."""
    context, kind = error.get("ctx", {}), error["type"]
    if error["input"] is None:
        return "is missing" if error["loc"] else "is empty"
    if kind in ("enum", "literal_error"):
        return f"is none of {', '.join(_QUOTED.findall(str(context['expected'])))}"
    if kind == "greater_than_equal":
        is_whole = isinstance(context["ge"], int)
        return f"is not a whole number of at least {context['ge']}" if is_whole else f"is less than {context['ge']:g}"
    if kind not in _SENTENCES:
        raise AssertionError(f"no sentence for {kind}")
    words = {name: value for name, value in context.items() if isinstance(value, (str, int, float))}
    if "pattern" in words:
        words["pattern"] = str(words["pattern"]).removeprefix("^(?:").removesuffix(")$")
    return _SENTENCES[kind].format(**words)


def _known_keys(kind: type, path: KeyPath) -> list[str]:
    """Return the keys that a mapping of a document may have, by the JSON Schema of its record."""
    schema = validator_of(kind).json_schema()
    definitions = schema.get("$defs", {})
    places: list[dict[str, Any]] = [schema]
    for part in path:
        places = [inner for place in places for inner in _inner(place, part, definitions)]
    found = {key for place in places for option in _options(place, definitions) for key in _keys(option)}
    return sorted(found)


def _options(schema: Any, definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return _options(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    return [schema, *(option for one in schema.get("anyOf", ()) for option in _options(one, definitions))]


def _inner(schema: dict[str, Any], part: str | int, definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for option in _options(schema, definitions):
        if isinstance(part, int):
            found.append(option.get("items", {}))
        else:
            found.append(option.get("properties", {}).get(part) or option.get("additionalProperties") or {})
    return [one for one in found if isinstance(one, dict)]


def _keys(schema: dict[str, Any]) -> list[str]:
    return [*schema.get("properties", {}), *schema.get("propertyNames", {}).get("enum", ())]
