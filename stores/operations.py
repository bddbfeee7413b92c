"""The operations database: what changes during the day, one schema for SQLite and PostgreSQL.

Ids are text, instants 64-bit microseconds of UTC, lists and records canonical JSON text. Inserts that may
meet themselves use `insert_once`. Domain code builds its statements from the tables below; engines,
transactions and migrations are made here and nowhere else. Every column is classed (see `PRIVACY`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from stores.schemas import Privacy
from terms.errors import FiliationError, UsageError

metadata = MetaData()


class DatabaseBusy(FiliationError):
    """Another process wrote for longer than we wait; nothing of ours was written, and it can be tried again."""


#: SQLite counts rowids in INTEGER columns only; PostgreSQL gets 64 bits.
_Sequence = BigInteger().with_variant(Integer, "sqlite")


#: PostgreSQL's codes for a table or column that is not there.
_OTHER_SCHEMA = ("42P01", "42703")

#: Execution options of a connection: one that means to write, and one whose every statement sees the latest commit.
_WRITES, _LATEST = "filiation_writes", "filiation_latest"


def _text(name: str, *, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[str]:
    return Column(name, String, nullable=null, info={"privacy": privacy})


def _number(name: str, *, null: bool = False, privacy: Privacy = Privacy.OPEN) -> Column[int]:
    return Column(name, BigInteger, nullable=null, info={"privacy": privacy})


def _counter(name: str) -> Column[int]:
    return Column(name, _Sequence, primary_key=True, autoincrement=True, info={"privacy": Privacy.OPEN})


def _contact(*, null: bool = False) -> Column[str]:
    return _text("contact_id", null=null, privacy=Privacy.PSEUDONYMOUS)


deliveries = Table(
    "deliveries",
    metadata,
    _text("delivery_id"),
    _text("partner_id"),
    _text("feed_id", null=True),
    _text("kind", null=True),  # optins | withdrawals
    _text("mode", null=True),  # full | delta
    _text("file_name"),
    _text("sha256"),
    _number("bytes"),
    _text("container", null=True),  # none | gzip | zip | xlsx | parquet: how the delivered bytes unpack
    _text("encoding", null=True),  # in which the text was read; null where no line was read
    _text("encoding_rule", null=True),  # what decided it: mark | dossier | assumed | rows
    _text("content_sha256", null=True),
    _text("content_fingerprint", null=True),  # of the multiset of well-formed records
    _text("duplicate_of", null=True),  # delivery that a duplicate repeats
    _text("warnings_json"),  # codes of what a person should see although the outcome stands
    _text("outcome"),  # accepted | held | refused | duplicate
    _text("reason", null=True),
    _number("data_rows", null=True),
    _number("accepted_rows", null=True),
    _number("quarantined_rows", null=True),
    _number("reading"),  # current reading; 0 where none was made
    _text("judged_with", null=True),  # hash of dossier and reader versions: a held file is judged again on change
    _number("line_count", null=True),
    _text("evidence_root", null=True),
    _number("exported_at", null=True),
    _number("arrived_at"),  # when the drop server got it: the row's `received_at`
    _number("taken_in_at"),  # when we judged it
    PrimaryKeyConstraint("delivery_id"),
)

delivery_decisions = Table(
    "delivery_decisions",
    metadata,
    _text("delivery_id"),
    _text("kind"),  # release | refuse | reread
    _number("decided_at"),
    _text("decided_by"),
    _text("why"),
    _number("applied_at", null=True),  # null: the next refresh acts on it
    PrimaryKeyConstraint("delivery_id", "decided_at"),
)

#: Files that we fetched from a partner's server; one version of a file is fetched once.
fetched_files = Table(
    "fetched_files",
    metadata,
    _text("partner_id"),
    _text("remote_name"),
    _number("remote_bytes"),
    _number("remote_modified_at"),  # seconds, as the server tells it
    _text("file_name"),  # in the partner's landing folder
    _number("fetched_at"),
    PrimaryKeyConstraint("partner_id", "remote_name", "remote_bytes", "remote_modified_at"),
)

#: What files of the landing folder hashed to, and how the file system showed them then.
seen_files = Table(
    "seen_files",
    metadata,
    _text("partner_id"),
    _text("file_name"),  # in the partner's landing folder
    _number("bytes"),
    _number("inode"),
    _number("modified_ns"),
    _number("changed_ns"),
    _text("sha256"),
    PrimaryKeyConstraint("partner_id", "file_name"),
)

#: A person's decision that the next base may be smaller than the policy lets it be; lapses with the base it names.
base_decisions = Table(
    "base_decisions",
    metadata,
    _text("base_version"),  # serving when it was decided
    _number("contacts_at_least"),
    _number("decided_at"),
    _text("decided_by"),
    _text("why"),
    PrimaryKeyConstraint("base_version", "decided_at"),
)

snapshots = Table(
    "snapshots",
    metadata,
    _text("kind"),  # dossiers | rules | sponsors | elections | ...
    _text("sha256"),
    _number("taken_at"),
    _number("number"),  # 1, 2, ... within a kind; the highest is current
    PrimaryKeyConstraint("kind", "number"),
)

open_data_vintages = Table(
    "open_data_vintages",
    metadata,
    _text("source_id"),
    _text("vintage"),
    _text("sha256"),
    _text("file_name"),
    _number("rows"),
    _number("loaded_at"),
    PrimaryKeyConstraint("source_id", "vintage", "sha256"),
)

open_data_attempts = Table(
    "open_data_attempts",
    metadata,
    _counter("attempt_id"),
    _text("source_id"),
    _number("at"),
    _text("outcome"),  # loaded | unchanged | failed | absent
    _text("message", null=True),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    _counter("sequence"),
    _text("opt_out_id"),
    _contact(),
    _text("kind"),  # stop | objection | erasure | withdrawal
    _text("source"),
    _text("channel", null=True),
    _text("sponsor_id", null=True),
    _number("effective_at"),
    _number("known_at"),
    UniqueConstraint("opt_out_id"),
    Index("opt_outs_of_contact", "contact_id"),
)

#: What a person or an operator did that a use is judged by, opt-outs aside; the sender counts a contact's rows again.
contact_facts = Table(
    "contact_facts",
    metadata,
    _counter("sequence"),
    _text("fact_id"),
    _contact(),
    _text("kind"),  # click | reply | form | access_request | access_answer | unknown_subscriber
    _text("source"),
    _text("send_id", null=True),  # the message that it answers or is about
    _number("occurred_at"),
    _number("known_at"),
    UniqueConstraint("fact_id"),
    Index("contact_facts_of_contact", "contact_id"),
)

#: Form versions that we switched off by command; the first stop of a version stands.
form_stops = Table(
    "form_stops",
    metadata,
    _text("partner_id"),
    _text("form_version"),
    _number("stopped_at"),  # from this instant it counts and is known
    _text("stopped_by"),
    _text("why"),
    PrimaryKeyConstraint("partner_id", "form_version"),
)

#: What somebody asked of us that has a clock; `late_at` is the first instant at which it is late.
requests = Table(
    "requests",
    metadata,
    _text("request_id"),
    _text("kind"),  # withdrawal | objection | erasure | access | complaint
    _contact(null=True),  # null: a complaint is about an ad
    _text("campaign_id", null=True),
    _number("received_at"),
    _number("late_at"),
    _text("source"),
    _text("relayed_by", null=True),  # the sponsor who passed it on
    _text("reason", null=True),
    _number("entered_at"),
    _text("entered_by"),
    PrimaryKeyConstraint("request_id"),
    Index("requests_by_clock", "late_at"),
    Index("requests_of_contact", "contact_id"),
)

request_answers = Table(
    "request_answers",
    metadata,
    _text("request_id"),
    _number("answered_at"),
    _text("answer"),
    _number("entered_at"),
    _text("entered_by"),
    PrimaryKeyConstraint("request_id"),
)

plans = Table(
    "plans",
    metadata,
    _text("plan_id"),
    _text("campaign_id"),
    _text("order_json"),
    _text("order_sha256"),
    _text("kind"),  # selected | invitation
    _text("election"),
    _number("round"),
    _text("sponsor_id"),
    _text("channel"),
    _text("profile"),
    _text("gateway"),
    _text("base_version"),
    _text("rule_set_sha256"),
    _text("state"),  # planned | approved | stopped | released
    _text("findings_json"),
    _text("excluded_json"),
    _text("excluded_by_code_json"),
    _number("contacts"),
    _number("bureaux"),
    _text("message_sha256"),
    _number("parts_per_message"),
    _number("unit_price_cents"),
    _number("total_cents"),
    _text("price_list"),
    _number("window_from"),
    _number("window_to"),
    _number("starts_at"),
    _number("ends_at"),
    _text("planned_by"),
    _number("planned_at"),
    _number("is_paused"),
    PrimaryKeyConstraint("plan_id"),
)

#: A campaign has one living plan: a key, so that two planners at the same instant cannot both write one.
_LIVING = plans.c.state.in_(("planned", "approved"))
_living_plan = Index("living_plan_of_campaign", plans.c.campaign_id, unique=True, sqlite_where=_LIVING)

plan_lifts = Table(
    "plan_lifts",
    metadata,
    _text("plan_id"),
    _text("code"),
    _text("lifted_by"),
    _text("why"),
    _number("lifted_at"),
    PrimaryKeyConstraint("plan_id", "code"),
)

approvals = Table(
    "approvals",
    metadata,
    _text("plan_id"),
    _text("approved_by"),
    _number("approved_at"),
    _text("approved_sha256"),  # of what was approved: order, audience, message, rules
    PrimaryKeyConstraint("plan_id"),
)

bureau_reservations = Table(
    "bureau_reservations",
    metadata,
    _text("election"),
    _number("round"),
    _text("bureau_code"),
    _number("age"),  # years on polling day; -1 = birth date unknown, held by the holder of the whole bureau
    _text("bureau_map"),
    _text("sponsor_id"),
    _text("plan_id"),
    _number("expires_at"),
    PrimaryKeyConstraint("election", "round", "bureau_code", "age"),
)

contact_reservations = Table(
    "contact_reservations",
    metadata,
    _text("election"),
    _number("round"),
    _contact(),
    _text("sponsor_id"),
    _text("plan_id"),
    _number("expires_at"),
    PrimaryKeyConstraint("election", "round", "contact_id"),
)

#: What a plan held and when: kept for good, for the certificate, and so that what two plans of one sponsor both hold
#: stays held when one of them is released. A whole bureau runs from age -1 (birth date unknown) to the oldest.
bureau_holdings = Table(
    "bureau_holdings",
    metadata,
    _text("plan_id"),
    _text("election"),
    _number("round"),
    _text("sponsor_id"),
    _text("bureau_code"),
    _text("bureau_map"),
    _number("age_from"),  # years on polling day, bounds included
    _number("age_to"),
    _number("held_from"),
    _number("held_until"),
    PrimaryKeyConstraint("plan_id", "bureau_code"),
    Index("holdings_of_bureau", "election", "round", "bureau_code"),
)

#: Audiences about which a sponsor was told numbers, by a plan or a count: the next one must differ by nobody or by many.
told_audiences = Table(
    "told_audiences",
    metadata,
    _text("sponsor_id"),
    _text("audience_sha256"),
    _text("audience_json"),  # criteria, map of bureaux, reserved part
    _number("told_at"),
    PrimaryKeyConstraint("sponsor_id", "audience_sha256"),
)

messages = Table(
    "messages",
    metadata,
    _text("send_id"),
    _text("plan_id"),
    _contact(),
    _number("position"),  # order of sending within the plan
    _text("bureau_code", null=True),
    _text("state"),
    _number("state_at"),
    _number("attempt"),
    _text("run_id", null=True),
    _text("planned_base_version"),
    _text("judged_base_version", null=True),  # at hand-over
    _text("judged_rule_set_sha256", null=True),
    _text("codes_json"),  # of the judgement at hand-over; [] where it was allowed
    _number("claimed_at", null=True),
    _number("handed_over_at", null=True),
    _text("gateway_message_id", null=True),
    _text("message_sha256"),
    PrimaryKeyConstraint("send_id"),
    UniqueConstraint("plan_id", "position"),
    UniqueConstraint("plan_id", "contact_id"),
    Index("messages_of_contact", "contact_id"),  # a report or a reply names a phone
)

#: What people were shown, letter by letter, by its hash: the text stays although order and gateway change.
message_texts = Table(
    "message_texts",
    metadata,
    _text("message_sha256"),
    _text("handed_text"),  # as the gateway gets it
    _text("shown_text"),  # as the phone shows it: with the STOP line that the gateway appends
    _number("gives_origin"),  # 1: it says where the number comes from
    _number("planned_at"),
    PrimaryKeyConstraint("message_sha256"),
)

#: Labels and notices of political advertising (TTPA articles 11 and 12), each change a version; kept seven years (R-44).
transparency_notices = Table(
    "transparency_notices",
    metadata,
    _text("plan_id"),
    _number("version"),  # 1, 2, ... of a plan
    _text("notice_json"),
    _text("notice_text"),
    _text("sha256"),  # of the notice's JSON
    _number("made_at"),
    _number("kept_until"),
    PrimaryKeyConstraint("plan_id", "version"),
)

#: Yeses to invitations that were handed in as a delivery of our own; a file of them is made again until it is taken in.
agreement_exports = Table(
    "agreement_exports",
    metadata,
    _text("fact_id"),
    _text("file_name"),
    _number("exported_at"),
    PrimaryKeyConstraint("fact_id"),
)

message_events = Table(
    "message_events",
    metadata,
    _text("event_id"),
    _text("send_id"),
    _number("at"),
    _number("known_at"),
    _text("state"),
    _text("source"),  # sender | report | reconciliation
    _text("detail", null=True),
    PrimaryKeyConstraint("event_id"),
    Index("message_events_of_send", "send_id"),  # a trace, a seal and an erasure ask for those of some messages
)

replies = Table(
    "replies",
    metadata,
    _text("reply_id"),
    _text("gateway"),
    _contact(null=True),
    _number("at"),
    _number("known_at"),
    _text("meaning"),  # stop | yes | other
    PrimaryKeyConstraint("reply_id"),
    Index("replies_of_contact", "contact_id"),
)

#: Ledgers that came from a backup: until a person answers for what the backup cannot know, sending asks the gateway.
restorations = Table(
    "restorations",
    metadata,
    _number("restored_at"),
    _number("backup_made_at"),
    _text("restored_by"),
    _number("cleared_at", null=True),
    _text("cleared_by", null=True),
    _text("why", null=True),
    PrimaryKeyConstraint("restored_at"),
)

gateway_heartbeats = Table(
    "gateway_heartbeats",
    metadata,
    _text("gateway"),
    _number("seen_at"),
    PrimaryKeyConstraint("gateway"),
)

access_log = Table(
    "access_log",
    metadata,
    _counter("access_id"),
    _number("at"),
    _text("actor"),
    _text("command"),
    _text("reason"),
    _text("case_id", null=True),
    _number("subjects"),
    _text("subjects_json", privacy=Privacy.PSEUDONYMOUS),  # contact ids, or delivery and line
)

journal = Table(
    "journal",
    metadata,
    _counter("sequence"),
    _number("at"),
    _text("kind"),
    _text("subject"),
    _text("payload_json", privacy=Privacy.PSEUDONYMOUS),
    _text("payload_sha256"),
)

#: The transparency log: which journal line is which leaf. Without its salt a leaf says nothing about its line.
log_leaves = Table(
    "log_leaves",
    metadata,
    _number("position"),  # of the leaf, from 0, without gaps
    _number("journal_sequence"),
    _text("salt", null=True),  # hex; destroyed when the line is erased
    _text("leaf_hash"),  # hex
    PrimaryKeyConstraint("position"),
    UniqueConstraint("journal_sequence"),
)

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    _number("size"),  # leaves covered
    _text("note"),  # signed note, as it was written out
    _number("signed_at"),
    PrimaryKeyConstraint("size"),
)

#: Files of the stores as they were when they were sealed; who rewrites a sealed file seals it again, in a later batch.
sealed_files = Table(
    "sealed_files",
    metadata,
    _text("path"),  # under the home
    _number("bytes"),
    _text("sha256"),
    _number("batch"),
    PrimaryKeyConstraint("path", "batch"),
)

#: Batches of messages that were sealed together; their commitments lie in `log/messages/`.
sealed_messages = Table(
    "sealed_messages",
    metadata,
    _text("plan_id"),
    _number("batch"),  # 1, 2, ... within the plan
    _number("messages"),
    _text("root"),  # hex
    _number("sealed_at"),
    PrimaryKeyConstraint("plan_id", "batch"),
)

#: Marks of persons who were taken out: a hash of the number under a key of its own, and nothing else of them.
suppression_marks = Table(
    "suppression_marks",
    metadata,
    _text("mark", privacy=Privacy.PSEUDONYMOUS),
    _number("marked_at"),
    _number("acts_from", null=True),  # acts from this instant on are let in; null: none, ever
    _number("returned_at", null=True),  # when something was let in again; null: nothing of the person stands
    PrimaryKeyConstraint("mark"),
)

#: Erasures begun and ended; what was found is written before anything is changed, so that a killed one can be told whole.
erasures = Table(
    "erasures",
    metadata,
    _text("erasure_id"),
    _text("mark", privacy=Privacy.PSEUDONYMOUS),
    _text("case_id"),
    _number("started_at"),
    _text("started_by"),
    _text("found_json"),
    _number("finished_at", null=True),  # null: it was killed, and is to be run again
    _number("acts_from", null=True),  # what its mark lets in once it has ended
    PrimaryKeyConstraint("erasure_id"),
    Index("erasures_of_mark", "mark"),
)

#: Accepted rows that an erasure took out of a reading: what came in is what stands there and these.
erased_rows = Table(
    "erased_rows",
    metadata,
    _text("erasure_id"),
    _text("delivery_id"),
    _number("reading"),
    _number("accepted_rows"),
    PrimaryKeyConstraint("erasure_id", "delivery_id", "reading"),
)

#: Physical lines of evidence whose bytes are gone; their commitments stand.
redacted_lines = Table(
    "redacted_lines",
    metadata,
    _text("delivery_id"),
    _number("line_number"),
    PrimaryKeyConstraint("delivery_id", "line_number"),
)

#: What the evidence of a delivery is since lines of it went; the newest says what it is now.
redactions = Table(
    "redactions",
    metadata,
    _text("delivery_id"),
    _number("number"),  # 1, 2, ... within the delivery
    _number("lines"),  # redacted by this one
    _text("sha256"),  # of the delivered bytes as they are kept since
    _number("redacted_at"),
    PrimaryKeyConstraint("delivery_id", "number"),
)

#: Sealed files that are being written again on purpose: announced before the first byte, gone once they are sealed again.
file_rewrites = Table(
    "file_rewrites",
    metadata,
    _text("path"),  # under the home
    _number("announced_at"),
    PrimaryKeyConstraint("path"),
)


def open_operations(url: str) -> Engine:
    """Return an engine for `url` (SQLite or PostgreSQL by psycopg).

    SQLite runs in WAL with `synchronous = FULL`: with NORMAL a committed claim can vanish at a power cut,
    and a vanished claim is a message sent twice. `engine.connect()` reads: a snapshot that no writer delays and
    that may write nothing. `transaction` writes.

    Raises:
        UsageError: `url` cannot be read; or of an engine without driver; it is not repeated, because it may hold a password.
        FiliationError: later, when the server does not answer or is busy, or its schema is another (UsageError).
    """
    try:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise UsageError(
            "FILIATION_DATABASE_URL cannot be read.",
            "Give postgresql://USER:PASSWORD@HOST/NAME, or unset it for SQLite under the home.",
        ) from None
    event.listen(engine, "handle_error", _say_in_words)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # told here: naming the other dialect's option imports it, a tenth of the time of a cold look-up
        _living_plan.kwargs["postgresql_where"] = _LIVING
    return engine


def _say_in_words(context: ExceptionContext) -> None:
    """Put into words what a person can mend; the driver's own text names host and user, or values of a statement."""
    error, said = context.sqlalchemy_exception, str(context.original_exception)
    if isinstance(error, OperationalError) and "database is locked" in said:
        raise DatabaseBusy("The operations database is busy.", "Run this again when the other command has ended.")
    if isinstance(error, OperationalError) and context.connection is None:
        raise FiliationError(
            "The operations database does not answer.",
            "See that FILIATION_DATABASE_URL is right and its server runs (SQLite: that the home can be written).",
        )
    if (
        said.startswith(("no such table", "no such column"))
        or getattr(context.original_exception, "sqlstate", "") in _OTHER_SCHEMA
    ):
        raise UsageError("The operations database has another schema than this code.", "Run `filiation init`.")


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 20000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin as a writer, who waits for the other writer at once, or as a reader, whom nobody delays.

    A reader that turned writer halfway would fail as soon as anybody else wrote: it may not.
    """
    options = connection.get_execution_options()
    is_writer = bool(options.get(_WRITES))
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if is_writer else 'ON'}")
    if not options.get(_LATEST):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is committed at the end of the block, or not at all; the only way to write."""
    with engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


