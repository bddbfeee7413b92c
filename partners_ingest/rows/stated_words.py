"""What a row states in words (form version, notice, channels, purposes, recipients), as it may leave the vault.

A word that the dossier knows stays as it is. Of any other text the lake has a keyed hash, and the vault the text; a hash stands for
the same text wherever it is met, so that the row is read again once the dossier has learned the word. Which words are known is
said by `consent.dossiers.known_words`; typed cells (postcode, country, dates) belong to `values`.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from consent.dossiers.known_words import KnownWords
from stores.engine import quoted
from stores.keys import RowHash
from stores.sql_files import sql_of
from terms.reasons import RowRepair

#: Before the hash of a word that the dossier does not know.
UNKNOWN = "unknown:"
#: Name of the key that hashes words, among the parameters of a query.
KEY = "word"
_ONE_WORD = ("form_version", "notice_id")
_LISTS = ("channels", "purposes", "recipients")
#: Typed cells of which the lake has a value or nothing.
_TYPED = ("postcode", "country")
#: What is searched for a person: cells of few words. A text shown may name anybody.
_SEARCHED = ("form_version", *_LISTS, *_TYPED)


def create_word_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary macros that the expressions of this module use (after those of `values`)."""
    connection.execute(sql_of(__file__, "macros"))


def unknown_fields_sql(words: KnownWords) -> str:
    """Return SQL for the names of the fields whose text stays in the vault; an empty list for nearly every row.

    Args:
        words: that the dossier knows.
    """
    known = {
        **{field: f"{field} is null or {field} in ({_listed(words, field)})" for field in _ONE_WORD},
        **{
            field: f"{field} is null or list_has_all([{_listed(words, field)}]::varchar[], {field})" for field in _LISTS
        },
        **{field: f"not list_contains(unread, '{field}')" for field in _TYPED},
    }
    every = " and ".join(f"({condition})" for condition in known.values())
    named = ", ".join(f"if({condition}, null, '{field}')" for field, condition in known.items())
    return f"if({every}, []::varchar[], list_filter([{named}]::varchar[], lambda field: field is not null))"


def leaving_sql(words: KnownWords) -> Mapping[str, str]:
    """Return column of the lake -> SQL of what leaves of it, over rows that have `unknown_fields`; `RowHash.sql` needs `KEY`.

    Args:
        words: that the dossier knows.
    """
    one = {field: _known_or_hash(field, field, words) for field in _ONE_WORD}
    lists = {field: f"list_transform({field}, lambda part: {_known_or_hash('part', field, words)})" for field in _LISTS}
    return {field: f"if(len(unknown_fields) = 0, {field}, {leaving})" for field, leaving in (one | lists).items()}


def kept_texts_sql() -> str:
    """Return SQL for the vault's part: the cells of `unknown_fields` as JSON, null where there is none."""
    cells = ", ".join(f"'{field}': {_stated(field)}" for field in (*_ONE_WORD, *_LISTS, *_TYPED))
    return f"if(len(unknown_fields) = 0, null, told_cells(unknown_fields, {{{cells}}}::json))"


def found_person_sql() -> str:
    """Return SQL for the code of a person found in a cell of few words; an empty list for nearly every row."""
    cells = ", ".join(f"if(list_contains(unknown_fields, '{field}'), {_stated(field)}, null)" for field in _SEARCHED)
    code = RowRepair.IDENTITY_IN_OTHER_COLUMN
    return (
        f"if(len(unknown_fields) > 0 and tells_of_person(concat_ws(chr(10), {cells}), given_name, family_name),"
        f" ['{code}']::varchar[], []::varchar[])"
    )


def word_hash_sql(word: str) -> str:
    """Return SQL for what stands in the lake for a word that the dossier does not know."""
    return f"'{UNKNOWN}' || {RowHash.sql(f'partner_id || chr(31) || {word}', KEY)}"


def word_hash(key: RowHash, partner_id: str, word: str) -> str:
    """Return what stands in the lake for a word that the dossier did not know.

    Args:
        key: that hashes words.
        partner_id: whose word.
        word: as it was stated; of a notice its id.
    """
    return UNKNOWN + key.hex(f"{partner_id}\x1f{word}")


def _known_or_hash(word: str, field: str, words: KnownWords) -> str:
    return f"if({word} is null or {word} in ({_listed(words, field)}), {word}, {word_hash_sql(word)})"


def _stated(field: str) -> str:
    """Return SQL for a cell as delivered: of a typed cell and of a notice another column has it."""
    return f"stated_{field}" if field in (*_TYPED, "notice_id") else field


def _listed(words: KnownWords, field: str) -> str:
    known: tuple[str, ...] = getattr(words, field)
    return ", ".join(f"'{quoted(word)}'" for word in known) or "null"
