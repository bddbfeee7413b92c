"""The registry of rules as a page for people, `docs/rules.md`: written by `python -m pipelines.rules_page > docs/rules.md`.

One part each for rules of persons, rules of orders and retention. Reading the records belongs to
`configuration.dated_rules` and the room that judges by them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from configuration.dated_rules import DatedRule, Lift
from consent.rules.registry import Rule, read_rules
from retention.periods import RetentionRule, read_retention
from sends.rules.rulebook import SendRule, read_rulebook
from terms.reasons import Profile
from terms.settings import PROJECT_ROOT

Record = TypeVar("Record", bound=DatedRule)

_HEAD = """# Rules

Generated from `config/` by `python -m pipelines.rules_page`; do not edit. Each record has a period; the one in force decides.
Status: V = read on the authority's own page, in the law or in the decision; V2 = read in a secondary source; M = from memory,
to be checked; policy = our choice. Pending: a change of law whose day is not known yet; when it is, `pending` becomes that day
and the record that it replaces ends there.

- [Rules of persons](#rules-of-persons): whether a consent counts, and a person may be used
- [Rules of orders](#rules-of-orders): whether an order, a text or a sponsor is sent
- [Retention](#retention): how long what is kept
"""

_OF_PERSONS = """## Rules of persons

From `config/rules/`. Effects: none = it is found and shown, and changes nothing.
"""

_OF_ORDERS = """## Rules of orders

From `config/rules/orders/`. ALLOW = no effect, and the code is not told. A HOLD that somebody may lift is lifted by name and
with a reason (`filiation campaign lift`).
"""

_OF_RETENTION = """## Retention

From `config/retention/`. `filiation purge` deletes what is older.
"""


def rules_page(of_persons: Sequence[Rule], of_orders: Sequence[SendRule], of_retention: Sequence[RetentionRule]) -> str:
    """Return the page: one section per record, in order of code and period.

    Args:
        of_persons: records of `config/rules/`.
        of_orders: records of `config/rules/orders/`.
        of_retention: records of `config/retention/`.
    """
    lines = [_HEAD, _OF_PERSONS]
    lines += [line for rule in _ordered(of_persons) for line in _of_person(rule)]
    lines.append(_OF_ORDERS)
    lines += [line for rule in _ordered(of_orders) for line in _of_order(rule)]
    lines.append(_OF_RETENTION)
    lines += [line for rule in _ordered(of_retention) for line in _of_period(rule)]
    return "\n".join(lines)


def page_of(config: Path) -> str:
    """Return the page of the records in a configuration folder."""
    orders = read_rulebook(config / "rules" / "orders").rules
    return rules_page(read_rules(config / "rules"), orders, read_retention(config / "retention"))


def _ordered(rules: Sequence[Record]) -> list[Record]:
    return sorted(rules, key=lambda rule: (rule.code, rule.is_pending, rule.starts_on or date.min))


def _of_person(rule: Rule) -> Iterator[str]:
    yield from _head(rule, f"; about the {rule.scope}")
    yield f"- Effect: {_effects(rule.effects)}"
    if rule.effects_on_later_act:
        later = (f"{profile.value} {effect.value}" for profile, effect in rule.effects_on_later_act.items())
        yield f"- Effect on a partner's later act: {', '.join(later)}"
    yield _lift(rule.lift)
    yield f"- To the person: {rule.to_person}"
    yield f"- To the partner: {rule.to_partner}\n"


def _of_order(rule: SendRule) -> Iterator[str]:
    yield from _head(rule)
    yield f"- Effect: {_effects(rule.effects)}"
    yield _lift(rule.lift)
    yield f"- To the sponsor: {rule.to_sponsor}\n"


def _of_period(rule: RetentionRule) -> Iterator[str]:
    yield from _head(rule)
    yield f"- Of: {_words(rule.kept)}, counted from the {_words(rule.counted_from)}\n"


def _head(rule: DatedRule, more: str = "") -> Iterator[str]:
    yield f"### {rule.code}{' (pending)' if rule.is_pending else ''}\n"
    yield f"{rule.sentence}\n"
    yield f"- Rules: {', '.join(rule.ids)}{more}"
    yield f"- Source: {rule.source} ({rule.status})"
    yield f"- In force: {_period(rule)}"
    if rule.parameters:
        yield f"- Parameters: {', '.join(f'{name} = {number}' for name, number in sorted(rule.parameters.items()))}"


def _period(rule: DatedRule) -> str:
    if rule.is_pending:
        return "pending, no day is known yet"
    return f"from {rule.starts_on or 'ever'} until {rule.ends_on or 'further notice'}"


def _effects(effects: Mapping[Profile, StrEnum]) -> str:
    return ", ".join(f"{profile} {effects.get(profile) or 'none'}" for profile in Profile)


def _lift(lift: Lift) -> str:
    return f"- Lifted by: {_words(lift.by)}; it ends with: {lift.how}"


def _words(word: StrEnum) -> str:
    return word.value.replace("_", " ")


if __name__ == "__main__":
    sys.stdout.write(page_of(PROJECT_ROOT / "config"))
