"""Records of formats that have columns: the structural tests that delimited text and tables share.

How a line becomes cells belongs to the readers; what the cells mean, to `fields`.
"""

from __future__ import annotations

from types import MappingProxyType

import duckdb

from consent.dossiers.feeds import ANY, Feed
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Header, Records
from stores.engine import text_sql

#: A French number: what is left of a cut one is shorter, so it may be last in a cut line. Of an id nobody can tell.
_WHOLE_NUMBER = r" *(?:\+33|0033|0) ?[1-9](?:[ .-]?[0-9]){8} *"

#: SQL for the key of a record's text, from its `content_key`: texts of the same cells differ little, so a short hash tells them
#: apart; one of 128 bits over all of the text would take a tenth of the reading of long ones.
RECORD_KEY = "coalesce(xor(content_key, hash(text)::uhugeint), md5_number(text))"


def create_records(
    connection: duckdb.DuckDBPyConnection, feed: Feed, header: Header, split: str, pieces: str = "found"
) -> Records:
    """Create the view `records` of a query of split records, and return the position of each label.

    Args:
        connection: where both live.
        feed: of the file: a label that it maps and that the header has twice says one thing or nothing.
        header: of the file.
        split: query for `line_number, line_count, byte_offset, byte_length, text, is_decodable, is_terminated` and
            `found` (VARCHAR[], null where the quoting is broken), the header left out.
        pieces: SQL of what a damaged record falls into.
    """
    by_label = sorted(range(1, len(header.labels) + 1), key=lambda place: header.labels[place - 1])
    in_order = ", ".join(f"found[{place}]" for place in by_label) or "''"
    repeated = "null" if header.text is None else text_sql(header.text)
    connection.execute(
        f"""
        create or replace view records as
        with judged as (
            select *, case
                when not is_decodable then 'ENCODING_INVALID'
                when not is_terminated then 'LINE_TRUNCATED'
                when text = {repeated} then 'HEADER_REPEATED'
                when found is null then 'CSV_QUOTE_BROKEN'
                when len(found) <> {len(header.labels)} then 'CSV_FIELD_COUNT'
                {_repeated_sql(feed, header)} end as problem
            from ({split})
        )
        select line_number, line_count, byte_offset, byte_length, problem,
            if(problem is null, md5_number(concat_ws(chr(31), {in_order})), null) as content_key,
            {RECORD_KEY} as record_key, text as record_text,
            if(problem is null, found, null) as cells,
            case when problem is null or problem = 'HEADER_REPEATED' then null
                when problem = 'LINE_TRUNCATED' and not regexp_full_match({pieces}[-1], '{_WHOLE_NUMBER}') then {pieces}[:-2]
                else {pieces} end as remains
        from judged
        """
    )
    return Records(MappingProxyType({label: place for place, label in enumerate(header.labels, start=1)}), header)


def _repeated_sql(feed: Feed, header: Header) -> str:
    """Return the branch for records in which two columns of one mapped label differ; blank for nearly every header."""
    mapped = {plain_label(column) for named in (*feed.mapping.values(), *feed.choices.values()) for column in named} - {
        ANY
    }
    places = [[place for place, label in enumerate(header.labels, start=1) if label == one] for one in sorted(mapped)]
    differ = [
        f"found[{first}] <> found[{other}]"
        for first, *others in (found for found in places if found)
        for other in others
    ]
    return f"when {' or '.join(differ)} then 'FIELD_REPEATED'" if differ else ""
