"""The registry of rules: the law and our policy as dated records, read from `config/rules/` and checked.

A new rule is a record in one of those files, a unit of its code in `dbt_project/macros/evaluators/` and a typed case.
Evaluating a rule does not belong here; what an effect does to a use is decided by the base (`consent.judgement` asks it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import duckdb

from configuration.dated_rules import RULE_KEYS, DatedRule, Filled, Lift, check_profiles, read_dated_rules
from configuration.field_types import First, OneOf, Then, written
from stores.engine import connect
from stores.schemas.configuration_tables import RULES
from stores.snapshots import Snapshot, SnapshotStore
from terms.canonical_json import canonical_json
from terms.clock import naive_utc
from terms.paris import midnight_in_paris
from terms.reasons import Profile, Verdict

KIND = "rules"

_EFFECTS = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.SENDABLE)
_ALWAYS, _FOR_EVER = "-infinity", "infinity"

#: What the table `RULES` says of a rule without any effect: it is found and shown, and changes nothing.
WARN = "WARN"


#: When a rule was known is told by the snapshots, not by the folder.
_OWN_COLUMNS = tuple(column for column in RULES.columns if column.name not in ("known_from", "known_until"))


Effect = Annotated[Verdict, OneOf(_EFFECTS), Then(Verdict)]


def _without_null(effects: object) -> object:
    """Return the effects that are none, as their absence; each profile must be named."""
    if not isinstance(effects, dict):
        return effects
    check_profiles(effects)
    return {profile: effect for profile, effect in effects.items() if effect is not None}


Effects = Annotated[Mapping[Profile, Effect], First(_without_null)]


@written(keys=RULE_KEYS)
@dataclass(frozen=True, kw_only=True)
class Rule(DatedRule):
    """One rule about an act or a contact.

    `effects` holds the profiles in which the code does something (none: it is found and shown, and warns only);
    `effects_on_later_act` what it does instead to an act of a partner after a suppression. `to_person`, `to_partner`:
    French, what each may be told.
    """

    scope: Literal["act", "contact"]
    effects: Effects
    lift: Lift
    to_person: Filled
    to_partner: Filled
    effects_on_later_act: Effects = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins, and parameters: no rule of a person has any yet."""
        super().__post_init__()
        self.check_parameters()


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """Read every `*.yaml` of the folder, in order of file and place.

    Raises:
        UsageError: no file, an unknown or missing key, a wrong value (with file, line and key), or two records of
            one code whose periods overlap.
    """
    return read_dated_rules(folder, tuple[Rule, ...], "rules", lambda rule: rule.code).rules


def take_rules_snapshot(store: SnapshotStore, folder: Path, at: datetime) -> Snapshot:
    """Write the rules as the next snapshot of kind `rules`, or return the current one if they are the same.

    The rules of the first snapshot were always known: nothing tells since when. Later a record that is new or changed is
    known from `at`, whatever the day from which its law applies; one that changed or vanished is known until then. The
    snapshot's sha256 is the rule-set hash that plans and messages name: of what the folder says, not of its history.

    Args:
        store: of the snapshots.
        folder: of the rules' records.
        at: instant of the snapshot (aware).

    Raises:
        UsageError: as `read_rules`.
    """
    rows = rule_rows(read_rules(folder))
    digest = sha256(canonical_json(rows).encode()).hexdigest()
    current = store.current(KIND)
    if current is not None and current.sha256 == digest:
        return current
    with connect() as connection:
        columns = ", ".join(f"{column.name} {column.type}" for column in _OWN_COLUMNS)
        connection.execute(f"create temp table rules_read ({columns})")
        marks = ", ".join("?" for _ in _OWN_COLUMNS)
        connection.executemany(f"insert into rules_read values ({marks})", rows)
        connection.execute(f"create temp table rules_before as {store.sql(current, RULES)}")
        _merge(connection, _ALWAYS if current is None else naive_utc(at).isoformat(sep=" "))
        return store.take(connection, KIND, digest, at, {RULES: "select * from rules_after"})


def _merge(connection: duckdb.DuckDBPyConnection, since: str) -> None:
    """Create `rules_after` of `rules_before` and `rules_read`: what changed or vanished closes, what is new opens.

    Args:
        connection: holds both tables.
        since: the instant from which what is new is known.
    """
    same = " and ".join(f"b.{name} is not distinct from r.{name}" for name in own_names())
    listed = ", ".join(own_names())
    connection.execute(
        f"""
        create temp table rules_after as
        with
        open as (
            select b.*, exists (select 1 from rules_read as r where {same}) as goes_on
            from rules_before as b where b.known_until is null
        ),
        begun as (
            select * from rules_read as r
            where not exists (select 1 from rules_before as b where b.known_until is null and {same})
        )
        select * from rules_before where known_until is not null
        union all
        select {listed}, known_from, if(goes_on, null, $since::timestamp) from open
        where goes_on or known_from is null or known_from < $since::timestamp
        union all
        select {listed}, $since::timestamp, null from begun
        """,
        {"since": since},
    )


def rule_rows(rules: Sequence[Rule]) -> list[tuple[str | None, ...]]:
    """Return the rows of the table `RULES` without their span of knowledge, cells in the order of `own_names`.

    One per rule that has its day, and profile in which it has an effect; a rule without any effect has a row per profile
    that says `WARN`.
    """
    return [row for rule in rules if not rule.is_pending for row in _rows(rule)]


def own_names() -> list[str]:
    """Return the columns of the table `RULES` that a record itself states."""
    return [column.name for column in _OWN_COLUMNS]


def _rows(rule: Rule) -> list[tuple[str | None, ...]]:
    """Return the rows of `RULES`: one per profile in which the rule has an effect, or one per profile that warns only."""
    effects = {profile: effect.value for profile, effect in rule.effects.items()} or dict.fromkeys(Profile, WARN)
    return [
        (
            " ".join(rule.ids),
            rule.code,
            rule.scope,
            profile.value,
            effect,
            rule.effects_on_later_act[profile].value if profile in rule.effects_on_later_act else effect,
            _instant(rule.starts_on, _ALWAYS),
            _instant(rule.ends_on, _FOR_EVER),
            rule.source,
            rule.sentence,
            rule.lift.by.value,
            rule.lift.how,
            rule.to_person,
            rule.to_partner,
        )
        for profile, effect in effects.items()
    ]


def _instant(day: date | None, open_end: str) -> str:
    """Return the instant (UTC) at which a civil day begins in Paris, as text that DuckDB reads."""
    return open_end if day is None else naive_utc(midnight_in_paris(day)).isoformat(sep=" ")
