"""Reason codes: the closed lists, each with its scope and its effect on a file, a row or a use.

Their dated effects, sources and sentences are records in `config/rules/`. Where documents of the project differ on a
code, the partner page wins. Evaluating a code belongs to `partners_ingest` (files and rows), `dbt_project` (consent and
person) or `sends.rules` (calendar, message, sponsor, price, exclusivity).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class FileOutcome(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"
    DUPLICATE = "duplicate"


class FileReason(StrEnum):
    """Why a whole file was not accepted, in the order in which it is tested: the first that applies decides."""

    FILE_EMPTY = "FILE_EMPTY"
    DOSSIER_INVALID = "DOSSIER_INVALID"
    UNKNOWN_FILE = "UNKNOWN_FILE"
    SEAL_NOT_OPENED = "SEAL_NOT_OPENED"
    SEAL_DAMAGED = "SEAL_DAMAGED"
    GZIP_TRUNCATED = "GZIP_TRUNCATED"
    ZIP_MULTIPLE_MEMBERS = "ZIP_MULTIPLE_MEMBERS"
    DUPLICATE_BYTES = "DUPLICATE_BYTES"
    HTML_NOT_DATA = "HTML_NOT_DATA"
    FORMAT_MISMATCH = "FORMAT_MISMATCH"
    NO_READER = "NO_READER"
    KNOWN_BAD_EXPORT = "KNOWN_BAD_EXPORT"
    WRONG_PARTNER = "WRONG_PARTNER"
    UNKNOWN_HEADER = "UNKNOWN_HEADER"
    DUPLICATE_CONTENT = "DUPLICATE_CONTENT"
    ROW_COUNT_LOW = "ROW_COUNT_LOW"
    ROW_COUNT_CHANGE = "ROW_COUNT_CHANGE"
    WITHDRAWALS_UNREAD = "WITHDRAWALS_UNREAD"
    TOO_LARGE = "TOO_LARGE"
    TOO_SLOW = "TOO_SLOW"
    READER_FAILED = "READER_FAILED"


FILE_OUTCOMES: Mapping[FileReason, FileOutcome] = MappingProxyType(
    {
        FileReason.FILE_EMPTY: FileOutcome.REFUSED,
        FileReason.DOSSIER_INVALID: FileOutcome.HELD,
        FileReason.UNKNOWN_FILE: FileOutcome.HELD,
        FileReason.SEAL_NOT_OPENED: FileOutcome.HELD,
        FileReason.SEAL_DAMAGED: FileOutcome.REFUSED,
        FileReason.GZIP_TRUNCATED: FileOutcome.REFUSED,
        FileReason.ZIP_MULTIPLE_MEMBERS: FileOutcome.HELD,
        FileReason.DUPLICATE_BYTES: FileOutcome.DUPLICATE,
        FileReason.HTML_NOT_DATA: FileOutcome.REFUSED,
        FileReason.FORMAT_MISMATCH: FileOutcome.HELD,
        FileReason.NO_READER: FileOutcome.HELD,
        FileReason.KNOWN_BAD_EXPORT: FileOutcome.REFUSED,
        FileReason.WRONG_PARTNER: FileOutcome.HELD,
        FileReason.UNKNOWN_HEADER: FileOutcome.HELD,
        FileReason.DUPLICATE_CONTENT: FileOutcome.DUPLICATE,
        FileReason.ROW_COUNT_LOW: FileOutcome.HELD,
        FileReason.ROW_COUNT_CHANGE: FileOutcome.HELD,
        FileReason.WITHDRAWALS_UNREAD: FileOutcome.HELD,
        FileReason.TOO_LARGE: FileOutcome.HELD,
        FileReason.TOO_SLOW: FileOutcome.HELD,
        FileReason.READER_FAILED: FileOutcome.HELD,
    }
)


class FileWarning(StrEnum):
    """What a person should see of a delivery although its outcome does not change."""

    PASSWORD_COLUMN = "PASSWORD_COLUMN"  # its evidence holds a column of secrets; no store but the evidence does
    REREAD_FAILED = "REREAD_FAILED"  # it was to be read again and could not be; the reading before stands


class RowReason(StrEnum):
    """Why a record was quarantined."""

    ENCODING_INVALID = "ENCODING_INVALID"
    LINE_TRUNCATED = "LINE_TRUNCATED"
    JSON_INVALID = "JSON_INVALID"
    FIELD_REPEATED = "FIELD_REPEATED"
    HEADER_REPEATED = "HEADER_REPEATED"
    CSV_QUOTE_BROKEN = "CSV_QUOTE_BROKEN"
    CSV_FIELD_COUNT = "CSV_FIELD_COUNT"
    DUPLICATE_ROW = "DUPLICATE_ROW"
    PERSON_ERASED = "PERSON_ERASED"
    PHONE_MISSING = "PHONE_MISSING"
    PHONE_LOSSY = "PHONE_LOSSY"
    PHONE_MASKED = "PHONE_MASKED"
    PHONE_LENGTH = "PHONE_LENGTH"
    PHONE_PLACEHOLDER = "PHONE_PLACEHOLDER"
    PHONE_UNREADABLE = "PHONE_UNREADABLE"
    FLAG_UNKNOWN = "FLAG_UNKNOWN"
    CONSENT_CONTRADICTED = "CONSENT_CONTRADICTED"
    CELLS_SHIFTED = "CELLS_SHIFTED"
    ENTRY_INCOMPLETE = "ENTRY_INCOMPLETE"
    CONSENT_IN_FUTURE = "CONSENT_IN_FUTURE"
    BIRTH_AFTER_CONSENT = "BIRTH_AFTER_CONSENT"


class RowRepair(StrEnum):
    """What was repaired in an accepted row without loss; the partner is told of it together with the rejected rows."""

    MOJIBAKE_REPAIRED = "MOJIBAKE_REPAIRED"
    INVISIBLE_CHARACTERS_REMOVED = "INVISIBLE_CHARACTERS_REMOVED"
    SPREADSHEET_GUARD_REMOVED = "SPREADSHEET_GUARD_REMOVED"
    POSTCODE_ZERO_RESTORED = "POSTCODE_ZERO_RESTORED"
    POSTCODE_REFORMATTED = "POSTCODE_REFORMATTED"
    DATE_REFORMATTED = "DATE_REFORMATTED"
    DATE_FROM_SERIAL_NUMBER = "DATE_FROM_SERIAL_NUMBER"
    YEAR_COMPLETED = "YEAR_COMPLETED"
    LOCAL_TIME_AMBIGUOUS = "LOCAL_TIME_AMBIGUOUS"
    LOCAL_TIME_SKIPPED = "LOCAL_TIME_SKIPPED"
    PHONE_LABEL_REMOVED = "PHONE_LABEL_REMOVED"
    PHONE_SCIENTIFIC_RESTORED = "PHONE_SCIENTIFIC_RESTORED"
    PHONE_DECIMAL_REMOVED = "PHONE_DECIMAL_REMOVED"
    PHONE_LETTER_REPLACED = "PHONE_LETTER_REPLACED"
    PHONE_ONE_OF_SEVERAL = "PHONE_ONE_OF_SEVERAL"
    PHONE_WORDS_REMOVED = "PHONE_WORDS_REMOVED"
    PHONE_ZERO_RESTORED = "PHONE_ZERO_RESTORED"
    PHONE_PREFIX_REPAIRED = "PHONE_PREFIX_REPAIRED"
    PHONE_TERRITORY_CORRECTED = "PHONE_TERRITORY_CORRECTED"
    WITHDRAWAL_DATE_IN_FUTURE = "WITHDRAWAL_DATE_IN_FUTURE"
    IDENTITY_IN_OTHER_COLUMN = "IDENTITY_IN_OTHER_COLUMN"


#: Codes that stand alone, tested in this order: the record's own structure is damaged.
STRUCTURAL: tuple[RowReason, ...] = (
    RowReason.ENCODING_INVALID,
    RowReason.LINE_TRUNCATED,
    RowReason.JSON_INVALID,
    RowReason.HEADER_REPEATED,
    RowReason.CSV_QUOTE_BROKEN,
    RowReason.CSV_FIELD_COUNT,
    RowReason.FIELD_REPEATED,
)


class Verdict(StrEnum):
    """What a contact may be used for, from good to bad."""

    SENDABLE = "SENDABLE"
    INVITE_ONLY = "INVITE_ONLY"
    HOLD = "HOLD"
    QUARANTINED = "QUARANTINED"
    REFUSED = "REFUSED"


class Decision(StrEnum):
    """What becomes of one use, from good to bad."""

    ALLOW = "ALLOW"
    HOLD = "HOLD"
    QUARANTINE = "QUARANTINE"
    REFUSE = "REFUSE"


class Profile(StrEnum):
    """Which reading of the disputed law is applied."""

    STRICT = "strict"
    MARKET = "market"


class Channel(StrEnum):
    """How a message reaches a person."""

    SMS = "sms"
    VOICE = "voice"
