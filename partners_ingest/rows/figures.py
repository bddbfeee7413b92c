"""What is counted of each delivery, so that it can be compared with others and told to the partner.

Counts, codes, names of fields and line numbers; of words only keyed hashes, for a shifted column puts a name where a
word should be. What is unusual is decided in `drift`, how it is told in `report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from partners_ingest.rows.stated_words import UNKNOWN
from stores.engine import connect
from stores.keys import Keys, RowHash
from stores.lake import Lake
from stores.schemas import delivered_rows
from stores.sql_files import sql_of
from terms.reasons import RowRepair

#: Figure of a word that the dossier did not know; its subject is the field and what the lake has in place of the word.
UNKNOWN_WORD = "unknown_word"
#: Line numbers kept as examples of a figure.
EXAMPLES = 20
#: Words of one field that are told apart; more are free text and no list of words.
_WORDS = 100

#: Columns whose share of blanks tells that an export has changed, by kind of feed: name -> SQL over `keyed`.
_WATCHED: Mapping[str, Mapping[str, str]] = {
    "optins": {
        "sex": "sex",
        "birth_date": "birth_date",
        "postcode": "postcode",
        "consented_at": "consented.at",
        "notice_id": "notice_id",
        "form_version": "form_version",
        "street": "address_key",
        "ip": "ip_key",
    },
    "withdrawals": {"withdrawn_at": "stated"},
}
#: Fields of few words, by kind of feed: name -> SQL over `keyed` of the word as delivered.
_WORDED: Mapping[str, Mapping[str, str]] = {
    "optins": {
        "consent_flag": "consent_flag",
        "sex": "sex_raw",
        "entry_state": "entry_state",
        "country": "country",
        "form_version": "form_version",
        "notice_id": "notice_id",
    },
    "withdrawals": {},
}
#: What many rows of one file should not share.
_REPEATED: Mapping[str, Mapping[str, str]] = {"optins": {"street": "address_key", "ip": "ip_key"}, "withdrawals": {}}

#: SQL for the first lines of several lists of lines.
_FIRST_LINES = f"list_sort(flatten(list(lines) filter (lines is not null)))[:{EXAMPLES}]"

#: Age of a consent at its file's export, in days: upper bound (excluded) and name.
AGES: tuple[tuple[int, str], ...] = (
    (1, "under a day"),
    (7, "under a week"),
    (31, "under a month"),
    (92, "under 3 months"),
    (365, "under a year"),
    (1096, "under 3 years"),
)
OLDER = "3 years and more"


@dataclass(frozen=True)
class Figure:
    """A number of rows, with the first lines of them. `subject` is a code, a field, an age, or blank."""

    rows: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Figures:
    """All figures of one delivery, by kind and subject; what was not counted reads as no row."""

    counted: Mapping[tuple[str, str], Figure]

    def of(self, figure: str) -> dict[str, Figure]:
        """Return the figures of one kind by subject."""
        return {subject: found for (kind, subject), found in self.counted.items() if kind == figure}

    def rows(self, figure: str, subject: str) -> int:
        """Return one number of rows."""
        found = self.counted.get((figure, subject))
        return found.rows if found else 0


def create_figure_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that hold what is counted, batch by batch."""
    connection.execute("create table counted (figure varchar, subject varchar, rows bigint, lines bigint[])")
    connection.execute("create table counted_words (field varchar, word varchar, rows bigint, lines bigint[])")
    # what many rows share is found once all are there: sixteen bytes of each row
    for name in _REPEATED["optins"]:
        connection.execute(f"create table shared_{name} (line_number bigint, key ubigint)")


