"""The page of the rules is the registry's, and says of each record what it does."""

from pathlib import Path

from consent.rules.registry import read_rules
from consent.rules.rules_page import rules_page

ROOT = Path(__file__).resolve().parents[3]


def test_the_committed_page_is_current():
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert page == rules_page(read_rules(ROOT / "config" / "rules")), (
        "run `python -m consent.rules.rules_page > docs/rules.md`"
    )


def test_every_code_has_its_section():
    rules = read_rules(ROOT / "config" / "rules")
    page = rules_page(rules)
    assert all(page.count(f"## {rule.code}\n") == 1 for rule in rules)
    assert all(rule.to_person in page and rule.to_partner in page and rule.lift.how in page for rule in rules)
    assert "pending, no day is known yet" in page
    assert "- Effect on a partner's later act: strict REFUSED, market HOLD" in page
