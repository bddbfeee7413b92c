"""What the tables of the operations database are made of: their metadata, and columns with a privacy class and a rule.

A column made here brings its own constraint: of a closed list, a hash, a flag, a count, a reference. What two columns must
be to each other is a `rule` of their table. Constraints are named by their table, so that an error can say which one
refused a row, and no value of the row. The tables are in the `…_tables` modules, closed lists in `closed_lists`, engines
and transactions in `stores.operations.database`. What is no constraint, and why, is told by decision 22.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
)
from sqlalchemy.schema import SchemaItem

from stores.schemas.column_classes import Privacy

metadata = MetaData(
    naming_convention={
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(column_0_name)s_exists",
    }
)


#: SQLite counts rowids in INTEGER columns only; PostgreSQL gets 64 bits.
_Sequence = BigInteger().with_variant(Integer, "sqlite")

_HEX_DIGITS = "0123456789abcdef"


def text(name: str, *must: SchemaItem, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[str]:
    """Return a column of text.

    Args:
        name: of the column.
        must: rules and references that each value keeps to.
        null: whether it may be null.
        privacy: its class.
    """
    return Column(name, String, *must, nullable=null, info={"privacy": privacy})


def filled(name: str) -> Column[str]:
    """Return a column of text that is not blank: who decided, and why."""
    return text(name, rule(f"{name}_filled", f"trim({name}) <> ''"))


def choice(name: str, values: Iterable[str], *, null: bool = False) -> Column[str]:
    """Return a column of text out of a closed list.

    Args:
        name: of the column.
        values: the closed list.
        null: whether it may be null.
    """
    listed = ", ".join(f"'{value}'" for value in values)
    return text(name, rule(f"{name}_known", f"{name} in ({listed})"), null=null)


def sha256(name: str, *, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[str]:
    """Return a column of hashes: 64 hex digits, small letters.

    Args:
        name: of the column.
        null: whether it may be null.
        privacy: its class.
    """
    is_hex = f"length({name}) = 64 and ltrim({name}, '{_HEX_DIGITS}') = ''"
    return text(name, rule(f"{name}_is_a_hash", is_hex), null=null, privacy=privacy)


def number(name: str, *must: SchemaItem, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[int]:
    """Return a column of 64-bit integers; an instant is microseconds of UTC.

    Args:
        name: of the column.
        must: rules and references that each value keeps to.
        null: whether it may be null.
        privacy: its class.
    """
    return Column(name, BigInteger, *must, nullable=null, info={"privacy": privacy})


def count(name: str, *, least: int = 0, null: bool = False) -> Column[int]:
    """Return a column of whole numbers: counts, sizes, places in a row.

    Args:
        name: of the column.
        least: the smallest that there is.
        null: whether it may be null.
    """
    return number(name, rule(f"{name}_not_below", f"{name} >= {least}"), null=null)


def flag(name: str) -> Column[int]:
    """Return a column that is 1 or 0."""
    return number(name, rule(f"{name}_is_flag", f"{name} in (0, 1)"))


def counter(name: str) -> Column[int]:
    """Return a primary key that counts by itself."""
    return Column(name, _Sequence, primary_key=True, autoincrement=True, info={"privacy": Privacy.OPEN})


def contact(*, null: bool = False) -> Column[str]:
    """Return the column of a contact, a pseudonym."""
    return text("contact_id", null=null, privacy=Privacy.PSEUDONYMOUS)


def refers_to(target: str) -> ForeignKey:
    """Return the key of a column whose every value stands in `target`, a table and a column joined by a point, when a statement ends."""
    return ForeignKey(target)


def refers_at_commit(target: str) -> ForeignKey:
    """Return the key of a column whose every value stands in `target`, a table and a column joined by a point, when a transaction ends.

    For rows that are renamed together with those they refer to (an erasure), and for a table that refers to itself, whose
    rows a restored backup brings in any order.
    """
    return ForeignKey(target, deferrable=True, initially="DEFERRED")


def rule(name: str, holds: str) -> CheckConstraint:
    """Return what must hold of each row, in SQL that both engines read; where it is null, the row is let in."""
    return CheckConstraint(holds, name=name)