def count_batch(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Count a batch in `keyed`.

    Kinds: `unknown_word` by field and what the lake has of it, `rows` (data, accepted, quarantined, repaired, given, refused, withdrawing), `reason` and `repair` by code, `unread` and
    `blank` by field (accepted rows), `word` by field and keyed word, `age` of consents, `repeat` (the rows that share
    one address or IP).
    """
    _count_rows(connection, kind)
    for column, figure in (("reasons", "reason"), ("repairs", "repair"), ("unread", "unread")):
        only = "true" if figure == "reason" else "len(reasons) = 0"
        connection.execute(
            f"insert into counted select '{figure}', code, count(*), min(line_number, {EXAMPLES})"
            f" from (select line_number, unnest({column}) as code from keyed where {only}) group by code"
        )
    for field, column in _WORDED[kind].items():
        connection.execute(
            f"insert into counted_words select '{field}', {column} as word, count(*), min(line_number, {EXAMPLES})"
            f" from keyed where problem is null and {column} <> '' group by word"
        )
    for name, column in _REPEATED[kind].items():
        connection.execute(
            f"insert into shared_{name} select line_number, hash({column})"
            f" from keyed where len(reasons) = 0 and {column} is not null"
        )
    if kind == "optins":
        _count_ages(connection)
        connection.execute(sql_of(__file__, "count_unknown_words"), {"figure": UNKNOWN_WORD, "unknown": UNKNOWN})


def sum_figures(connection: duckdb.DuckDBPyConnection, kind: str, keys: Keys) -> Figures:
    """Put what was counted of all batches together, as the rows for `delivered_rows.DELIVERY_FIGURES` in the table `figures`.

    Args:
        connection: the workbench.
        kind: what the feed tells, `optins` or `withdrawals`.
        keys: with which the words of a feed are hashed.
    """
    word = RowHash.sql("word", "word")
    connection.execute(
        f"""
        create table figures as
        select figure, subject, sum(rows)::bigint as rows, {_FIRST_LINES} as lines from counted group by figure, subject
        union all
        select 'word', field || ':' || {word}[:12], rows, lines from (
            select field, word, sum(rows)::bigint as rows, {_FIRST_LINES} as lines from counted_words group by field, word
            qualify row_number() over (partition by field order by sum(rows) desc, word) <= {_WORDS}
        )
        """,
        keys.source.parameters("word"),
    )
    for name in _REPEATED[kind]:
        _count_repeats(connection, name)
    rows = connection.execute("select figure, subject, rows, lines from figures").fetchall()
    return _figures(rows)


def figures_sql() -> str:
    """Return SQL for the rows of `delivered_rows.DELIVERY_FIGURES`, from `figures` and `delivery`."""
    return (
        "select delivery_id, figure, subject, rows, coalesce(lines, []) as lines from figures cross join delivery"
        " order by figure, subject"
    )


def read_figures(lake: Lake, names: Sequence[str]) -> list[Figures]:
    """Return the figures of these readings, in their order; a reading of before they were counted is left out."""
    present = [name for name in names if lake.path(delivered_rows.DELIVERY_FIGURES, name).exists()]
    with connect() as connection:
        return [
            _figures(
                connection.execute(
                    f"select figure, subject, rows, lines from ({lake.sql(delivered_rows.DELIVERY_FIGURES, [name])})"
                ).fetchall()
            )
            for name in present
        ]


def _figures(rows: Iterable[tuple[str, str, int, list[int] | None]]) -> Figures:
    return Figures({(kind, subject): Figure(count, tuple(lines or ())) for kind, subject, count, lines in rows})


def _count_rows(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Insert the figures that one pass over the rows gives."""
    told = {
        ("rows", "data"): "true",
        ("rows", "accepted"): "ok",
        ("rows", "quarantined"): "not ok",
        # guards are written by some shops before every value: counted by their code, they are no sign of damage
        (
            "rows",
            "repaired",
        ): f"ok and len(repairs) > list_contains(repairs, '{RowRepair.SPREADSHEET_GUARD_REMOVED}')::int",
    }
    if kind == "optins":
        told |= {
            ("rows", "given"): "ok and flag = 'given'",
            ("rows", "refused"): "ok and flag = 'refused'",
            ("rows", "withdrawing"): "signal is not null",
        }
    told |= {("blank", field): f"ok and {column} is null" for field, column in _WATCHED[kind].items()}
    counted = ", ".join(
        f"{{'figure': '{figure}', 'subject': '{subject}', 'rows': count(*) filter ({condition}),"
        f" 'lines': {_examples(figure, condition)}}}"
        for (figure, subject), condition in told.items()
    )
    connection.execute(
        f"insert into counted select figure.* from (select unnest([{counted}]) as figure"
        " from (select *, len(reasons) = 0 as ok from keyed))"
    )


def _examples(figure: str, condition: str) -> str:
    """Lines say where a fault is: of all accepted rows they would say nothing."""
    if figure != "blank":
        return "null::bigint[]"
    return f"min(line_number, {EXAMPLES}) filter ({condition})"


def _count_repeats(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Insert how many accepted rows share the most frequent key; found approximately, then counted exactly."""
    connection.execute(
        f"""
        insert into figures
        select 'repeat', '{name}', count(*), min(line_number, {EXAMPLES})
        from shared_{name} where key = (select approx_top_k(key, 1)[1] from shared_{name})
        """
    )


def _count_ages(connection: duckdb.DuckDBPyConnection) -> None:
    older = " ".join(f"when days < {bound} then '{name}'" for bound, name in AGES)
    connection.execute(
        f"""
        insert into counted
        select 'age', case {older} else '{OLDER}' end as age, count(*), null
        from (
            select date_diff('day', consented.at, exported_at) as days from keyed cross join delivery
            where len(reasons) = 0 and flag = 'given' and consented.at is not null
        ) group by age
        """
    )
