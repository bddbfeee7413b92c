"""Feeds of a dossier: one kind of file that a partner sends and how to read it, as frozen records, read and checked.

A new key of a feed is a field here, a line in its reader and a line in docs/schemas/dossier.schema.json. The rest of a
dossier belongs to `consent.dossiers.dossiers`; reading files by a feed, to `partners_ingest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from configuration.marked_yaml import Marked
from consent.dossiers.date_patterns import NAMED_PATTERNS, read_pattern


@dataclass(frozen=True)
class KnownBad:
    """The header of an export that is known to be spoilt, and the columns that show it."""

    name: str
    labels: tuple[str, ...]
    given_name: str
    email: str


@dataclass(frozen=True)
class ExportInstant:
    """How a file's name tells when it was exported: a strptime format and its zone."""

    format: str
    timezone: str


@dataclass(frozen=True)
class Values:
    """What a partner writes. Words count as written (`sex`: case and final dot do not); `*` is any other text.

    `sex`: letter -> words; `lists`: field -> our word -> the partner's words (`channels`, `purposes`, `recipients`);
    `ticked`: what is in a column of `Feed.choices` that was chosen; `erased`: what says that a person was erased.
    """

    sex: Mapping[str, tuple[str, ...]]
    flag_given: tuple[str, ...]
    flag_refused: tuple[str, ...]
    entry_complete: tuple[str, ...]
    erased: tuple[str, ...]
    ticked: tuple[str, ...]
    lists: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Feed:
    """One kind of file that a partner sends, and how to read it.

    Beyond the partners README: a label `*` of `headers` is one label whatever its name, `optional_labels` may be in
    the file or not (`*` = any further ones); `notice_from_header` names the field whose column label is the notice (the
    question of a form); `value_prefixes` are written before the values of a field by the exporter (`l:`, feeds.md
    1.5); `choices` has, for a list field, one column per choice (column -> our word).
    """

    feed_id: str
    pattern: str
    kind: str
    mode: str
    format: str
    compression: str
    encoding: str | None
    delimiter: str | None
    quote: str | None
    header: bool
    header_extra_label: bool
    headers: tuple[tuple[str, ...], ...]
    optional_labels: tuple[str, ...]
    known_bad: tuple[KnownBad, ...]
    exported_at: ExportInstant
    timezone: str
    date_formats: Mapping[str, tuple[str, ...]]
    mapping: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]
    values: Values
    list_separators: Mapping[str, str]
    form_version_from: str
    min_rows: int
    max_change_pct: int | None
    notice_from_header: str | None
    value_prefixes: Mapping[str, tuple[str, ...]]

    @property
    def is_table(self) -> bool:
        """Whether the files are tables, whose cells have types: their date cells are dates already."""
        return self.format in TABLE_FORMATS


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
#: Columns of secrets in exports of shops (feeds.md 1.3, 1.4): they stay in the evidence, and are told of.
SECRET_COLUMNS = frozenset(
    {"mot de passe", "mot_de_passe"}
    | set(
        "user_pass user_password password passwd pwd password_hash passwordhash password_digest hashed_password"
        " encrypted_password rp_token user_activation_key session_tokens".split()
    )
)

_REQUIRED = frozenset(
    "feed_id pattern kind format compression encoding delimiter quote header header_extra_label mode headers"
    " exported_at timezone date_formats mapping values list_separators constants form_version_from min_rows"
    " max_change_pct".split()
)
_OPTIONAL = frozenset("known_bad notice_from_header value_prefixes optional_labels choices".split())
_LETTERS = frozenset({"M", "F"})
_VALUE_KEYS = frozenset("sex consent_flag entry_state erasure ticked".split()) | LIST_FIELDS


def read_feed(item: Marked) -> Feed:
    """Return one entry of `feeds`; what no single key can show is checked by `check_columns`.

    Raises:
        MarkedValueError: names file, line and key of what is wrong.
    """
    keys = item.keys(_REQUIRED, _OPTIONAL)
    change = keys["max_change_pct"]
    return Feed(
        feed_id=keys["feed_id"].text(),
        pattern=keys["pattern"].text(),
        kind=keys["kind"].one_of("optins", "withdrawals"),
        mode=keys["mode"].one_of("full", "delta"),
        format=keys["format"].one_of("csv", "jsonl", "xlsx", "parquet"),
        compression=keys["compression"].one_of("none", "gzip", "zip", "by_suffix"),
        encoding=keys["encoding"].optional_text(),
        delimiter=keys["delimiter"].optional_text(),
        quote=keys["quote"].optional_text(),
        header=keys["header"].boolean(),
        header_extra_label=keys["header_extra_label"].boolean(),
        headers=tuple(labels.texts() for labels in keys["headers"].items()),
        optional_labels=keys["optional_labels"].texts() if "optional_labels" in keys else (),
        known_bad=tuple(_read_known_bad(bad) for bad in keys["known_bad"].items()) if "known_bad" in keys else (),
        exported_at=_read_export_instant(keys["exported_at"]),
        timezone=_read_zone(keys["timezone"]),
        date_formats=_read_date_formats(keys["date_formats"]),
        mapping=_by_field(keys["mapping"]),
        constants=_texts_by_field(keys["constants"]),
        choices=_read_choices(keys.get("choices")),
        values=_read_values(keys["values"]),
        list_separators=_texts_by_field(keys["list_separators"]),
        form_version_from=keys["form_version_from"].one_of("form_version", "notice_id", "consented_at", "none"),
        min_rows=keys["min_rows"].integer(),
        max_change_pct=None if change.is_null() else change.integer(),
        notice_from_header=_read_labelled_field(keys.get("notice_from_header")),
        value_prefixes=_by_field(keys["value_prefixes"]) if "value_prefixes" in keys else MappingProxyType({}),
    )


