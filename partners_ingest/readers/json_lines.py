"""Reader of JSON lines: one physical line is one record, cells are the paths that the dossier maps.

Lines are parsed once per record, by columns; only numbers in scientific notation, which DuckDB would round, are
restored by Python. What the cells mean belongs to `fields`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import duckdb
import pyarrow as pa

from consent.dossiers.feeds import Feed
from partners_ingest.readers.cells import RECORD_KEY
from partners_ingest.readers.json_paths import entries_of, expression_of, structure_of
from partners_ingest.readers.records import Header, LinesEnd, Records
from partners_ingest.readers.repeated_keys import find_repeated_keys
from partners_ingest.readers.text_lines import create_text_lines
from stores.engine import quoted

#: Fields of which two entries that differ make a record say nothing.
_OF_A_CONSENT = (
    "consent_flag",
    "consented_at",
    "notice_id",
    "notice_text",
    "form_version",
    "entry_state",
    "erasure",
    "phone",
)

#: A string, whose brackets do not count, or a bracket.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_STEP_OF = {"{": 1, "[": 1, "}": -1, "]": -1}


@dataclass(frozen=True)
class RecordLimits:
    """The most brackets within brackets and the most digits of a whole number that one record may have."""

    nesting: int
    digits: int


@dataclass(frozen=True)
class JsonLinesReader:
    """Reads feeds with `format: jsonl`; `nesting` and `digits` are the most that a record may have (`terms.limits`)."""

    nesting: int
    digits: int

    def read_header(self, connection: duckdb.DuckDBPyConnection, feed: Feed) -> Header:
        """Return no labels: every record names its own."""
        create_text_lines(connection, feed)
        return Header((), (), 0, None)

    def read_records(
        self, connection: duckdb.DuckDBPyConnection, feed: Feed, header: Header, end: LinesEnd = LinesEnd.FILE
    ) -> Records:
        """Create the view `records`; the labels are the mapped paths.

        What a record says is its mapped cells and how long it is without blanks: its keys may come in any order, and to
        sort all of them would cost more than to read it.

        Args:
            connection: the workbench, with `lines` or `text_lines`.
            feed: of the file.
            header: of the file, as `read_header` returned it.
            end: what comes after the lines that are there.
        """
        paths = list(dict.fromkeys(path for paths in feed.mapping.values() for path in paths))
        _keep_written_numbers(connection, RecordLimits(self.nesting, self.digits))
        find_repeated_keys(connection, paths)
        _create_json_records(connection)
        cells = ", ".join(expression_of(path, "parsed") for path in paths)
        connection.execute(
            f"""
            create or replace view records as
            with read as (
                select *, if(is_object, from_json(text, '{quoted(structure_of(paths))}'), null) as parsed
                from json_records
            ),
            judged as (select * replace ({_judged(feed)} as problem) from read)
            select line_number, 1 as line_count, byte_offset, byte_length, problem,
                if(problem is null, md5_number(concat_ws(chr(31), length(json(text)::varchar), {cells})), null) as content_key,
                {RECORD_KEY} as record_key, text as record_text,
                if(problem is null, [{cells}], null) as cells,
                if(problem is not null and is_object, [{cells}], null) as remains
            from judged
            """
        )
        return Records(MappingProxyType({path: place for place, path in enumerate(paths, start=1)}), header)


def _judged(feed: Feed) -> str:
    """Return SQL for the structural code of a record: of two entries that one path means, none says more than the other.

    Asked of what a consent is made of; of two postcodes the first counts, as of two columns.
    """
    paths = dict.fromkeys(path for field in _OF_A_CONSENT for path in feed.mapping.get(field, ()))
    told = [entries for path in paths if (entries := entries_of(path, "parsed")) is not None]
    if not told:
        return "problem"
    several = " or ".join(dict.fromkeys(f"len({entries}) > 1" for entries, _ in told))
    differ = " or ".join(f"len(list_distinct({texts})) > 1" for _, texts in told)
    return f"case when problem is null and ({several}) and ({differ}) then 'FIELD_REPEATED' else problem end"


def _create_json_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the view `json_records`. (As a table of few long lines it would be one group of rows, and one thread's work.)"""
    connection.execute(
        """
        create or replace view json_records as
        select line_number, byte_offset, byte_length, coalesce(written, text) as text,
            is_decodable and is_object and not coalesce(is_beyond, false) as is_object, case
            when not is_decodable then 'ENCODING_INVALID'
            when not is_terminated then 'LINE_TRUNCATED'
            when not is_object or is_beyond then 'JSON_INVALID'
            when repeated_keys.line_number is not null then 'FIELD_REPEATED' end as problem
        from (select *, try(json_type(text)) is not distinct from 'OBJECT' as is_object from text_lines)
            left join written_numbers using (line_number) left join repeated_keys using (line_number)
        """
    )


def _keep_written_numbers(connection: duckdb.DuckDBPyConnection, limits: RecordLimits) -> None:
    """Create `written_numbers` of the lines that Python must look at.

    `written` is a line whose numbers such as 3.36E+10 are text: read as a double, lost digits would come back as zeros. It is
    null where nothing changes, or where the record `is_beyond` its limits.
    """
    rows = connection.execute(
        "select * from (select line_number, text,"
        # the blanks of JSON, not `\\s`: that takes twice as long
        r" regexp_matches(text, '[:\[,][ \t\r]*-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]') as is_scientific from text_lines"
        " where is_decodable and is_terminated)"
        rf" where (is_scientific or strlen(text) - strlen(replace(replace(text, '{{', ''), '[', '')) > {limits.nesting})"
        " and try(json_type(text)) is not distinct from 'OBJECT'"
    ).fetchall()
    written = [(line, *_written(text, is_scientific, limits)) for line, text, is_scientific in rows]
    lines, texts, beyond = zip(*written, strict=True) if written else ((), (), ())
    kept = pa.table(
        [pa.array(lines, pa.int64()), pa.array(texts, pa.string()), pa.array(beyond, pa.bool_())],
        ["line_number", "written", "is_beyond"],
    )
    connection.register("written_batch", kept)
    connection.execute("create or replace table written_numbers as select * from written_batch")
    connection.unregister("written_batch")


def _written(text: str, is_scientific: bool, limits: RecordLimits) -> tuple[str | None, bool]:
    """Return a record with its scientific numbers as texts, None where it has none, and whether it is beyond its limits."""
    if depth_of(text) > limits.nesting:
        return None, True
    if not is_scientific:
        return None, False
    try:
        return json.dumps(_with_numbers_as_texts(text, limits), ensure_ascii=False), False
    except (ValueError, RecursionError):
        return None, True


def _with_numbers_as_texts(text: str, limits: RecordLimits) -> object:
    return json.loads(text, parse_float=str, parse_int=partial(_whole, limits.digits))


def _whole(most_digits: int, number: str) -> int:
    if len(number) > most_digits:
        raise ValueError
    return int(number)


def depth_of(text: str) -> int:
    """Return how many brackets of a JSON text are open at once, at most."""
    depth = deepest = 0
    for token in _TOKEN.findall(text):
        depth += _STEP_OF.get(token, 0)
        deepest = max(deepest, depth)
    return deepest
