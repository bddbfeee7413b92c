"""Feeds of a dossier: one kind of file that a partner sends and how to read it, as frozen records, read and checked.

A new key of a feed is a field here. The rest of a dossier belongs to `consent.dossiers.dossiers`; reading files by a feed, to `partners_ingest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from configuration.field_types import (
    AnyText,
    AnyWholeNumber,
    Checked,
    Means,
    OneOrMore,
    Text,
    Unfit,
    YesNo,
    known_words,
    written,
)
from consent.dossiers.date_patterns import NAMED_PATTERNS, read_pattern

#: Canonical fields of a row (partners README, section 1), and `erasure`: the partner erased this person.
CANONICAL_FIELDS = frozenset(
    "source_record_id given_name family_name sex birth_date email phone street postcode city country consent_flag"
    " consented_at consent_id notice_id notice_text form_version page_url ip user_agent channels purposes"
    " recipients entry_state withdrawn_at reason erasure".split()
)
#: Formats of tables: spreadsheets and Parquet.
TABLE_FORMATS = frozenset({"xlsx", "parquet"})
#: Fields whose cells are lists.
LIST_FIELDS = frozenset({"channels", "purposes", "recipients"})
#: A label of a header whatever its name; a word of `values` that is any other text.
ANY = "*"
#: Fields that say who a person is, and those that the vault alone keeps: a column of the first has no place but among the second.
IDENTITY_FIELDS = frozenset({"phone", "email", "given_name", "family_name", "street", "ip"})
_VAULT_FIELDS = IDENTITY_FIELDS | {"source_record_id", "consent_id", "city", "user_agent", "page_url", "reason"}
#: Columns of secrets in exports of shops (feeds.md 1.3, 1.4): they stay in the evidence, and are told of.
SECRET_COLUMNS = frozenset(
    {"mot de passe", "mot_de_passe"}
    | set(
        "user_pass user_password password passwd pwd password_hash passwordhash password_digest hashed_password"
        " encrypted_password rp_token user_activation_key session_tokens".split()
    )
)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unfit("is not a time zone") from None


def _check_name_format(form: str) -> None:
    try:
        datetime.strptime(datetime(2026, 1, 2, 3, 4, 5).strftime(form), form)
    except (ValueError, KeyError):
        raise Unfit("is no strptime format") from None


def _check_date_pattern(text: str) -> None:
    if text not in NAMED_PATTERNS and read_pattern(text) is None:
        raise Unfit(f"is no date pattern: {', '.join(NAMED_PATTERNS)} or one such as DD/MM/YYYY HH:MM")


_DATE_PATTERN = rf"{'|'.join(NAMED_PATTERNS)}|(YYYY|YY|MMM|MM|DD|D|HH|SS|[ /.,:T-])+"
_MAPPING = (
    "field -> column, columns, or path (jsonl). All columns of phone, street, channels, purposes and recipients count; of any"
    " other field the first that is not blank"
)
TimeZone = Annotated[Text, Checked(_check_zone)]
DatePattern = Annotated[
    AnyText,
    Checked(_check_date_pattern),
    Means(f"{', '.join(NAMED_PATTERNS)}, or composed of YYYY, YY, MMM, MM, DD, D, HH, MM, SS", f"^({_DATE_PATTERN})$"),
]
Field = Annotated[str, known_words(CANONICAL_FIELDS)]
ListField = Annotated[str, known_words(LIST_FIELDS)]
Letter = Annotated[str, known_words({"M", "F"})]
Texts = tuple[AnyText, ...]
TextOrTexts = Annotated[Texts, OneOrMore()]
Words = Mapping[str, Texts]


@written()
@dataclass(frozen=True)
class KnownBad:
    """The header of an export that is known to be spoilt, and the columns that show it."""

    name: AnyText
    labels: Texts
    given_name: AnyText
    email: AnyText


@written()
@dataclass(frozen=True)
class ExportInstant:
    """How a file's name tells when it was exported: a strptime format of the whole name, and its zone."""

    format: Annotated[AnyText, Checked(_check_name_format)]
    timezone: TimeZone


@written()
@dataclass(frozen=True)
class FlagWords:
    """The partner's words for a consent that was given and one that was refused."""

    given: Texts
    refused: Texts


@written()
@dataclass(frozen=True)
class StateWords:
    """The partner's words for an entry that is complete."""

    complete: Texts


@written()
@dataclass(frozen=True)
class ErasureWords:
    """The partner's words for a person that was erased."""

    erased: Texts


@written()
@dataclass(frozen=True)
class Values:
    """What the partner writes; words count as written (`sex`: case and final dot do not), `*` is any other text.

    `ticked`: in a column of `choices` that was chosen. `channels`, `purposes`, `recipients`: our word, the partner's words.
    """

    sex: Mapping[Letter, Texts] = field(default_factory=dict)
    consent_flag: FlagWords | None = None
    entry_state: StateWords | None = None
    erasure: ErasureWords | None = None
    ticked: Texts = ()
    channels: Words | None = None
    purposes: Words | None = None
    recipients: Words | None = None

    @property
    def flag_given(self) -> Texts:
        """The words for a consent that was given."""
        return self.consent_flag.given if self.consent_flag else ()

    @property
    def flag_refused(self) -> Texts:
        """The words for a consent that was refused."""
        return self.consent_flag.refused if self.consent_flag else ()

    @property
    def entry_complete(self) -> Texts:
        """The words for an entry that is complete."""
        return self.entry_state.complete if self.entry_state else ()

    @property
    def erased(self) -> Texts:
        """The words for a person that was erased."""
        return self.erasure.erased if self.erasure else ()

    @property
    def lists(self) -> Mapping[str, Words]:
        """The words of each list field that has any: field -> our word -> the partner's words."""
        found = {"channels": self.channels, "purposes": self.purposes, "recipients": self.recipients}
        return {name: words for name, words in found.items() if words is not None}


