"""One row of each table of the ledger that its constraints let in, and for each constraint what makes it impossible.

What follows from the kind of a constraint (a closed list, a hash, a count, a reference) is made from the metadata; what two
columns must be to each other is written down here. A new constraint without a try fails a test.
"""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint

from stores.operations.all_tables import metadata

HASH = "a" * 64
#: A text that stands in rows and may stand in no error.
CANARY = "canary-of-a-row"

POSSIBLE = {
    "access_log": {"at": 1, "actor": CANARY, "command": "c", "reason": "r", "subjects": 1, "subjects_json": "[]"},
    "agreement_exports": {"fact_id": "f", "file_name": CANARY, "exported_at": 1},
    "approvals": {"plan_id": "p", "approved_by": CANARY, "approved_at": 1, "approved_sha256": HASH},
    "base_decisions": {
        "base_version": CANARY,
        "contacts_at_least": 0,
        "decided_at": 1,
        "decided_by": "d",
        "why": "w",
    },
    "bureau_holdings": {
        "plan_id": "p",
        "election": CANARY,
        "round": 1,
        "sponsor_id": "s",
        "bureau_code": "b",
        "bureau_map": "m",
        "age_from": -1,
        "age_to": 120,
        "held_from": 1,
        "held_until": 2,
    },
    "bureau_reservations": {
        "election": CANARY,
        "round": 1,
        "bureau_code": "b",
        "age": -1,
        "bureau_map": "m",
        "sponsor_id": "s",
        "plan_id": "p",
        "expires_at": 2,
    },
    "contact_facts": {
        "fact_id": "f",
        "contact_id": CANARY,
        "kind": "reply",
        "source": "s",
        "send_id": "m",
        "occurred_at": 1,
        "known_at": 1,
    },
    "contact_reservations": {
        "election": "e",
        "round": 1,
        "contact_id": CANARY,
        "sponsor_id": "s",
        "plan_id": "p",
        "expires_at": 2,
    },
    "deliveries": {
        "delivery_id": "d",
        "partner_id": "p",
        "feed_id": "f",
        "kind": "optins",
        "mode": "full",
        "file_name": CANARY,
        "sha256": HASH,
        "bytes": 0,
        "container": "gzip",
        "encoding": "utf-8",
        "encoding_rule": "mark",
        "content_sha256": HASH,
        "content_fingerprint": HASH,
        "warnings_json": "[]",
        "outcome": "accepted",
        "data_rows": 3,
        "accepted_rows": 2,
        "quarantined_rows": 1,
        "reading": 1,
        "judged_with": "j",
        "line_count": 4,
        "evidence_root": HASH,
        "exported_at": 1,
        "arrived_at": 1,
        "taken_in_at": 1,
    },
    "delivery_decisions": {
        "delivery_id": "d",
        "kind": "refuse",
        "decided_at": 1,
        "decided_by": CANARY,
        "why": "w",
        "applied_at": 1,
    },
    "erased_rows": {"erasure_id": "e", "delivery_id": CANARY, "reading": 1, "accepted_rows": 1},
    "erasures": {
        "erasure_id": "e",
        "mark": HASH,
        "case_id": CANARY,
        "started_at": 1,
        "started_by": "s",
        "found_json": "{}",
    },
    "fetched_files": {
        "partner_id": "p",
        "remote_name": CANARY,
        "remote_bytes": 0,
        "remote_modified_at": -1,
        "file_name": "f",
        "fetched_at": 1,
    },
    "file_rewrites": {"path": CANARY, "announced_at": 1},
    "form_stops": {"partner_id": CANARY, "form_version": "f", "stopped_at": 1, "stopped_by": "s", "why": "w"},
    "gateway_heartbeats": {"gateway": CANARY, "seen_at": 1},
    "journal": {
        "sequence": 1,
        "at": 1,
        "kind": "plan",
        "subject": CANARY,
        "payload_json": "{}",
        "payload_sha256": HASH,
    },
    "log_checkpoints": {"size": 1, "note": CANARY, "signed_at": 1},
    "log_leaves": {"position": 0, "journal_sequence": 1, "salt": HASH, "leaf_hash": HASH},
    "message_events": {
        "event_id": "e",
        "send_id": "m",
        "at": 2,
        "known_at": 1,
        "state": "ACCEPTED",
        "source": "sender",
        "detail": CANARY,
    },
    "message_texts": {
        "message_sha256": HASH,
        "handed_text": CANARY,
        "shown_text": "s",
        "gives_origin": 1,
        "planned_at": 1,
    },
    "messages": {
        "send_id": "m",
        "plan_id": "p",
        "contact_id": CANARY,
        "position": 1,
        "state": "ACCEPTED",
        "state_at": 1,
        "attempt": 1,
        "run_id": "r",
        "planned_base_version": "b",
        "judged_base_version": "b",
        "judged_rule_set_sha256": HASH,
        "codes_json": "[]",
        "claimed_at": 2,
        "handed_over_at": 1,
        "message_sha256": HASH,
    },
    "open_data_attempts": {"source_id": CANARY, "at": 1, "outcome": "absent"},
    "open_data_vintages": {
        "source_id": CANARY,
        "vintage": "v",
        "sha256": HASH,
        "file_name": "f",
        "rows": 0,
        "loaded_at": 1,
    },
    "opt_outs": {
        "opt_out_id": "o",
        "contact_id": CANARY,
        "kind": "stop",
        "source": "s",
        "channel": "sms",
        "effective_at": 1,
        "known_at": 1,
    },
    "plan_lifts": {"plan_id": "p", "code": "c", "lifted_by": CANARY, "why": "w", "lifted_at": 1},
    "plans": {
        "plan_id": "p",
        "campaign_id": "c",
        "order_json": CANARY,
        "order_sha256": HASH,
        "kind": "selected",
        "election": "e",
        "round": 1,
        "sponsor_id": "s",
        "channel": "sms",
        "profile": "strict",
        "gateway": "g",
        "base_version": "b",
        "rule_set_sha256": HASH,
        "state": "approved",
        "findings_json": "[]",
        "excluded_json": "{}",
        "excluded_by_code_json": "{}",
        "contacts": 0,
        "bureaux": 0,
        "message_sha256": HASH,
        "parts_per_message": 1,
        "unit_price_cents": 0,
        "total_cents": 0,
        "price_list": "p",
        "window_from": 1,
        "window_to": 2,
        "starts_at": 1,
        "ends_at": 1,
        "planned_by": "p",
        "planned_at": 3,
        "is_paused": 1,
    },
    "redacted_lines": {"delivery_id": CANARY, "line_number": 1},
    "redactions": {"delivery_id": CANARY, "number": 1, "lines": 0, "sha256": HASH, "redacted_at": 1},
    "replies": {"reply_id": "r", "gateway": "g", "contact_id": CANARY, "at": 2, "known_at": 1, "meaning": "yes"},
    "request_answers": {"request_id": "r", "answered_at": 1, "answer": CANARY, "entered_at": 1, "entered_by": "e"},
    "requests": {
        "request_id": "r",
        "kind": "access",
        "contact_id": CANARY,
        "received_at": 1,
        "late_at": 2,
        "source": "s",
        "entered_at": 1,
        "entered_by": "e",
    },
    "restorations": {"restored_at": 1, "backup_made_at": 2, "restored_by": CANARY},
    "sealed_files": {"path": CANARY, "bytes": 0, "sha256": HASH, "batch": 1},
    "sealed_messages": {"plan_id": "p", "batch": 1, "messages": 1, "root": HASH, "sealed_at": 1},
    "seen_files": {
        "partner_id": "p",
        "file_name": CANARY,
        "bytes": 0,
        "inode": 0,
        "modified_ns": -1,
        "changed_ns": 1,
        "sha256": HASH,
    },
    "signatures": {
        "number": 1,
        "act": "approve",
        "subject": CANARY,
        "record_json": "{}",
        "record_sha256": HASH,
        "person_id": "p",
        "key_fingerprint": "k",
        "signed_at": 1,
        "signature": "s",
    },
    "snapshots": {"kind": CANARY, "sha256": HASH, "taken_at": 1, "number": 1},
    "suppression_marks": {"mark": HASH, "marked_at": 1, "acts_from": 1, "returned_at": 1},
    "told_audiences": {"sponsor_id": CANARY, "audience_sha256": HASH, "audience_json": "{}", "told_at": 1},
    "transparency_notices": {
        "plan_id": "p",
        "version": 1,
        "notice_json": "{}",
        "notice_text": CANARY,
        "sha256": HASH,
        "made_at": 2,
        "kept_until": 1,
    },
}

