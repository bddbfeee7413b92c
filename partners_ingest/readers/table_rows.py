"""Reader of tables (spreadsheet, Parquet): one row is one record, cells are texts already.

How a table file becomes lines belongs to `partners_ingest.arrival.table_files`.
"""

from __future__ import annotations

import json

import duckdb

from consent.dossiers.feeds import Feed
from partners_ingest.readers.cells import create_records
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Header, LinesEnd, Records
from partners_ingest.readers.text_lines import create_text_lines, first_text


class TableReader:
    """Reads feeds with `format: xlsx` or `parquet`; the first row names the columns unless the dossier does."""

    def read_header(self, connection: duckdb.DuckDBPyConnection, feed: Feed) -> Header:
        """Return the labels of the first row; blank cells at its end are no columns."""
        create_text_lines(connection, feed)
        if not feed.header:
            return Header(tuple(plain_label(label) for label in feed.headers[0]), feed.headers[0], 0, None)
        text = first_text(connection) or "[]"
        cells = [str(cell) for cell in json.loads(text)]
        while cells and not cells[-1].strip():
            cells.pop()
        return Header(tuple(plain_label(cell) for cell in cells), tuple(cells), 1, text)

    def read_records(
        self, connection: duckdb.DuckDBPyConnection, feed: Feed, header: Header, end: LinesEnd = LinesEnd.FILE
    ) -> Records:
        """Create the view `records`; a row with anything to the right of the header has not its number of fields.

        Args:
            connection: the workbench, with `lines` or `text_lines`.
            feed: of the file.
            header: of the file, as `read_header` returned it.
            end: what comes after the lines that are there.
        """
        width = len(header.labels)
        return create_records(
            connection,
            feed,
            header,
            f"""
            select line_number, 1 as line_count, byte_offset, byte_length, text, is_decodable, is_terminated,
                if(len(list_filter(cells[{width + 1}:], lambda cell: cell <> '')) = 0, cells[:{width}], cells) as found
            from (select *, from_json(text, '["VARCHAR"]') as cells from text_lines where line_number > {header.lines})
            """,
        )
