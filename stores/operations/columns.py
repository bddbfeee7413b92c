"""What the tables of the operations database are made of: their metadata, and columns with a privacy class.

The tables are in the `…_tables` modules, engines and transactions in `stores.operations.database`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    String,
)

from stores.schemas.column_classes import Privacy

metadata = MetaData()


#: SQLite counts rowids in INTEGER columns only; PostgreSQL gets 64 bits.
_Sequence = BigInteger().with_variant(Integer, "sqlite")


def text(name: str, *, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[str]:
    """Return a column of text.

    Args:
        name: of the column.
        null: whether it may be null.
        privacy: its class.
    """
    return Column(name, String, nullable=null, info={"privacy": privacy})


def number(name: str, *, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[int]:
    """Return a column of 64-bit integers; an instant is microseconds of UTC.

    Args:
        name: of the column.
        null: whether it may be null.
        privacy: its class.
    """
    return Column(name, BigInteger, nullable=null, info={"privacy": privacy})


def counter(name: str) -> Column[int]:
    """Return a primary key that the database counts up."""
    return Column(name, _Sequence, primary_key=True, autoincrement=True, info={"privacy": Privacy.OPEN})


def contact(*, null: bool = False) -> Column[str]:
    """Return the column `contact_id`, a pseudonym."""
    return text("contact_id", null=null, privacy=Privacy.PSEUDONYMOUS)