_HELD = {"outcome": "held", "reason": "UNKNOWN_FILE"}
_COMPLAINT = {"kind": "complaint", "campaign_id": "c", "contact_id": None}

#: By rule of a table: changes of its possible row, each of which the rule refuses.
_BROKEN_RULES = {
    "bureau_holdings_ages_in_order": [{"age_from": 30, "age_to": 29}],
    "contact_facts_known_once_occurred": [{"occurred_at": 2}],
    "deliveries_accepted_was_read": [{"reading": 0}, {"reason": "UNKNOWN_FILE"}],
    "deliveries_lines_have_a_root": [{"line_count": None}, {"evidence_root": None}],
    "deliveries_repeats_another": [
        {"duplicate_of": "x"},
        {"outcome": "duplicate", "reason": "DUPLICATE_BYTES", "duplicate_of": "d"},
    ],
    "deliveries_rows_add_up": [{"data_rows": 4}],
    "delivery_decisions_refusal_is_applied": [{"applied_at": None}],
    "messages_claim_is_whole": [{"attempt": 0}, {"run_id": None}],
    "messages_handed_over_after_a_claim": [
        {"state": "DELIVERED", "attempt": 0, "run_id": None, "claimed_at": None},
    ],
    "messages_judgement_is_whole": [{"judged_base_version": None}, {"judged_rule_set_sha256": None}],
    "messages_state_follows_a_claim": [
        {"state": state, "attempt": 0, "run_id": None, "claimed_at": None, "handed_over_at": None}
        for state in ("CLAIMED", "EXCLUDED", "REJECTED", "UNKNOWN", "ACCEPTED", "NO_RECEIPT")
    ],
    "opt_outs_known_once_effective": [{"effective_at": 2}],
    "plans_paused_once_approved": [{"state": "planned"}],
    "plans_starts_in_its_window": [{"starts_at": 0}, {"starts_at": 2}],
    "plans_window_has_an_end": [{"window_to": 1}],
    "request_answers_entered_once_answered": [{"answered_at": 2}],
    "requests_complaint_is_of_a_campaign": [{"campaign_id": "c"}, {**_COMPLAINT, "campaign_id": None}],
    "requests_complaint_is_of_nobody": [{**_COMPLAINT, "contact_id": "x"}],
    "requests_entered_once_received": [{"entered_at": 0}],
    "requests_late_after_receipt": [{"late_at": 1}],
    "restorations_answer_is_whole": [{"cleared_at": 1}, {"cleared_by": "c", "cleared_at": 1}],
    "suppression_marks_returned_by_an_open_one": [{"acts_from": None}],
}

