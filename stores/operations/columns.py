"""What the tables of the operations database are made of: metadata and classed columns.

Tables stand by subject beside this, engines and transactions in `database`.
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
    """Return a column of text."""
    return Column(name, String, nullable=null, info={"privacy": privacy})


def number(name: str, *, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[int]:
    """Return a column of 64-bit integers; instants are microseconds of UTC."""
    return Column(name, BigInteger, nullable=null, info={"privacy": privacy})


def counter(name: str) -> Column[int]:
    """Return a primary key that counts by itself."""
    return Column(name, _Sequence, primary_key=True, autoincrement=True, info={"privacy": Privacy.OPEN})


def contact(*, null: bool = False) -> Column[str]:
    """Return the column of a contact, a pseudonym."""
    return text("contact_id", null=null, privacy=Privacy.PSEUDONYMOUS)
