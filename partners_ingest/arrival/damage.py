"""What is raised where a container is cut or damaged, whoever unpacks it.

Light, because every look-up of a line imports it; unpacking belongs to `unpacking` and `table_files`.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib


class LimitPassed(Exception):
    """A file that asks for more than reading it may take; its words name the limit and hold nothing of the file."""


class TableDamaged(Exception):
    """A spreadsheet or Parquet file that cannot be opened or read to its end; says nothing of its content."""


#: What is raised when a container is cut or damaged.
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, TableDamaged)
