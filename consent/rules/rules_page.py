"""The registry of rules as a page for people, `docs/rules.md`: written by `python -m consent.rules.rules_page > docs/rules.md`.

Reading the records belongs to `consent.rules.registry`; the codes of an order are in `config/rules/orders/`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date

from consent.rules.registry import Rule, read_rules
from terms.reasons import Profile
from terms.settings import PROJECT_ROOT

_HEAD = """# Rules of consent and person

Generated from `config/rules/` by `python -m consent.rules.rules_page`; do not edit. Status: V = read on the authority's own
page, in the law or in the decision; V2 = read in a secondary source; M = from memory, to be checked; policy = our choice.
Effects: none = it is found and shown, and changes nothing. Pending: a change of law whose day is not known yet; when it
is, `pending` becomes that day and the record that it replaces ends there.
"""


def rules_page(rules: Sequence[Rule]) -> str:
    """Return the page: one section per record, in order of code and period."""
    ordered = sorted(rules, key=lambda rule: (rule.code, rule.is_pending, rule.starts_on or date.min))
    return "\n".join([_HEAD, *(line for rule in ordered for line in _section(rule))])


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code}{' (pending)' if rule.is_pending else ''}\n"
    yield f"{rule.sentence}\n"
    yield f"- Rules: {', '.join(rule.ids)}; about the {rule.scope}"
    yield f"- Source: {rule.source} ({rule.status})"
    yield f"- In force: {_period(rule)}"
    told = (f"{profile.value} {_effect(rule, profile)}" for profile in Profile)
    yield f"- Effect: {', '.join(told)}"
    if rule.effects_on_later_act:
        later = (f"{profile.value} {effect.value}" for profile, effect in rule.effects_on_later_act.items())
        yield f"- Effect on a partner's later act: {', '.join(later)}"
    yield f"- Lifted by: {rule.lift.by.value.replace('_', ' ')}; it ends with: {rule.lift.how}"
    yield f"- To the person: {rule.to_person}"
    yield f"- To the partner: {rule.to_partner}"
    yield ""


def _period(rule: Rule) -> str:
    if rule.is_pending:
        return "pending, no day is known yet"
    return f"from {rule.starts_on or 'ever'} until {rule.ends_on or 'further notice'}"


def _effect(rule: Rule, profile: Profile) -> str:
    effect = rule.effects.get(profile)
    return "none" if effect is None else effect.value


if __name__ == "__main__":
    sys.stdout.write(rules_page(read_rules(PROJECT_ROOT / "config" / "rules")))
