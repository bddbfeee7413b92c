"""Tables of rules, sponsors, controller and segments, as snapshots of the configuration; and seals of messages.

Writers are checked against these records, dbt sources are made of them. Instants are DuckDB TIMESTAMP in UTC,
dates are civil dates of Europe/Paris.
"""

from __future__ import annotations

from stores.schemas.column_classes import Privacy, Table, columns

MESSAGE_SEALS = Table(
    "message_seals",
    "message of a batch that was sealed together",
    ("position",),
    columns(
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
    columns(
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
    columns(
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
    columns(Privacy.OPEN, ("legal_name", "VARCHAR", "name by which a notice names us")),
)

SEGMENTS = Table(
    "segments",
    "named segment",
    ("segment_id",),
    columns(
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
    columns(
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