#: What else a change of one column needs, so that no other constraint is in its way.
_BESIDE = {
    "deliveries_accepted_rows_not_below": {"data_rows": None},
    "deliveries_data_rows_not_below": {"accepted_rows": None},
    "deliveries_quarantined_rows_not_below": {"data_rows": None},
    "deliveries_reading_not_below": _HELD,
    "deliveries_reason_known": {"outcome": "held"},
    "deliveries_duplicate_of_exists": {"outcome": "duplicate", "reason": "DUPLICATE_BYTES"},
}


def constraints():
    """Yield table, constraint and column (None for a rule of the table) of all that the ledger refuses rows by."""
    for table in metadata.sorted_tables:
        for constraint in table.constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                yield table, constraint, constraint.elements[0].parent
            elif isinstance(constraint, CheckConstraint):
                yield table, constraint, None
        for column in table.columns:
            for constraint in column.constraints:
                yield table, constraint, column


def impossible(table, constraint, column):
    """Return rows of a table that only this constraint refuses."""
    if column is None:
        changes = _BROKEN_RULES[constraint.name]
    else:
        changes = [{column.name: value} | _BESIDE.get(constraint.name, {}) for value in _values(constraint, column)]
    return [POSSIBLE[table.name] | change for change in changes]


def _values(constraint, column):
    """Return values of a column that its own constraint refuses."""
    kind = constraint.name.removeprefix(f"{column.table.name}_{column.name}_")
    if kind == "not_below":
        return [int(str(constraint.sqltext).rpartition(">= ")[2]) - 1]
    numbered = column.type.python_type is int
    refused = {
        "known": ["nonsense", ""],
        "is_a_hash": [HASH[1:], HASH.upper(), "g" * 64, ""],
        "filled": ["", "  "],
        "is_flag": [2, -1],
        "exists": [999 if numbered else "b" * 64],
    }
    return refused[kind]