def _read_labelled_field(item: Marked | None) -> str | None:
    return None if item is None or item.is_null() else item.one_of(*sorted(CANONICAL_FIELDS))


def _read_known_bad(item: Marked) -> KnownBad:
    keys = item.keys(frozenset({"name", "labels", "given_name", "email"}))
    return KnownBad(keys["name"].text(), keys["labels"].texts(), keys["given_name"].text(), keys["email"].text())


def _read_export_instant(item: Marked) -> ExportInstant:
    keys = item.keys(frozenset({"format", "timezone"}))
    form = keys["format"].text()
    try:
        datetime.strptime(datetime(2026, 1, 2, 3, 4, 5).strftime(form), form)
    except (ValueError, KeyError):
        raise keys["format"].fail(f"{form!r} is no strptime format") from None
    return ExportInstant(form, _read_zone(keys["timezone"]))


def _read_zone(item: Marked) -> str:
    name = item.text()
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise item.fail(f"{name!r} is not a time zone") from None
    return name


def _fields(item: Marked) -> dict[str, Marked]:
    found = item.entries()
    for field, value in found.items():
        if field not in CANONICAL_FIELDS:
            raise value.fail(f"unknown key {field!r}")
    return found


def _read_date_formats(item: Marked) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType(
        {field: tuple(_read_date_format(form) for form in forms.items()) for field, forms in _fields(item).items()}
    )


def _read_date_format(item: Marked) -> str:
    text = item.text()
    if text not in NAMED_PATTERNS and read_pattern(text) is None:
        raise item.fail(f"{text!r} is no date pattern: {', '.join(NAMED_PATTERNS)} or one such as DD/MM/YYYY HH:MM")
    return text


def _by_field(item: Marked) -> Mapping[str, tuple[str, ...]]:
    """Return, for each field, one text or a list of texts."""
    return MappingProxyType(
        {field: texts.texts() if texts.is_list() else (texts.text(),) for field, texts in _fields(item).items()}
    )


def _texts_by_field(item: Marked) -> Mapping[str, str]:
    return MappingProxyType({field: value.text() for field, value in _fields(item).items()})


def _read_choices(item: Marked | None) -> Mapping[str, Mapping[str, str]]:
    found = item.keys(frozenset(), LIST_FIELDS) if item is not None else {}
    return MappingProxyType(
        {
            field: MappingProxyType({column: word.text() for column, word in columns.entries().items()})
            for field, columns in found.items()
        }
    )


def _read_values(item: Marked) -> Values:
    keys = item.keys(frozenset(), _VALUE_KEYS)
    flag = keys["consent_flag"].keys(frozenset({"given", "refused"})) if "consent_flag" in keys else {}
    state = keys["entry_state"].keys(frozenset({"complete"})) if "entry_state" in keys else {}
    erasure = keys["erasure"].keys(frozenset({"erased"})) if "erasure" in keys else {}
    return Values(
        sex=_words(keys["sex"].keys(frozenset(), _LETTERS)) if "sex" in keys else MappingProxyType({}),
        flag_given=flag["given"].texts() if flag else (),
        flag_refused=flag["refused"].texts() if flag else (),
        entry_complete=state["complete"].texts() if state else (),
        erased=erasure["erased"].texts() if erasure else (),
        ticked=keys["ticked"].texts() if "ticked" in keys else (),
        lists=MappingProxyType({field: _words(keys[field].entries()) for field in LIST_FIELDS & keys.keys()}),
    )


def _words(items: Mapping[str, Marked]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({ours: theirs.texts() for ours, theirs in items.items()})


def check_columns(item: Marked, feed: Feed) -> None:
    """Check that each mapped column is in some header: a misspelt one would read as blank for ever.

    No column of secrets may be mapped: it would leave the evidence.

    Raises:
        MarkedValueError: names file, line and key.
    """
    keys = item.entries()
    _check_keys(keys, feed)
    columns = [(keys["mapping"].entries()[field], column) for field in feed.mapping for column in feed.mapping[field]]
    columns += [(keys["choices"].entries()[field], column) for field in feed.choices for column in feed.choices[field]]
    known = [*(label for labels in feed.headers for label in labels), *feed.optional_labels]
    for place, column in columns:
        if is_secret(column):
            raise place.fail("a column of secrets is not to be read")
        if feed.format != "jsonl" and not any(label == column or label.endswith(f"({column})") for label in known):
            raise place.fail(f"column {column!r} is in none of the headers")


def _check_keys(keys: Mapping[str, Marked], feed: Feed) -> None:
    if feed.notice_from_header and (feed.format == "jsonl" or feed.notice_from_header not in feed.mapping):
        raise keys["notice_from_header"].fail("the field is mapped to no column that a header names")
    if feed.choices and not feed.values.ticked:
        raise keys["choices"].fail("values.ticked does not say what stands in a column that was chosen")
    for bad, item in zip(feed.known_bad, keys["known_bad"].items() if feed.known_bad else (), strict=True):
        if not {bad.given_name, bad.email} <= set(bad.labels):
            raise item.fail("given_name or email is in none of its labels")


def is_secret(column: str) -> bool:
    """Return whether a column or the last key of a path is known to hold secrets (passwords, tokens)."""
    return column.rsplit(".", 1)[-1].strip().casefold() in SECRET_COLUMNS
