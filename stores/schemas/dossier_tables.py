"""Tables of what is known of partners, as snapshots of their dossiers.

Writers are checked against these records, dbt sources are made of them. Instants are DuckDB TIMESTAMP in UTC,
dates are civil dates of Europe/Paris.
"""

from __future__ import annotations

from stores.schemas.column_classes import Privacy, Table, columns

_KNOWN = columns(
    Privacy.OPEN,
    ("known_from", "TIMESTAMP", "from when we believed it"),
    ("known_until", "TIMESTAMP", "until when we believed it; null = still"),
)

DOSSIER_PARTNERS = Table(
    "dossier_partners",
    "partner x span in which we believed these facts of it",
    ("partner_id", "known_from"),
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
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
    columns(
        Privacy.OPEN,
        ("partner_id", "VARCHAR", ""),
        ("form_version", "VARCHAR", ""),
        ("stopped_at", "TIMESTAMP", "instant from which it counts and is known"),
    ),
)
