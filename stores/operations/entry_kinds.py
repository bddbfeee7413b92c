"""What a journal line can be about; writing lines belongs to `journal`."""

from __future__ import annotations

from enum import StrEnum


class Entry(StrEnum):
    """What a journal line is about."""

    DELIVERY = "delivery"
    DECISION = "delivery_decision"
    REREAD_FAILED = "reread_failed"
    SNAPSHOT = "snapshot"
    OPEN_DATA = "open_data"
    BASE = "base"
    BASE_ABANDONED = "base_abandoned"  # its line was written, and its run died before anybody could read it
    BASE_DECISION = "base_decision"
    OPT_OUT = "opt_out"
    CONTACT_FACT = "contact_fact"
    ACTS_FILE = "acts_file"
    FORM_STOP = "form_stop"
    REQUEST = "request"
    REQUEST_ANSWER = "request_answer"
    PLAN = "plan"
    LIFT = "lift"
    APPROVAL = "approval"
    SENDS = "sends"
    LOOK_UP = "look_up"
    FILES = "sealed_files"
    MESSAGES = "sealed_messages"
    PAPER = "paper"
    RESTORATION = "restoration"
    REDACTION = "redaction"
    ERASURE = "erasure"
    READMISSION = "readmission"
    PURGE = "purge"
    ROTATION = "key_rotation"
    SIGNATURE = "signature"
