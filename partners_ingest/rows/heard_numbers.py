"""Numbers that a file of withdrawals tells beside the one by which each row was read: who withdraws is heard.

Every number of a phone cell counts, each of several. Of a record that is damaged, or whose phone cells give none, every number anywhere
in its text does: cells may be shifted or exchanged. Which number a row itself means belongs to `phone_cells`, what becomes of a
file of which a part was not read, to `partners_ingest.intake`.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from consent.dossiers.feeds import Feed
from partners_ingest.erased.erased_records import Marks
from partners_ingest.rows.fields import is_mapped
from partners_ingest.rows.phone_cells import read_distinct_cells
from stores.keys import KeyedHash, Keys
from stores.sql_files import sql_of
from terms.environment import NumberRules

#: Rows for `delivered_rows.WITHDRAWAL_SIGNALS`, from `keyed`, `heard` and `delivery`: what is told beside the accepted withdrawals.
FURTHER_WITHDRAWALS_SQL = f"{sql_of(__file__, 'beside_accepted')} union all {sql_of(__file__, 'heard_beside')}"
#: The same rows of a file that is held: everybody that it names.
ALL_WITHDRAWALS_SQL = f"{sql_of(__file__, 'everybody_named')} union all {sql_of(__file__, 'heard_beside')}"


@dataclass(frozen=True)
class Heard:
    """What a batch of withdrawals told: records that name somebody, records that say something of which nobody could be heard, and
    physical lines that hold the number of a person who was erased.
    """

    named: int
    unread: int
    erased: frozenset[int]


def hear_numbers(
    connection: duckdb.DuckDBPyConnection, feed: Feed, rules: NumberRules, keys: Keys, marks: Marks
) -> Heard:
    """Create `heard` (line_number, contact_id) of a batch: numbers beside the row's own. After `judge_rows`.

    Nobody is heard of a record that is told again or is about an erased person; an erased person's number is not heard.

    Args:
        connection: the workbench, with `fields` and `keyed` of a file of withdrawals.
        feed: of the file: without a phone column, nine bare digits are an id.
        rules: which invented numbers count as mobiles.
        keys: that make a contact of a number.
        marks: of erased persons.
    """
    connection.execute(sql_of(__file__, "macros"))
    connection.execute(sql_of(__file__, "heard_cells"), {"has_phones": is_mapped(feed, "phone")})
    cells = "select distinct cell, country, postcode_start from heard_cells"
    read_distinct_cells(connection, cells, rules)
    connection.execute(
        f"create or replace table heard_numbers as select distinct line_number, e164, {Keys.contact_id_sql('e164')} as contact_id,"
        f" {KeyedHash.sql('e164', 'mark')} as mark from ({sql_of(__file__, 'read_numbers')})",
        {**keys.contact.parameters("contact"), **marks.key.parameters("mark")},
    )
    connection.register("closed_marks", pa.table({"mark": pa.array(sorted(marks.closed().marks), pa.string())}))
    connection.execute(sql_of(__file__, "heard"))
    erased = connection.execute(sql_of(__file__, "erased_lines")).fetchall()
    connection.unregister("closed_marks")
    told = connection.execute(sql_of(__file__, "counts")).fetchone()
    assert told is not None  # an aggregate always gives a row
    return Heard(int(told[0]), int(told[1]), frozenset(int(line) for (line,) in erased))
