"""What each code means and what a partner can change, in words for whoever makes the export.

One sentence each; a test holds the lists complete. Counting belongs to `figures`, showing to `report`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from terms.reasons import FileReason, FileWarning, RowReason, RowRepair


@dataclass(frozen=True)
class Advice:
    """What was found, and what to change; a blank change = nothing to do."""

    meaning: str
    change: str


FILES: Mapping[FileReason, Advice] = MappingProxyType(
    {
        FileReason.FILE_EMPTY: Advice("The file has no content.", "Send the file again."),
        FileReason.DOSSIER_INVALID: Advice(
            "Our own description of your files cannot be read.", "Nothing: we mend it, and the file is read again."
        ),
        FileReason.UNKNOWN_FILE: Advice(
            "The name fits none of the agreed patterns.", "Use the agreed file name, with its date."
        ),
        FileReason.SEAL_NOT_OPENED: Advice(
            "The file is sealed for a key that we do not have.", "Seal it for the public key that we gave you."
        ),
        FileReason.SEAL_DAMAGED: Advice(
            "The sealed file is cut or was changed on its way; nothing of it was used.", "Send it again."
        ),
        FileReason.GZIP_TRUNCATED: Advice(
            "The compressed file ends early; nothing of it was used.",
            "Send it again, under a temporary name until it is complete.",
        ),
        FileReason.ZIP_MULTIPLE_MEMBERS: Advice("The archive has more than one member.", "Send one file per archive."),
        FileReason.DUPLICATE_BYTES: Advice(
            "The same bytes came before.", "Nothing, if it was sent twice; else check what the export selects."
        ),
        FileReason.HTML_NOT_DATA: Advice(
            "The file is a web page, often a sign-in page saved by a script.",
            "Renew the export's access and send it again.",
        ),
        FileReason.FORMAT_MISMATCH: Advice(
            "The content is of another format than agreed, whatever its name says.", "Export in the agreed format."
        ),
        FileReason.NO_READER: Advice(
            "We cannot read this format yet.", "Nothing: the file waits, and is read when we can."
        ),
        FileReason.KNOWN_BAD_EXPORT: Advice(
            "This version of the shop's export is known to mix columns up.",
            "Update the shop software and export again.",
        ),
        FileReason.WRONG_PARTNER: Advice(
            "The columns are those of another company's files.", "Check to whom this account belongs; tell us."
        ),
        FileReason.UNKNOWN_HEADER: Advice(
            "The column labels are none of the agreed ones.",
            "Export with the agreed columns, or tell us what the new ones hold.",
        ),
        FileReason.DUPLICATE_CONTENT: Advice(
            "The same records came before, in another order or form.",
            "Nothing, if it was exported twice; else check what the export selects.",
        ),
        FileReason.ROW_COUNT_LOW: Advice(
            "There are fewer records than agreed.", "Check that the export is complete; tell us if it is."
        ),
        FileReason.ROW_COUNT_CHANGE: Advice(
            "The number of records differs too much from the last full file.",
            "Check that the export is complete; tell us if it is, and why it changed.",
        ),
        FileReason.WITHDRAWALS_UNREAD: Advice(
            "Some lines of this file of withdrawals cannot be read. Everybody whom we could read is left in peace from now on.",
            "Send the file again today, in the agreed form: nobody may be written to who said no.",
        ),
        FileReason.TOO_LARGE: Advice(
            "The file, a line of it or what it unpacks to is larger than we can read; nothing of it was used.",
            "Export one record per line and no empty lines; split a very large export into several files.",
        ),
        FileReason.TOO_SLOW: Advice(
            "Reading the file took too long and was stopped; nothing of it was used.",
            "Look for cells with very long text, and split a very large export into several files.",
        ),
        FileReason.READER_FAILED: Advice(
            "Our software failed while it read the file; nothing of it was used.",
            "Open the file and check that it is a normal export; if it is, nothing: we look into it, and read it again.",
        ),
    }
)

WARNINGS: Mapping[FileWarning, Advice] = MappingProxyType(
    {
        FileWarning.PASSWORD_COLUMN: Advice(
            "The file has a column of passwords. We read nothing of it, but it was sent.",
            "Take the column out of the export today, and judge whether your users must be told.",
        ),
        FileWarning.REREAD_FAILED: Advice(
            "We read the file again by a changed description and could not take it in so; the reading before stands.",
            "Nothing: we look at our description of your files.",
        ),
    }
)

ROWS: Mapping[RowReason, Advice] = MappingProxyType(
    {
        RowReason.ENCODING_INVALID: Advice(
            "The line has bytes that are not of the file's encoding.", "Write all lines in one encoding, best UTF-8."
        ),
        RowReason.LINE_TRUNCATED: Advice(
            "The file ends in the middle of this line.", "Send complete files: each line ends with a line break."
        ),
        RowReason.JSON_INVALID: Advice("The line is not a JSON object.", "Write one whole JSON object per line."),
        RowReason.HEADER_REPEATED: Advice(
            "The header stands again among the records.", "Write the header once; do not glue files together."
        ),
        RowReason.CSV_QUOTE_BROKEN: Advice(
            "A quotation mark is out of place.",
            "Quote cells that hold marks or separators, and double the marks inside.",
        ),
        RowReason.CSV_FIELD_COUNT: Advice(
            "The line has more or fewer cells than the header.",
            "Quote cells that hold the separator or a line break.",
        ),
        RowReason.FIELD_REPEATED: Advice(
            "One field stands twice in the record, and says two things: a key, a column, or an entry of a list.",
            "Write each field once; ask for one answer to one question.",
        ),
        RowReason.DUPLICATE_ROW: Advice("The same line stands earlier in the file.", "Export each record once."),
        RowReason.PERSON_ERASED: Advice(
            "The person had everything about them erased; the record is taken out again.",
            "Take the person out of your own files, and tell those you passed them on to.",
        ),
        RowReason.PHONE_MISSING: Advice("There is no telephone number.", "Leave out people without a number."),
        RowReason.PHONE_LOSSY: Advice(
            "A spreadsheet turned the number into a power of ten, and digits are gone.",
            "Export as text, straight from the source; never save the file in a spreadsheet.",
        ),
        RowReason.PHONE_MASKED: Advice("Digits of the number are masked.", "Export whole numbers."),
        RowReason.PHONE_LENGTH: Advice(
            "The number has too few or too many digits.", "Check the number where it is typed: ten digits in France."
        ),
        RowReason.PHONE_PLACEHOLDER: Advice(
            "The number is one that people type to get past a form.", "Refuse such numbers in the form."
        ),
        RowReason.PHONE_UNREADABLE: Advice(
            "The cell holds words or an e-mail address.", "Check that the columns are not shifted."
        ),
        RowReason.FLAG_UNKNOWN: Advice(
            "The answer to the question of consent is a word that was not agreed.",
            "Use the agreed words for yes and no, or tell us the new ones.",
        ),
        RowReason.CONSENT_CONTRADICTED: Advice(
            "One column says yes to the question of consent and another says no.",
            "Export one answer, the one that the person gave last.",
        ),
        RowReason.CELLS_SHIFTED: Advice(
            "Two cells or more hold what belongs in other columns: a date in the postcode, a number in the date.",
            "Check that no column is missing or moved in this line.",
        ),
        RowReason.ENTRY_INCOMPLETE: Advice("The entry was not completed.", "Export completed entries only."),
        RowReason.CONSENT_IN_FUTURE: Advice(
            "The consent is later than the export.", "Check the clock and time zone of the form and of the export."
        ),
        RowReason.BIRTH_AFTER_CONSENT: Advice(
            "The birth date is later than the consent.", "Check the birth date where it is typed."
        ),
    }
)

REPAIRS: Mapping[RowRepair, Advice] = MappingProxyType(
    {
        RowRepair.MOJIBAKE_REPAIRED: Advice(
            "Accented letters were garbled (Ã© for é) and could be turned back.",
            "Export once, in UTF-8, without conversion.",
        ),
        RowRepair.INVISIBLE_CHARACTERS_REMOVED: Advice(
            "Invisible characters were dropped.", "Trim what people paste into the form."
        ),
        RowRepair.SPREADSHEET_GUARD_REMOVED: Advice(
            "An apostrophe or formula around the value was taken off.",
            "Nothing, where your shop software writes it; else export without going through a spreadsheet.",
        ),
        RowRepair.POSTCODE_ZERO_RESTORED: Advice(
            "The first zero of the postcode was missing.", "Export postcodes as text."
        ),
        RowRepair.POSTCODE_REFORMATTED: Advice(
            "Spaces, a country or decimals were taken off the postcode.", "Write five digits."
        ),
        RowRepair.DATE_REFORMATTED: Advice(
            "The date was written in another way than usual.",
            "Use one way of writing dates, best 2026-03-02T18:04:11+01:00.",
        ),
        RowRepair.DATE_FROM_SERIAL_NUMBER: Advice(
            "The date was a spreadsheet's day number.", "Export straight from the source, not through a spreadsheet."
        ),
        RowRepair.YEAR_COMPLETED: Advice("The year had two digits.", "Write years with four digits."),
        RowRepair.LOCAL_TIME_AMBIGUOUS: Advice(
            "The local time was on the clock twice that night; the first one was taken.",
            "Write times with their offset.",
        ),
        RowRepair.LOCAL_TIME_SKIPPED: Advice(
            "The local time was never on the clock that night.", "Write times with their offset."
        ),
        RowRepair.PHONE_LABEL_REMOVED: Advice("A label before the number was dropped.", "Write the number alone."),
        RowRepair.PHONE_SCIENTIFIC_RESTORED: Advice(
            "The number was a power of ten; all its digits were still there.",
            "Export as text: the next number may lose its digits.",
        ),
        RowRepair.PHONE_DECIMAL_REMOVED: Advice("Decimals were taken off the number.", "Export numbers as text."),
        RowRepair.PHONE_LETTER_REPLACED: Advice("A letter O stood for a zero.", "Let the form take digits only."),
        RowRepair.PHONE_ONE_OF_SEVERAL: Advice(
            "Several numbers stood in one cell; the first mobile was taken.", "Write one number per cell."
        ),
        RowRepair.PHONE_WORDS_REMOVED: Advice("Words after the number were dropped.", "Write the number alone."),
        RowRepair.PHONE_ZERO_RESTORED: Advice(
            "The first zero of the number was missing.", "Export numbers as text, best as +33…"
        ),
        RowRepair.PHONE_PREFIX_REPAIRED: Advice(
            "The country code was written in an unusual way.", "Write +33 and nine digits."
        ),
        RowRepair.PHONE_TERRITORY_CORRECTED: Advice(
            "A number of an overseas territory stood under +33.", "Write the territory's own code, such as +262."
        ),
        RowRepair.WITHDRAWAL_DATE_IN_FUTURE: Advice(
            "The withdrawal was dated after its file; it counts from the export.", "Check the date where it is made."
        ),
        RowRepair.IDENTITY_IN_OTHER_COLUMN: Advice(
            "A number, an e-mail address or the person's name stood in a column for something else; the cell was emptied.",
            "Check that the columns are not shifted, and that the form asks for each value in a field of its own.",
        ),
    }
)

#: Fields whose cell said something that could not be read; the row stays, the value is unknown.
UNREAD: Mapping[str, Advice] = MappingProxyType(
    {
        "consented_at": Advice(
            "The instant of the consent could not be read: without it the consent proves nothing.",
            "Write 2026-03-02T18:04:11+01:00, and leave the cell blank where it is not known.",
        ),
        "withdrawn_at": Advice(
            "The date of the withdrawal could not be read; it counts from the export.",
            "Write 2026-03-02T18:04:11+01:00.",
        ),
        "birth_date": Advice(
            "The birth date could not be read, or is one that software writes for “not known”.",
            "Write 1980-05-02, and leave the cell blank where it is not known.",
        ),
        "sex": Advice(
            "The civility says neither man nor woman by what was agreed.",
            "Use the agreed words; leave the cell blank where it is not known.",
        ),
        "postcode": Advice(
            "The postcode has none of the forms of its country.", "Write five digits, or the form of the row's country."
        ),
        "country": Advice(
            "The country is none that we know; the address is not taken for one in France.",
            "Write the code of ISO 3166-1, such as FR or BE.",
        ),
    }
)

#: Elements that the proof of an agreement may lack (mart `opt_ins`, `evidence_missing` and `bundle_missing`).
EVIDENCE: Mapping[str, Advice] = MappingProxyType(
    {
        "consent_instant": Advice(
            "No instant of the consent, or the export's own in its place.", "Send when each person agreed."
        ),
        "time_of_day": Advice("A day without a time.", "Send date, time and offset."),
        "form_in_use": Advice(
            "The instant lies outside the time in which that form was in use.",
            "Check the dates, or tell us when the form was on line.",
        ),
        "notice_on_file": Advice(
            "We do not have the text that was shown.", "Send us the text of every version of the form."
        ),
        "notice_in_row": Advice(
            "The row does not say which text was shown; we know it by contract only.",
            "Send the text or its id with each row.",
        ),
        "utc_offset": Advice("A local time without its offset.", "Write times with their offset."),
        "page_url": Advice("The page of the form is missing.", "Send the address of the page."),
        "named_recipients": Advice("The text names no recipient.", "Name every recipient in the text of the form."),
        "phone_channel": Advice(
            "Neither SMS nor calls are among the channels agreed to.", "Ask for the channel in the form."
        ),
        "ip": Advice("No IP address.", "Send the IP address from which the form was sent."),
        "collector": Advice("We do not know who collected the agreements.", "Tell us the collector's legal name."),
        "chain": Advice(
            "We do not know through whose hands the records came.", "Tell us everybody between the form and us."
        ),
        "form_version": Advice(
            "We do not know by which version of the form it was given.", "Name the version in each row."
        ),
        "box_default": Advice("We do not know how the box stood at first.", "Tell us, for each version of the form."),
        "act": Advice(
            "We do not know by what act people agreed.", "Tell us, for each version: a tick, a button, a reply."
        ),
        "purposes": Advice("No purpose is known that was agreed to.", "Name the purposes in the text of the form."),
        "targeting": Advice(
            "We do not know whether people were told of selection.", "Send us the text of every version of the form."
        ),
        "form_audit": Advice("Nobody has looked at that form yet.", "Let us see the form: we must check it."),
        "age": Advice("No date of birth, nor an age.", "Send the date of birth: a use for electors needs it."),
    }
)

#: Elements without which an agreement is graded C or D.
GRAVE = frozenset({"consent_instant", "time_of_day", "form_in_use", "notice_on_file"})

#: Checks of drift (`drift.BOUNDS`), as a partner reads them.
DRIFTS: Mapping[str, str] = MappingProxyType(
    {
        "volume": "number of records, in % of the usual",
        "quarantined": "records rejected",
        "blanks": "blank cells",
        "unread": "cells that could not be read",
        "numbers": "telephone numbers that could not be read",
        "words": "words that this feed never had",
        "consent_dates": "consents that are older or younger than usual",
        "repeats": "rows that share one value",
    }
)
