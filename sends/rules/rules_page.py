"""The rules of orders as a page for people, `docs/rules-of-orders.md`: `python -m sends.rules.rules_page > docs/rules-of-orders.md`.

Reading the records belongs to `sends.rules.rulebook`; rules of consent and person have their own page, made by
`consent.rules.rules_page`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sends.rules.rulebook import SendRule, SendRulebook, read_rulebook
from terms.reasons import Profile
from terms.settings import PROJECT_ROOT

_HEAD = """# Rules of orders

Generated from `config/rules/orders/` by `python -m sends.rules.rules_page`; do not edit. Status: V = read on the authority's own
page, in the law or in the decision; V2 = read in a secondary source; policy = our choice. ALLOW = no effect, and the code is
not told. A HOLD that somebody may lift is lifted by name and with a reason (`filiation campaign lift`).
"""


def rules_page(book: SendRulebook) -> str:
    """Return the page: one section per record, in order of code and period."""
    ordered = sorted(book.rules, key=lambda rule: (rule.code, str(rule.starts_on or "")))
    return "\n".join([_HEAD, *(line for rule in ordered for line in _section(rule))])


def _section(rule: SendRule) -> Iterator[str]:
    effects = ", ".join(f"{profile}: {rule.effects[profile]}" for profile in Profile)
    yield f"## {rule.code} ({', '.join(rule.ids)})\n"
    yield f"{rule.sentence}\n"
    yield f"- Effect: {effects}"
    if rule.starts_on is not None or rule.ends_on is not None:
        yield f"- In force: from {rule.starts_on or 'always'} until {rule.ends_on or 'further notice'}"
    if rule.parameters:
        yield f"- Parameters: {', '.join(f'{name} = {number}' for name, number in sorted(rule.parameters.items()))}"
    yield f"- Source: {rule.source} ({rule.status})"
    yield f"- Lifted by: {rule.lift.by}; {rule.lift.how}"
    yield f"- To the sponsor: {rule.to_sponsor}\n"


if __name__ == "__main__":
    sys.stdout.write(rules_page(read_rulebook(PROJECT_ROOT / "config" / "rules" / "orders")))
