"""The page of the rules is the registries', and says of each record what it does."""

from pathlib import Path

from consent.rules.registry import read_rules
from pipelines.rules_page import page_of
from retention.periods import read_retention
from sends.rules.rulebook import read_rulebook

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config"
PAGE = page_of(CONFIG)


def test_the_committed_page_is_current():
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == PAGE, (
        "run `python -m pipelines.rules_page > docs/rules.md`"
    )


def test_every_code_has_its_section():
    rules = read_rules(CONFIG / "rules")
    of_orders = read_rulebook(CONFIG / "rules" / "orders").rules
    assert all(
        PAGE.count(f"### {rule.code}\n") == 1 for rule in (*rules, *of_orders, *read_retention(CONFIG / "retention"))
    )
    assert all(rule.to_person in PAGE and rule.to_partner in PAGE and rule.lift.how in PAGE for rule in rules)
    assert all(rule.to_sponsor in PAGE and rule.lift.how in PAGE for rule in of_orders)
    assert "pending, no day is known yet" in PAGE
    assert "- Effect on a partner's later act: strict REFUSED, market HOLD" in PAGE
    assert "- Of: campaign records, counted from the last publication" in PAGE
    assert PAGE.count("- Parameters: months = 84") == 2
