"""What a field of a configuration file may hold: the types that records are annotated with, and how keys are written.

Reading a file by them belongs to `configuration.documents`. Nothing here imports pydantic: records are imported by look-ups
that read no file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from configuration.yaml_text import KeyPath

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

Record = TypeVar("Record")
Schema = dict[str, Any]

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT = rf"{_DAY}[T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?(Z|[+-][0-9]{{2}}:?[0-9]{{2}})"


class Unfit(ValueError):
    """A value that its record does not take; `what` completes the sentence that begins with the key.

    `path`: the keys from the record that raises it to the value.
    """

    def __init__(self, what: str, *path: str | int) -> None:
        super().__init__(what)
        self.what = what
        self.path: KeyPath = path


def written(
    *, keys: Mapping[str, str] | None = None, title: str | None = None, schema: Mapping[str, object] | None = None
) -> Callable[[type[Record]], type[Record]]:
    """Mark a dataclass as a mapping of a file: a key that is none of its fields is refused.

    Args:
        keys: field -> its key in the file, where they differ.
        title: of the published JSON Schema.
        schema: what the published JSON Schema says beside the fields: what `__post_init__` checks between keys.
    """
    told = dict(schema or {}) | ({"title": title} if title else {})
    names = dict(keys or {})

    def mark(record: type[Record]) -> type[Record]:
        config = {"extra": "forbid", "alias_generator": lambda name: names.get(name, name), "json_schema_extra": told}
        record.__pydantic_config__ = config  # type: ignore[attr-defined]
        return record

    return mark


@dataclass(frozen=True)
class Read:
    """A value that is made of the text of a file by a function, which raises `Unfit`; `pattern`: its published form."""

    make: Callable[[object], object]
    pattern: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.make)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        """Return what the published schema says of it."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True)
class Exactly:
    """A text, number or truth value of exactly this type; for texts a pattern, for numbers limits (both included)."""

    pattern: str | None = None
    shortest: int | None = None
    least: float | None = None
    most: float | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        limits = {
            "pattern": f"^(?:{self.pattern})$" if self.pattern else None,
            "min_length": self.shortest,
            "ge": self.least,
            "le": self.most,
        }
        schema: Any = {**handler(source), "strict": True}
        schema.update((name, limit) for name, limit in limits.items() if limit is not None)
        told: CoreSchema = schema
        return told


@dataclass(frozen=True)
class OneOf:
    """A text out of a closed list that is not an enum, such as the names of fields that another room owns."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        return core_schema.literal_schema(list(self.words))


@dataclass(frozen=True)
class OneOrMore:
    """A list that may be written as its only value."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(_as_list, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        """Return what the published schema says of it."""
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


@dataclass(frozen=True)
class NotEmpty:
    """A list or mapping that holds something; `what` says what an empty one would mean."""

    what: str = "is empty"

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        """Return what the published schema says of it."""
        told = handler(schema)
        return told | ({"minItems": 1} if told.get("type") == "array" else {"minProperties": 1})

    def _check(self, value: Record) -> Record:
        if not value:
            raise Unfit(self.what)
        return value


@dataclass(frozen=True)
class Checked:
    """A value that a function checks further, raising `Unfit`; the published schema does not tell of it."""

    check: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        def checked(value: object) -> object:
            self.check(value)
            return value

        return core_schema.no_info_after_validator_function(checked, handler(source))


@dataclass(frozen=True)
class First:
    """A value that a function prepares before it is read, raising `Unfit`."""

    prepare: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(self.prepare, handler(source))


@dataclass(frozen=True)
class Then:
    """A value that is made of the one that was read."""

    make: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.make, handler(source))


@dataclass(frozen=True)
class NullIs:
    """A value that null stands for as well as its absence."""

    value: object

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic validates it."""
        from pydantic_core import core_schema

        nullable = core_schema.nullable_schema(handler(source))
        return core_schema.no_info_after_validator_function(
            lambda found: self.value if found is None else found, nullable
        )


@dataclass(frozen=True)
class Means:
    """What the published schema says of a field to who writes the file; `pattern`: as near to its check as JSON Schema comes."""

    description: str
    pattern: str | None = None

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        """Return what the published schema says of it."""
        told: Schema = {**handler(schema), "description": self.description}
        return told | ({"pattern": self.pattern} if self.pattern else {})


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def read_day(value: object) -> date:
    """Return the day that a text writes.

    Raises:
        Unfit: it writes none.
    """
    wrong = "is not a day (YYYY-MM-DD)"
    if not isinstance(value, str) or re.fullmatch(_DAY, value) is None:
        raise Unfit(wrong)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Unfit(wrong) from None


def _instant(value: object) -> datetime:
    wrong = "is not an instant with offset, such as 2027-03-16T09:00:00+01:00"
    if not isinstance(value, str) or re.fullmatch(_INSTANT, value) is None:
        raise Unfit(wrong)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise Unfit(wrong) from None


def known_words(words: Iterable[str]) -> OneOf:
    """Return a closed list in the order of the alphabet."""
    return OneOf(tuple(sorted(words)))


#: A text that is not empty; a bare number is refused, because YAML would eat its leading zeros.
Text = Annotated[str, Exactly(shortest=1)]
#: A text that may be empty: the sign between cells, the word that a partner leaves out.
AnyText = Annotated[str, Exactly()]
#: True or false.
YesNo = Annotated[bool, Exactly()]
#: A whole number of at least 0, of at least 1, and any.
WholeNumber = Annotated[int, Exactly(least=0)]
Count = Annotated[int, Exactly(least=1)]
AnyWholeNumber = Annotated[int, Exactly()]
#: A number, with or without decimals.
Number = Annotated[float, Exactly()]
#: A civil date written YYYY-MM-DD.
Day = Annotated[date, Read(read_day, _DAY)]
#: An instant written in ISO 8601 with its offset.
Instant = Annotated[datetime, Read(_instant, _INSTANT)]
