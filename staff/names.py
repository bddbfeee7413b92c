"""Names of persons where one account plays everybody: which of them are the same person, and which only look so.

Elsewhere the account of the operating system says who acts (`staff.acting`), and no name is asked.
"""

from __future__ import annotations

import re
import unicodedata

from terms.errors import UsageError
from terms.free_text import refuse_number

#: Latin letters that do not fall into a letter and a mark.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "’": "'"})

#: What an eye does not tell apart, in the order in which it is replaced.
_ALIKE = (("rn", "m"), ("vv", "w"), ("l", "i"), ("1", "i"), ("j", "i"), ("0", "o"), ("5", "s"))


def person_id_of(name: str) -> str:
    """Return the id of the person of a name: the same whatever its case, accents, spaces and punctuation.

    Raises:
        UsageError: no name, a number of a person in it, or a letter that is not Latin: it could look like another's.
    """
    refuse_number(name, "The person")
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_LETTERS)
    plain = "".join(sign for sign in unicodedata.normalize("NFD", folded) if not unicodedata.combining(sign))
    if not plain.isascii():
        raise UsageError(
            "The name of the person has a letter that is not Latin, and could look like another person's.",
            "Write it in Latin letters.",
        )
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not found:
        raise UsageError("A decision needs a person.", "Give the name with --by.")
    return found


def look_of(person_id: str) -> str:
    """Return what an eye sees of an id: ids that look alike have the same one."""
    seen = person_id.replace("-", "").replace(".", "")
    for sign, as_seen in _ALIKE:
        seen = seen.replace(sign, as_seen)
    return seen
