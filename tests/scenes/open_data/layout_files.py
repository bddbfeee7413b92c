"""The shipped sources, tiny files for their layouts, and the rows that a layout gives.

Which rows are right is up to each test.
"""

from pathlib import Path

from open_data.layouts.registry import layout_of
from open_data.sources import read_sources
from stores.engine import connect

SOURCES = {
    source.source_id: source for source in read_sources(Path(__file__).resolve().parents[3] / "config/open_data")
}


def shaped(source, table, *paths):
    """Return the rows that the source's layout gives for `table`, as dictionaries."""
    connection = connect()
    select = layout_of(source).shape(connection, source, paths)[table]
    cursor = connection.execute(select)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path