@written()
@dataclass(frozen=True)
class Feed:
    """One kind of file that a partner sends; a file belongs to the first feed whose pattern fits its name.

    Beyond the partners README: a label `*` of `headers` is one label whatever its name, `optional_labels` may be in
    the file or not (`*` = any further ones); `notice_from_header` names the field whose column label is the notice (the
    question of a form); `value_prefixes` are written before the values of a field by the exporter (`l:`, feeds.md
    1.5); `choices` has, for a list field, one column per choice (column -> our word).
    """

    feed_id: AnyText
    pattern: Annotated[AnyText, Means("glob over the file's name")]
    kind: Literal["optins", "withdrawals"]
    mode: Annotated[Literal["full", "delta"], Means("full: absence from the file means something")]
    format: Annotated[Literal["csv", "jsonl", "xlsx", "parquet"], Means("csv: any delimited text")]
    compression: Literal["none", "gzip", "zip", "by_suffix"]
    encoding: Annotated[AnyText | None, Means("Python's name; a byte order mark wins over it. null for tables")]
    delimiter: AnyText | None
    quote: Annotated[AnyText | None, Means("null: the exporter never quotes")]
    header: Annotated[YesNo, Means("false: the columns are the first of `headers`, in that order")]
    header_extra_label: Annotated[YesNo, Means("the header ends with one empty label that the rows do not have")]
    headers: Annotated[tuple[Texts, ...], Means("each is compared as a multiset, whatever order, accents and case")]
    exported_at: ExportInstant
    timezone: Annotated[TimeZone, Means("of times without offset, by its IANA name")]
    date_formats: Annotated[Mapping[Field, tuple[DatePattern, ...]], Means("patterns, tried in this order")]
    mapping: Annotated[Mapping[Field, TextOrTexts], Means(_MAPPING)]
    constants: Mapping[Field, AnyText]
    values: Values
    list_separators: Annotated[
        Mapping[Field, AnyText], Means("how list cells are split; consent_flag: a list of answers")
    ]
    form_version_from: Literal["form_version", "notice_id", "consented_at", "none"]
    min_rows: AnyWholeNumber
    max_change_pct: AnyWholeNumber | None
    optional_labels: Texts = ()
    known_bad: tuple[KnownBad, ...] = ()
    choices: Mapping[ListField, Mapping[str, AnyText]] = field(default_factory=dict)
    notice_from_header: Annotated[Field | None, Means("the field whose column label is the notice")] = None
    value_prefixes: Annotated[Mapping[Field, TextOrTexts], Means("taken off the values once")] = field(
        default_factory=dict
    )

    @property
    def is_table(self) -> bool:
        """Whether the files are tables, whose cells have types: their date cells are dates already."""
        return self.format in TABLE_FORMATS


def check_columns(feed: Feed) -> Iterator[Unfit]:
    """Yield what no single key can show, such as a mapped column that is in no header: it would read as blank for ever.

    No column of secrets may be mapped: it would leave the evidence. No column that is declared to be a number, a name, an address,
    an e-mail or IP address may be another field as well: it would leave the vault.
    """
    yield from _check_keys(feed)
    yield from _check_identity(feed)
    for key, columns in (("mapping", feed.mapping), ("choices", feed.choices)):
        for name, column in ((field_name, column) for field_name, named in columns.items() for column in named):
            if is_secret(column):
                yield Unfit("is a column of secrets, which is not to be read", key, name)
            elif not _is_in_a_header(column, feed):
                yield Unfit(f"names the column {column!r}, which is in none of the headers", key, name)


def _check_keys(feed: Feed) -> Iterator[Unfit]:
    if feed.notice_from_header and (feed.format == "jsonl" or feed.notice_from_header not in feed.mapping):
        yield Unfit("names a field that is mapped to no column that a header names", "notice_from_header")
    if feed.choices and not feed.values.ticked:
        yield Unfit("needs values.ticked, which says what is in a column that was chosen", "choices")
    for place, bad in enumerate(feed.known_bad):
        if not {bad.given_name, bad.email} <= set(bad.labels):
            yield Unfit("has a given_name or email that is in none of its labels", "known_bad", place)


def _check_identity(feed: Feed) -> Iterator[Unfit]:
    declared = {_compared(column): name for name in sorted(IDENTITY_FIELDS) for column in feed.mapping.get(name, ())}
    for key, columns in (("mapping", feed.mapping), ("choices", feed.choices)):
        for name, column in ((field_name, column) for field_name, named in columns.items() for column in named):
            identity = declared.get(_compared(column))
            if identity and (key == "choices" or name not in _VAULT_FIELDS):
                told = f"names the column {column!r}, which is mapped to {identity}: what says who a person is stays in the vault"
                yield Unfit(told, key, name)


def _compared(column: str) -> str:
    """Return a column as labels are compared: `partners_ingest.readers.labels` takes accents off, too."""
    return " ".join(column.casefold().split())


def _is_in_a_header(column: str, feed: Feed) -> bool:
    known = (*(label for labels in feed.headers for label in labels), *feed.optional_labels)
    return feed.format == "jsonl" or any(label == column or label.endswith(f"({column})") for label in known)


def is_secret(column: str) -> bool:
    """Return whether a column or the last key of a path is known to hold secrets (passwords, tokens)."""
    return column.rsplit(".", 1)[-1].strip().casefold() in SECRET_COLUMNS
