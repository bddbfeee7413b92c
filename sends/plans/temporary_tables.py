"""The temporary tables that planning and counting hand from step to step: the grain and the columns of each.

They live in one connection to the published base and are created and filled through their declaration here. What is put into
them is decided by the step that fills them: `sends.plans.audience`, `sends.plans.judging`, `sends.plans.frozen_audience`,
`sends.plans.told_audiences`. Tables of the base itself are dbt's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import duckdb


class Column(NamedTuple):
    """Type of a column in DuckDB, and what it holds."""

    type: str
    meaning: str


@dataclass(frozen=True)
class TemporaryTable:
    """One temporary table.

    Attributes:
        name: as it stands in SQL.
        grain: what one row is.
        columns: every column by its name, in order.
    """

    name: str
    grain: str
    columns: Mapping[str, Column]

    def create(self, base: duckdb.DuckDBPyConnection) -> None:
        """Create the table without rows; one of an earlier order is replaced."""
        columns = ", ".join(f"{name} {column.type}" for name, column in self.columns.items())
        base.execute(f"create or replace temp table {self.name} ({columns})")

    def add(self, base: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> None:
        """Add the rows of a query to the table.

        Args:
            base: a connection in which the table was created.
            query: SQL that returns at least the columns of the table, each under its name.
            parameters: values of the query's named parameters.

        Raises:
            duckdb.BinderException: the query lacks a column.
        """
        names = ", ".join(self.columns)
        base.execute(f"insert into {self.name} by name select {names} from ({query})", dict(parameters or {}))

    def fill(self, base: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> None:
        """Create the table with the rows of a query.

        Args:
            base: a connection to the base.
            query: SQL that returns at least the columns of the table, each under its name.
            parameters: values of the query's named parameters.

        Raises:
            duckdb.BinderException: the query lacks a column.
        """
        self.create(base)
        self.add(base, query, parameters)

    def count(self, base: duckdb.DuckDBPyConnection) -> int:
        """Return how many rows the table has."""
        row = base.execute(f"select count(*) from {self.name}").fetchone()
        return int(row[0]) if row else 0


_CONTACT = Column("uuid", "the contact")
_CODES = Column("varchar[]", "every code with an effect, sorted; empty where the decision is ALLOW")
_WORST_CODE = Column("varchar", "the worst code of the best act and of the contact; null where none is known")
_VERDICT = Column("varchar", "SENDABLE, INVITE_ONLY, HOLD, QUARANTINED or REFUSED")
_DECISION = Column("varchar", "ALLOW, HOLD or REFUSE")
_ZONES = Column("varchar[]", "zones whose clocks the calendar asks, sorted; never empty")
_IS_TERRITORY_KNOWN = Column("boolean", "whether the place where the contact votes is known")
_DEPARTEMENT = Column("varchar", "its département; null where no election asks for it")
_BUREAU = Column("varchar", "its bureau on the map of the order; null where it is not known")

AUDIENCE = TemporaryTable(
    "audience",
    "one contact that meets the criteria of the order or segment",
    {
        "contact_id": _CONTACT,
        "bureau_code": _BUREAU,
        "birth_date": Column("date", "null where it is not known"),
        "zones": _ZONES,
        "is_territory_known": _IS_TERRITORY_KNOWN,
        "departement": _DEPARTEMENT,
    },
)

#: Created by `consent.judgement.asking.lay_judged`, which owns its columns; declared here for those who read it.
JUDGED = TemporaryTable(
    "judged",
    "one contact of the relation that was asked about, with the judgement of one use",
    {
        "contact_id": _CONTACT,
        "verdict": _VERDICT,
        "decision": _DECISION,
        "codes": _CODES,
        "worst_code": _WORST_CODE,
        "best_delivery_id": Column("varchar", "the delivery of its best act; null where it has none"),
        "best_line_number": Column("bigint", "the line of its best act"),
    },
)

COUNTED = TemporaryTable(
    "counted",
    "one answer of the judgement, with how many contacts get it; an answer may stand in several rows, whose counts add up",
    {
        "verdict": _VERDICT,
        "decision": _DECISION,
        "codes": _CODES,
        "worst_code": _WORST_CODE,
        "contacts": Column("bigint", "contacts; below zero where contacts are taken off again"),
    },
)

ASKED_WITH_FACTS = TemporaryTable(
    "asked_with_facts",
    "one contact that was asked about and of whom something became known since the base was built",
    {"contact_id": _CONTACT},
)

FOUND_SITUATIONS = TemporaryTable(
    "found_situations",
    "one situation of the base that contacts are in at the moment of the use, by whether they are electors",
    {
        "situation_id": Column("integer", "the situation, as `verdict_spans` names it"),
        "is_elector": Column("boolean", "whether they are of age on the day that the use asks about"),
        "contacts": Column("bigint", "contacts without live facts"),
    },
)

CLOSED_PLACES = TemporaryTable(
    "closed_places",
    "one place of the audience for which the window of the order has no instant at all",
    {
        "zones": _ZONES,
        "is_territory_known": _IS_TERRITORY_KNOWN,
        "departement": _DEPARTEMENT,
        "codes": Column("varchar[]", "codes of the calendar that say why, sorted"),
    },
)

HELD = TemporaryTable(
    "held", "one contact of the audience that another sponsor holds for the ballot", {"contact_id": _CONTACT}
)

INVITED = TemporaryTable(
    "invited", "one contact that an invitation has reached or may have reached", {"contact_id": _CONTACT}
)

OUTSIDE_RESERVE = TemporaryTable(
    "outside_reserve", "one contact of the audience outside the part that the order reserves", {"contact_id": _CONTACT}
)

NAMED_SOURCES = TemporaryTable(
    "named_sources",
    "one delivery; none where the text of the order names no source",
    {
        "delivery_id": Column("varchar", "the delivery"),
        "source": Column("varchar", "name of the partner that delivered it"),
    },
)

DECIDED_AUDIENCE = TemporaryTable(
    "decided_audience",
    "one contact of the audience, with the message that it gets or the code under which it is left out",
    {
        "contact_id": _CONTACT,
        "bureau_code": _BUREAU,
        "send_id": Column("varchar", "id of its message: hash of plan and contact"),
        "position": Column("bigint", "from 1, in the order of send_id; counted apart for those who get no message"),
        "source": Column("varchar", "partner of its best act, where the text names it; else null"),
        "excluded_under": Column("varchar", "the first code against it; null = it gets a message"),
        "codes": Column("varchar[]", "every code against it, sorted"),
    },
)

ASKED_CONTACTS = TemporaryTable(
    "asked_contacts", "one contact of the audience about which a number is asked now", {"contact_id": _CONTACT}
)

TOLD_CONTACTS = TemporaryTable(
    "told_contacts",
    "one contact of an audience about which the sponsor was told a number before",
    {"contact_id": _CONTACT},
)

TABLES = (
    AUDIENCE,
    JUDGED,
    COUNTED,
    ASKED_WITH_FACTS,
    FOUND_SITUATIONS,
    CLOSED_PLACES,
    HELD,
    INVITED,
    OUTSIDE_RESERVE,
    NAMED_SOURCES,
    DECIDED_AUDIENCE,
    ASKED_CONTACTS,
    TOLD_CONTACTS,
)
