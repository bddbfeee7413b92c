"""The columns of every Parquet table of lake and vault: type, class, meaning, grain and key.

Writers are checked against these records, the dbt sources are compared with them, and a test
fails on a column without a class. Tables of the operations database stand in `stores.operations`.

Instants are DuckDB TIMESTAMP in UTC, dates are civil dates of Europe/Paris.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Privacy(StrEnum):
    """Class of a column: `identity` may stand in the vault only."""

    IDENTITY = "identity"
    PSEUDONYMOUS = "pseudonymous"
    OPEN = "open"


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type, privacy class and meaning."""

    name: str
    type: str
    privacy: Privacy
    meaning: str


@dataclass(frozen=True)
class Table:
    """One Parquet table: what one row is, the key, the columns in their order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def names(self) -> list[str]:
        """Return the column names in order."""
        return [column.name for column in self.columns]


def _columns(privacy: Privacy, *rows: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, type_, privacy, meaning) for name, type_, meaning in rows)


_ROW_ID = _columns(
    Privacy.OPEN,
    ("delivery_id", "VARCHAR", "file received from a partner"),
    ("line_number", "BIGINT", "physical line where the record starts, 1-based, in the unpacked text"),
)
_PLACE = _columns(
    Privacy.OPEN,
    ("byte_offset", "BIGINT", "offset of the record in the unpacked bytes"),
    ("byte_length", "BIGINT", "length of the record in bytes, without its final newline"),
    ("partner_id", "VARCHAR", "who delivered"),
    ("feed_id", "VARCHAR", "the dossier's feed that the file belongs to"),
)
_INSTANTS = _columns(
    Privacy.OPEN,
    ("exported_at", "TIMESTAMP", "export instant of the file, by its name and feed"),
    ("received_at", "TIMESTAMP", "arrival of the file: from then on the row is known"),
)

OPT_INS = Table(
    "opt_ins",
    "partner row as delivered and accepted",
    ("delivery_id", "line_number"),
    _ROW_ID
    + _PLACE
    + _INSTANTS
    + _columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number"),
        ("source_key", "VARCHAR", "keyed hash of partner and the partner's record id; null without an id"),
        ("address_key", "VARCHAR", "keyed hash of street, postcode, city, country; null without a street"),
        ("ip_key", "VARCHAR", "keyed hash of the IP as delivered; null without one"),
        ("flag", "VARCHAR", "given or refused"),
        ("consented_at", "TIMESTAMP", "instant of the act; null where the file gives none that can be read"),
        ("consented_at_quality", "VARCHAR", "exact_utc, zone_assumed, date_only; null without instant"),
        ("source_consent_id", "VARCHAR", "keyed hash of the partner's consent id; null without one"),
        (
            "notice_id",
            "VARCHAR",
            "notice that the row states: hash of its text, else its id; of the empty text if blank; null if not mapped",
        ),
        ("form_version", "VARCHAR", "form version that the row itself states; null if none"),
        ("channels", "VARCHAR[]", "channels stated by the row; null = not stated"),
        ("purposes", "VARCHAR[]", "purposes stated by the row; null = not stated"),
        ("recipients", "VARCHAR[]", "recipients stated by the row, by name; null = not stated"),
        ("sex", "VARCHAR", "F or M by the dossier's mapping; null if not said"),
        ("birth_date", "DATE", "null if not said or a placeholder"),
        ("postcode", "VARCHAR", "normalised; null if blank"),
        ("country", "VARCHAR", "ISO code as delivered, upper case; null if blank"),
        ("number_kind", "VARCHAR", "mobile, landline, voip, m2m, unassigned, special, foreign"),
        ("number_zone", "VARCHAR", "zone of the number's country code (metropole, reunion, ...); null abroad"),
        ("is_fiction", "BOOLEAN", "number of ARCEP's fiction range 06 39 98"),
        ("repairs", "VARCHAR[]", "codes of repairs made on values, sorted; empty if none"),
        ("unread", "VARCHAR[]", "fields whose cell says something that could not be read; empty if none"),
        ("has_page_url", "BOOLEAN", "the row names the page on which the act took place; null = not known then"),
    ),
)

WITHDRAWALS = Table(
    "withdrawals",
    "partner row that takes a consent back, accepted",
    ("delivery_id", "line_number"),
    _ROW_ID
    + _PLACE
    + _INSTANTS
    + _columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number, where the row gives one"),
        ("source_key", "VARCHAR", "keyed hash of partner and record id, where the row gives one"),
        ("withdrawn_at", "TIMESTAMP", "instant from which it counts; without a date, the export instant"),
        ("withdrawn_at_quality", "VARCHAR", "exact_utc, zone_assumed, date_only, export_instant"),
        ("repairs", "VARCHAR[]", "codes of repairs made on values, sorted; empty if none"),
        ("unread", "VARCHAR[]", "fields whose cell says something that could not be read; empty if none"),
    ),
)

WITHDRAWAL_SIGNALS = Table(
    "withdrawal_signals",
    "record that takes a consent back beside the accepted withdrawals: of an opt-in file, or damaged in a file of withdrawals",
    ("delivery_id", "line_number"),
    _ROW_ID
    + _PLACE
    + _INSTANTS
    + _columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number, where it can be read"),
        ("source_key", "VARCHAR", "keyed hash of partner and record id, where the row gives one"),
        (
            "signal",
            "VARCHAR",
            "anonymised, end_date, flag_flip (a refusal in a row that was quarantined), damaged_withdrawal",
        ),
        ("withdrawn_at", "TIMESTAMP", "instant from which it counts; without a date that can be, the export instant"),
        ("withdrawn_at_quality", "VARCHAR", "exact_utc, zone_assumed, date_only, export_instant"),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "record that cannot be trusted, with all its reasons and none of its values",
    ("delivery_id", "line_number"),
    _ROW_ID
    + _PLACE
    + _INSTANTS
    + _columns(
        Privacy.PSEUDONYMOUS,
        ("source_key", "VARCHAR", "keyed hash of partner and record id, if the record is readable"),
        ("reasons", "VARCHAR[]", "row codes, sorted"),
        ("is_structural", "BOOLEAN", "true if the record's own structure is damaged, so that its id cannot be trusted"),
    ),
)

DELIVERY_FIGURES = Table(
    "delivery_figures",
    "figure of a delivery x subject",
    ("delivery_id", "figure", "subject"),
    _columns(
        Privacy.OPEN,
        ("delivery_id", "VARCHAR", "file received from a partner"),
        ("figure", "VARCHAR", "what is counted: rows, reason, repair, unread, blank, word, age, repeat"),
    )
    + _columns(
        Privacy.PSEUDONYMOUS,
        ("subject", "VARCHAR", "code, field, age of consent, or field and keyed hash of a word; blank = the file"),
    )
    + _columns(
        Privacy.OPEN,
        ("rows", "BIGINT", "records counted"),
        ("lines", "BIGINT[]", "the first lines of them, where they say where a fault is"),
    ),
)

AGE_BRACKETS = Table(
    "age_brackets",
    "partner row that states an age bracket and no birth date",
    ("delivery_id", "line_number"),
    _ROW_ID
    + _columns(Privacy.OPEN, ("received_at", "TIMESTAMP", "arrival of the file: from then on the row is known"))
    + _columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number"),
        ("age_min", "INTEGER", "youngest age of the bracket in years, inclusive; null = open"),
        ("age_max", "INTEGER", "oldest age of the bracket in years, inclusive; null = open"),
    ),
)

IDENTITIES = Table(
    "identities",
    "accepted row of a partner, opt-in or withdrawal",
    ("delivery_id", "line_number"),
    _ROW_ID
    + _columns(Privacy.PSEUDONYMOUS, ("contact_id", "UUID", "keyed hash of the number; null without one"))
    + _columns(
        Privacy.IDENTITY,
        ("e164", "VARCHAR", "the number; null for a withdrawal by id"),
        ("phone_raw", "VARCHAR", "as delivered, of the column that gave the number"),
        ("source_record_id", "VARCHAR", "the partner's own id of the record"),
        ("source_consent_id", "VARCHAR", "the partner's own id of the consent"),
        ("given_name", "VARCHAR", ""),
        ("family_name", "VARCHAR", ""),
        ("sex_raw", "VARCHAR", "civility or sex as delivered: civility is not sex"),
        ("email", "VARCHAR", ""),
        ("street", "VARCHAR", "street columns joined by a space"),
        ("city", "VARCHAR", "as delivered"),
        ("ip", "VARCHAR", "as delivered"),
        ("user_agent", "VARCHAR", ""),
        ("page_url", "VARCHAR", "as delivered, with its query"),
        ("withdrawal_reason", "VARCHAR", "as delivered"),
    ),
)

ADDRESSES = Table(
    "addresses",
    "distinct address of one delivery",
    ("address_key",),
    _columns(Privacy.PSEUDONYMOUS, ("address_key", "VARCHAR", "see opt_ins"))
    + _columns(
        Privacy.IDENTITY,
        ("street", "VARCHAR", "street columns joined by a space"),
        ("postcode", "VARCHAR", "normalised"),
        ("city", "VARCHAR", "as delivered"),
        ("country", "VARCHAR", "upper case"),
    ),
)

SALTS = Table(
    "salts",
    "physical line of a delivery",
    ("line_number",),
    _columns(
        Privacy.IDENTITY,
        ("line_number", "BIGINT", "physical line, 1-based"),
        ("salt", "BLOB", "16 random bytes; destroying it closes the line's commitment for good"),
    ),
)

LINE_COMMITMENTS = Table(
    "line_commitments",
    "physical line of a delivery",
    ("line_number",),
    _columns(
        Privacy.OPEN,
        ("line_number", "BIGINT", "physical line, 1-based"),
        ("byte_offset", "BIGINT", "in the unpacked bytes"),
        ("byte_length", "BIGINT", "with its final newline, if it has one"),
        ("commitment", "BLOB", "sha256(salt || bytes of the line)"),
    ),
)

ADDRESS_TIES = Table(
    "address_ties",
    "distinct address x map",
    ("address_key", "map"),
    _columns(
        Privacy.PSEUDONYMOUS,
        ("address_key", "VARCHAR", "see opt_ins"),
        ("map", "VARCHAR", "bureau map: 2022, 2026; an IRIS comes with every map"),
        ("address_id", "VARCHAR", "BAN id; null where no BAN row is meant"),
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept (75111); null outside France or unknown"),
        ("bureau_code", "VARCHAR", "INSEE code of the voting commune + _ + 4 characters; null if unknown"),
        ("iris_code", "VARCHAR", "9 characters; null if unknown"),
        ("match_kind", "VARCHAR", "exact, near, street, commune, none"),
        ("match_confidence", "DOUBLE", "0 to 1: how sure the tie to the BAN address is"),
        ("candidates", "STRUCT(bureau_code VARCHAR, weight DOUBLE)[]", "bureaux that it may be, where ambiguous"),
        ("tied_by", "VARCHAR", "rule that gave the bureau: contour, reu_table, none"),
    ),
)

BUREAUX = Table(
    "bureaux",
    "bureau de vote x map",
    ("bureau_code", "map"),
    _columns(
        Privacy.OPEN,
        ("bureau_code", "VARCHAR", "INSEE code of the voting commune + _ + 4 characters of text"),
        ("map", "VARCHAR", "bureau map"),
        ("commune_code", "VARCHAR", "voting commune"),
        ("reu_id", "VARCHAR", "id of the electoral roll (id_brut_bv_reu); null where the source does not tell it"),
        ("label", "VARCHAR", "name of the polling place; null where the source does not tell it"),
        ("precedence", "INTEGER", "1 serves first where several sources tell of the same; null = a file of before"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

BUREAU_RESULTS = Table(
    "bureau_results",
    "bureau de vote x election x round x candidate",
    ("election", "round", "bureau_code", "candidate"),
    _columns(
        Privacy.OPEN,
        ("election", "VARCHAR", "PRES2022, ..."),
        ("round", "INTEGER", "1 or 2"),
        ("bureau_code", "VARCHAR", "see bureaux"),
        ("map", "VARCHAR", "bureau map that the codes belong to"),
        ("registered", "INTEGER", "people on the roll (inscrits)"),
        ("votes_cast", "INTEGER", "votants"),
        ("valid_votes", "INTEGER", "exprimes"),
        ("candidate", "VARCHAR", "family name, or list, as published; with given name where a bureau has it twice"),
        ("nuance", "VARCHAR", "political label by the ministry; null where the layout has none"),
        ("votes", "INTEGER", "votes for the candidate"),
        ("precedence", "INTEGER", "1 serves first where several sources tell of the same; null = a file of before"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

IRIS = Table(
    "iris",
    "IRIS x vintage of its contour",
    ("iris_code", "vintage"),
    _columns(
        Privacy.OPEN,
        ("iris_code", "VARCHAR", "9 characters"),
        ("commune_code", "VARCHAR", "INSEE code, arrondissement for Paris, Lyon, Marseille"),
        ("label", "VARCHAR", "name of the IRIS"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the contour"),
    ),
)

IRIS_INCOME = Table(
    "iris_income",
    "IRIS x vintage of the income",
    ("iris_code", "vintage"),
    _columns(
        Privacy.OPEN,
        ("iris_code", "VARCHAR", "9 characters"),
        ("median_euros", "DOUBLE", "median disposable income per consumption unit, euros a year; null if withheld"),
        (
            "missing_reason",
            "VARCHAR",
            "ns, nd, so, s as published where the median is withheld, blank where it says nothing",
        ),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the income"),
    ),
)

COMMUNE_INCOME = Table(
    "commune_income",
    "commune x concept of income x vintage",
    ("commune_code", "concept", "vintage"),
    _columns(
        Privacy.OPEN,
        ("commune_code", "VARCHAR", "INSEE code; arrondissements where the source has them"),
        ("concept", "VARCHAR", "disposable (after taxes and benefits) or declared"),
        ("median_euros", "DOUBLE", "median per consumption unit, euros a year; null if withheld"),
        ("missing_reason", "VARCHAR", "as iris_income"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the income"),
    ),
)

COMMUNES = Table(
    "communes",
    "commune x postcode x source that says so",
    ("commune_code", "postcode", "source_id"),
    _columns(
        Privacy.OPEN,
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept"),
        ("postcode", "VARCHAR", ""),
        ("label", "VARCHAR", "name of the commune"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

BAN_ADDRESSES = Table(
    "ban_addresses",
    "address of the Base Adresse Nationale",
    ("address_id",),
    _columns(
        Privacy.OPEN,
        ("address_id", "VARCHAR", "BAN id: 75111_5107_00002, with _b for a suffix"),
        ("number", "INTEGER", "house number; null where BAN has none"),
        ("suffix", "VARCHAR", "rep as published (b, bis, ter, ...); null if none"),
        ("street", "VARCHAR", "name of the street as published"),
        ("postcode", "VARCHAR", ""),
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept"),
        ("commune_label", "VARCHAR", "name of the commune as published"),
        ("former_code", "VARCHAR", "code_insee_ancienne_commune: the merged commune that it was in; null if none"),
        ("former_label", "VARCHAR", "nom_ancienne_commune; null if none"),
        ("lon", "DOUBLE", "degrees, WGS 84; null where BAN has none"),
        ("lat", "DOUBLE", "degrees, WGS 84; null where BAN has none"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

CONTOURS = Table(
    "contours",
    "polygon of a bureau on a map or of an IRIS, part by part as published",
    ("kind", "map", "code", "part"),
    _columns(
        Privacy.OPEN,
        ("kind", "VARCHAR", "bureau or iris"),
        ("map", "VARCHAR", "bureau map (2022, 2026); for an IRIS the vintage of its contour"),
        ("code", "VARCHAR", "bureau_code or iris_code"),
        ("part", "INTEGER", "1, 2, ...: features that share a code stay apart"),
        ("commune_code", "VARCHAR", "voting commune of a bureau; commune or arrondissement of an IRIS"),
        ("wkb", "BLOB", "polygon or multipolygon, degrees, WGS 84, as well-known binary"),
        ("precedence", "INTEGER", "1 serves first where several sources tell of the same; null = a file of before"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)

COMMUNE_NAMES = Table(
    "commune_names",
    "code and name under which a commune is or was known x commune of today x source that says so",
    ("known_code", "label", "commune_code", "source_id"),
    _columns(
        Privacy.OPEN,
        ("known_code", "VARCHAR", "INSEE code of that commune, of the past, delegated or associated; or of today"),
        ("label", "VARCHAR", "its name"),
        (
            "commune_code",
            "VARCHAR",
            "INSEE code of the commune of today that it is (part of); several if it was divided",
        ),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)
REU_ADDRESSES = Table(
    "reu_addresses",
    "address of the electoral roll x bureau, row by row as published",
    ("map", "position"),
    _columns(
        Privacy.OPEN,
        ("map", "VARCHAR", "bureau map"),
        ("position", "BIGINT", "row of the file, 1-based"),
        ("reu_id", "VARCHAR", "id of the bureau in the roll (id_brut_bv_reu)"),
        ("bureau_code", "VARCHAR", "the same in our form, by padding; the roll's table of bureaux goes first"),
        ("commune_code", "VARCHAR", "INSEE code, arrondissements kept"),
        ("address_id", "VARCHAR", "BAN id, small letters; null where the file has none"),
        ("geo_type", "VARCHAR", "as published: housenumber, street, locality, municipality"),
        ("geo_score", "DOUBLE", "0 to 1, as published; null if none"),
        ("lon", "DOUBLE", "degrees, WGS 84; null if none"),
        ("lat", "DOUBLE", "degrees, WGS 84; null if none"),
        ("addresses", "INTEGER", "nb_adresses: addresses of the roll behind the row, not voters"),
        ("source_id", "VARCHAR", "open-data source"),
        ("vintage", "VARCHAR", "vintage of the source"),
    ),
)
TERRITORY_OVERLAPS = Table(
    "territory_overlaps",
    "territory of one layer x territory of another that shares its people",
    ("from_kind", "from_map", "from_code", "to_kind", "to_map", "to_code"),
    _columns(
        Privacy.OPEN,
        ("from_kind", "VARCHAR", "bureau"),
        ("from_map", "VARCHAR", "bureau map"),
        ("from_code", "VARCHAR", "bureau_code"),
        ("to_kind", "VARCHAR", "bureau or iris"),
        ("to_map", "VARCHAR", "newer bureau map, or vintage of the IRIS contours"),
        ("to_code", "VARCHAR", "bureau_code or iris_code"),
        ("share_of_from", "DOUBLE", "0 to 1: part of the first territory that lies in the second"),
        ("share_of_to", "DOUBLE", "0 to 1: part of the second territory that lies in the first"),
        ("addresses", "INTEGER", "BAN addresses in both; null where surfaces were measured"),
        ("rule", "VARCHAR", "addresses: counted over BAN; overlap: surface of the contours"),
        ("source_id", "VARCHAR", "territory_overlaps"),
        ("vintage", "VARCHAR", "made, of the serving maps and addresses"),
    ),
)

_KNOWN = _columns(
    Privacy.OPEN,
    ("known_from", "TIMESTAMP", "from when we believed it"),
    ("known_until", "TIMESTAMP", "until when we believed it; null = still"),
)

DOSSIER_PARTNERS = Table(
    "dossier_partners",
    "partner x span in which we believed these facts of it",
    ("partner_id", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("legal_name", "VARCHAR", ""),
        ("collected_directly", "BOOLEAN", "Contact Citoyen is joint controller on the form itself"),
        ("sensitivity", "VARCHAR", ""),
        ("legal_basis", "VARCHAR", "consent or legitimate_interest"),
        ("source_type", "VARCHAR", "closed list of origins; null = not stated"),
        ("balancing_test_signed_on", "DATE", "test under legitimate interest; null = none on file"),
        ("balancing_test_shows_expectation", "BOOLEAN", "it shows that people expect this use; null = no test"),
        ("contract_signed_on", "DATE", ""),
        ("contract_ends_on", "DATE", "last day included; null = open"),
    )
    + _KNOWN,
)

DOSSIER_CHAIN = Table(
    "dossier_chain",
    "hop of a partner's chain from collector to us x span of belief",
    ("partner_id", "position", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("position", "INTEGER", "1 = collector"),
        ("name", "VARCHAR", ""),
        ("role", "VARCHAR", ""),
    )
    + _KNOWN,
)

DOSSIER_AUDITS = Table(
    "dossier_audits",
    "audit of a form version (or * = the partner) x span of belief",
    ("partner_id", "form_version", "audited_on", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("form_version", "VARCHAR", "* = the partner as a whole"),
        ("audited_on", "DATE", ""),
        ("auditor", "VARCHAR", ""),
        ("finding", "VARCHAR", "compliant, pre_ticked, single_button, entry_requires_consent"),
    )
    + _KNOWN,
)

DOSSIER_FORM_VERSIONS = Table(
    "dossier_form_versions",
    "form version of a partner x span of belief",
    ("partner_id", "form_version", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("form_version", "VARCHAR", ""),
        ("url", "VARCHAR", ""),
        ("first_seen_at", "TIMESTAMP", ""),
        ("last_seen_at", "TIMESTAMP", "whole last second included; null = live"),
        ("stopped_at", "TIMESTAMP", "switched off by us; null = not"),
        ("box_default", "VARCHAR", "unticked, ticked, none"),
        ("act", "VARCHAR", "tick, button, double_opt_in"),
        ("refusal_as_easy", "BOOLEAN", ""),
        ("bundled_with_entry", "BOOLEAN", ""),
        ("notice_id", "VARCHAR", "null = no text on file"),
    )
    + _KNOWN,
)

DOSSIER_NOTICES = Table(
    "dossier_notices",
    "notice of a partner x span of belief",
    ("partner_id", "notice_id", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("notice_id", "VARCHAR", "first 16 hex of sha256 of the NFC text"),
        ("language", "VARCHAR", ""),
        ("notice_text", "VARCHAR", "the text shown"),
        ("purposes", "VARCHAR[]", ""),
        ("channels", "VARCHAR[]", ""),
        ("mentions_targeting", "BOOLEAN", ""),
        ("targeting_by", "VARCHAR[]", "what the text says the person is selected by; empty without targeting"),
    )
    + _KNOWN,
)

DOSSIER_NOTICE_RECIPIENTS = Table(
    "dossier_notice_recipients",
    "recipient that a notice names x span of belief",
    ("partner_id", "notice_id", "position", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("notice_id", "VARCHAR", ""),
        ("position", "INTEGER", ""),
        ("name", "VARCHAR", ""),
        ("kind", "VARCHAR", "controller, sponsor, partner, category"),
    )
    + _KNOWN,
)

DOSSIER_FEEDS = Table(
    "dossier_feeds",
    "feed of a partner x span of belief",
    ("partner_id", "feed_id", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("feed_id", "VARCHAR", ""),
        ("kind", "VARCHAR", "optins or withdrawals"),
        ("mode", "VARCHAR", "full or delta"),
        ("form_version_from", "VARCHAR", "form_version, notice_id, consented_at, none"),
    )
    + _KNOWN,
)

DOSSIER_NOTICE_CONTRADICTIONS = Table(
    "dossier_notice_contradictions",
    "difference between a notice's text and what is declared of it x span of belief",
    ("partner_id", "notice_id", "aspect", "fault", "value", "known_from"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("notice_id", "VARCHAR", ""),
        ("aspect", "VARCHAR", "recipient, purpose, channel, targeting"),
        ("fault", "VARCHAR", "declared_not_said or said_not_declared"),
        ("value", "VARCHAR", "what is declared or said"),
        ("words", "VARCHAR", "the words of the text that say it; empty where nothing does"),
    )
    + _KNOWN,
)

#: Not a dossier's word but our own command's, so it is known from its own instant, whenever the next snapshot is.
FORM_STOPS = Table(
    "form_stops",
    "form version of a partner that we switched off by command",
    ("partner_id", "form_version"),
    _columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("form_version", "VARCHAR", ""),
        ("stopped_at", "TIMESTAMP", "instant from which it counts and is known"),
    ),
)

MESSAGE_SEALS = Table(
    "message_seals",
    "message of a batch that was sealed together",
    ("position",),
    _columns(
        Privacy.OPEN,
        ("position", "BIGINT", "of the leaf in the batch, from 0, without gaps"),
        ("send_id", "VARCHAR", ""),
        ("events", "BIGINT", "events of the message when it was sealed; more of them since = it moved on"),
        ("salt", "BLOB", "destroyed (null) when the person is erased"),
        ("commitment", "BLOB", "sha256 of salt and record: the leaf"),
    ),
)

RULES = Table(
    "rules",
    "reason code x profile x period of the law x span in which we knew it",
    ("code", "profile", "applies_from", "known_from"),
    _columns(
        Privacy.OPEN,
        ("rule_id", "VARCHAR", "R-11, ...; several joined by a space"),
        ("code", "VARCHAR", ""),
        ("scope", "VARCHAR", "act or contact"),
        ("profile", "VARCHAR", "strict or market"),
        ("effect", "VARCHAR", "INVITE_ONLY, HOLD, QUARANTINED, REFUSED; WARN = shown, changes nothing"),
        ("later_act_effect", "VARCHAR", "effect on an act of a partner after a suppression; null = as effect"),
        ("applies_from", "TIMESTAMP", "first instant of the law's period; -infinity = always"),
        ("applies_until", "TIMESTAMP", "end, exclusive; infinity = open"),
        ("source", "VARCHAR", ""),
        ("sentence", "VARCHAR", "what it checks, in one sentence"),
        ("lifted_by", "VARCHAR", "nobody, dpo, supplier_manager or support"),
        ("lifted_how", "VARCHAR", "what ends the effect"),
        ("to_person", "VARCHAR", "what the person may be told, in French"),
        ("to_partner", "VARCHAR", "what the partner is told to mend, in French"),
        ("known_from", "TIMESTAMP", "from when the registry said so; -infinity, and null in older files = always"),
        ("known_until", "TIMESTAMP", "until when it said so; null = still"),
    ),
)

SPONSORS = Table(
    "sponsors",
    "sponsor",
    ("sponsor_id",),
    _columns(
        Privacy.OPEN,
        ("sponsor_id", "VARCHAR", ""),
        ("legal_name", "VARCHAR", ""),
        ("candidate", "VARCHAR", "null = none yet"),
    ),
)

CONTROLLER = Table(
    "controller",
    "the controller (one row)",
    ("legal_name",),
    _columns(Privacy.OPEN, ("legal_name", "VARCHAR", "name by which a notice names us")),
)

SEGMENTS = Table(
    "segments",
    "named segment",
    ("segment_id",),
    _columns(
        Privacy.OPEN,
        ("segment_id", "VARCHAR", ""),
        ("channel", "VARCHAR", "sms or voice"),
        ("profile", "VARCHAR", "strict or market"),
        ("sponsor_id", "VARCHAR", ""),
    ),
)

SEGMENT_CRITERIA = Table(
    "segment_criteria",
    "named segment x criterion x value",
    ("segment_id", "criterion", "position"),
    _columns(
        Privacy.OPEN,
        ("segment_id", "VARCHAR", ""),
        ("criterion", "VARCHAR", "key of the order's audience, with exclude_ before an excluding one"),
        ("position", "INTEGER", ""),
        ("text_value", "VARCHAR", "for list criteria and sex"),
        ("low", "DOUBLE", "for ranges, inclusive; null = open"),
        ("high", "DOUBLE", "for ranges, inclusive; null = open"),
        ("election", "VARCHAR", "bureau_vote only"),
        ("round", "INTEGER", "bureau_vote only"),
    ),
)

SNAPSHOT_TABLES = (
    DOSSIER_PARTNERS,
    DOSSIER_CHAIN,
    DOSSIER_AUDITS,
    DOSSIER_FORM_VERSIONS,
    DOSSIER_NOTICES,
    DOSSIER_NOTICE_RECIPIENTS,
    DOSSIER_FEEDS,
    DOSSIER_NOTICE_CONTRADICTIONS,
    FORM_STOPS,
    RULES,
    SPONSORS,
    CONTROLLER,
    SEGMENTS,
    SEGMENT_CRITERIA,
)

VAULT_TABLES = (IDENTITIES, ADDRESSES, SALTS)
LAKE_TABLES = (
    OPT_INS,
    WITHDRAWALS,
    WITHDRAWAL_SIGNALS,
    QUARANTINE,
    DELIVERY_FIGURES,
    AGE_BRACKETS,
    ADDRESS_TIES,
    BUREAUX,
    BUREAU_RESULTS,
    IRIS,
    IRIS_INCOME,
    COMMUNE_INCOME,
    COMMUNES,
    COMMUNE_NAMES,
    BAN_ADDRESSES,
    REU_ADDRESSES,
    TERRITORY_OVERLAPS,
    CONTOURS,
)