def connect_to_latest(engine: Engine) -> Connection:
    """Return a reading connection that may be kept: each of its statements sees all that was committed before it.

    `engine.connect()` sees one instant; asking it anew for each question costs more than the question. The caller
    closes it.
    """
    if engine.dialect.name == "sqlite":
        return engine.connect().execution_options(**{_LATEST: True})
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()  # it stays a reader: the pool must not give it to a writer
    connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    return connection


def compact(engine: Engine) -> None:
    """Write the database anew, so that what was deleted or changed leaves no bytes behind.

    PostgreSQL frees them for later rows; its archives of the log and its backups age out by their own rules.

    Raises:
        DatabaseBusy: somebody reads the state before; what was committed stands.
    """
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")
        return
    raw = engine.raw_connection()  # SQLAlchemy begins a transaction, in which SQLite does not vacuum
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA query_only = OFF")
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        busy = 1
    finally:
        raw.close()
    if busy:
        raise DatabaseBusy("The operations database is busy.", "Run this again when the other command has ended.")


def insert_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> int:
    """Insert rows, leaving those whose key exists, and return how many were new.

    One short statement that the driver runs for each row: one statement of many rows would be put together anew
    for each number of rows, which takes longer than the inserts.
    """
    if not rows:
        return 0
    kept = connection.execution_options(preserve_rowcount=True)
    return kept.execute(_insert_once(connection.dialect.name, table), [dict(row) for row in rows]).rowcount


@cache
def _insert_once(dialect: str, table: Table) -> Any:
    """Return the dialect's own INSERT; the other dialect is not imported, a cold look-up must start at once."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).inline().on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table).inline().on_conflict_do_nothing()


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
