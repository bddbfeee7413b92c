"""SQL for two choices: which contour is used where several sources give one, and which commune an old code is today.

Which point lies in which contour belongs to `territories.contours`.
"""

from __future__ import annotations

from stores.sql_files import sql_of


def serving_contours() -> str:
    """Return the query of the contours that serve, with the columns of `published_contours`.

    Of several drawings of a commune, the one that goes first serves: of bureaux by the sources' precedence on a map, of
    IRIS by the vintage of the contour. Two drawings at once would put each address into two territories.
    """
    return sql_of(__file__, "contours")


def todays_communes() -> str:
    """Return the query of codes that are no commune of today (`known_code`), each with the one that it is part of.

    A commune that was divided is in none of the rows.
    """
    return sql_of(__file__, "today")
