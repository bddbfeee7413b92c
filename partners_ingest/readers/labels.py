"""Header labels as they are compared: accents, case and spaces do not count, a metafield counts by its key.

Comparing whole headers with a dossier belongs to `headers`.
"""

from __future__ import annotations

import re
from unicodedata import combining, normalize

from partners_ingest.readers.text_repair import repair_mojibake
from terms.unicode_marks import with_few_marks

_METAFIELD = re.compile(r"\((customer\.metafields\.[^()]+)\)\s*$")


def plain_label(label: str) -> str:
    """Return a label after NFKD, accents off, casefold, spaces collapsed (partners README, section 1).

    Mojibake is undone first: it sits in headers too (feeds.md 3.2), as in UTF-8 where cp1252 is declared.

    A label that ends in `(customer.metafields.x.y)` is `customer.metafields.x.y`, whatever precedes it: merchants
    choose what precedes it (feeds.md 1.1).
    """
    whole = repair_mojibake(label)
    metafield = _METAFIELD.search(whole)
    text = normalize("NFKD", with_few_marks(metafield[1] if metafield else whole))
    return " ".join("".join(char for char in text if not combining(char)).casefold().split())
