"""The rulebook of orders: the dated records of `config/rules/orders/`, and what a check finds by them.

The checks themselves are the other modules of `sends.rules`. Codes of consent and person are not here: the base judges
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from configuration.dated_rules import RULE_KEYS, DatedRule, Filled, Lift, Lifter, check_profiles, read_dated_rules
from configuration.field_types import Checked, written
from terms.canonical_json import canonical_json
from terms.errors import FiliationError, Refused
from terms.reasons import Decision, Profile

#: Codes with numbers of a law or a policy, and the names of those; every other record has none.
_PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType({"RETENTION_7Y": ("months",)})


class Effect(StrEnum):
    """What a code does to a use; ALLOW = the code has no effect and is not listed."""

    ALLOW = "ALLOW"
    HOLD = "HOLD"
    REFUSE = "REFUSE"


@dataclass(frozen=True)
class OrderFinding:
    """One answer of a check about an order: a code and what it does.

    `rule` holds the ids of the rule behind it, `where` the field of the order, `message` words for a person.
    """

    code: str
    decision: Decision
    rule: str
    where: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Return the order finding as it is stored and printed."""
        return {
            "code": self.code,
            "decision": self.decision.value,
            "rule": self.rule,
            "where": self.where,
            "message": self.message,
        }


@written(keys=RULE_KEYS)
@dataclass(frozen=True, kw_only=True)
class SendRule(DatedRule):
    """One rule of orders, with what it does under each profile; `to_sponsor`: French, what the sponsor may be told."""

    effects: Annotated[Mapping[Profile, Effect], Checked(check_profiles)]
    lift: Lift
    to_sponsor: Filled

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins, and numbers that the code does not have."""
        super().__post_init__()
        self.check_parameters(*_PARAMETERS.get(self.code, ()))


@dataclass(frozen=True)
class SendRules:
    """The codes of `config/rules/orders/` that are in force on a day, under one profile, and the hash of all records."""

    profile: Profile
    by_code: Mapping[str, SendRule]
    sha256: str

    def effect(self, code: str) -> Effect:
        """Return what a code does under this profile.

        Raises:
            FiliationError: the code has no rule: a check of ours that nobody answered for.
        """
        return self._rule(code).effects[self.profile]

    def found(self, code: str, where: str, words: str = "") -> tuple[OrderFinding, ...]:
        """Return the order finding of a code, or nothing where the code has no effect.

        Args:
            code: a code of the rulebook.
            where: the field of the order that it is about.
            words: a sentence for a person, added to that of the rule.

        Raises:
            FiliationError: the code has no rule.
        """
        effect = self.effect(code)
        if effect is Effect.ALLOW:
            return ()
        rule = self._rule(code)
        message = f"{rule.sentence} {words}".strip()
        return (OrderFinding(code, Decision(effect.value), " ".join(rule.ids), where, message),)

    def lifter(self, code: str) -> Lifter:
        """Return who may lift what a code holds."""
        return self._rule(code).lift.by

    def parameter(self, code: str, name: str) -> int:
        """Return a number of a rule, in the unit that its name says.

        Raises:
            FiliationError: the code has no rule in force.
        """
        return self._rule(code).parameters[name]

    def _rule(self, code: str) -> SendRule:
        if code not in self.by_code:
            raise FiliationError(f"No rule says what {code} does.", "Add it to config/rules/orders/.")
        return self.by_code[code]


class OrderRefused(Refused):
    """An order was refused; `findings` say by which rules, all at once, and hold no number of people."""

    def __init__(self, campaign_id: str, findings: tuple[OrderFinding, ...]) -> None:
        codes = ", ".join(sorted({item.code for item in findings if item.decision is Decision.REFUSE}))
        super().__init__(f"{campaign_id} is refused: {codes}.", "Read the findings and change the order.", code=codes)
        self.findings = findings

    def to_json(self) -> dict[str, object]:
        """Return the answer of a refused plan or count."""
        return {"findings": findings_json(self.findings)}


def refuses(findings: Iterable[OrderFinding]) -> bool:
    """Return whether one of these order findings is a refusal."""
    return any(item.decision is Decision.REFUSE for item in findings)


def findings_json(findings: Iterable[OrderFinding]) -> list[dict[str, str]]:
    """Return order findings as they are stored and printed, in order of code and field of the order."""
    return [item.to_json() for item in sorted(findings, key=lambda item: (item.code, item.where))]


@dataclass(frozen=True)
class SendRulebook:
    """Every record of `config/rules/orders/`, of all periods."""

    rules: tuple[SendRule, ...]
    sha256: str

    def under(self, profile: Profile, on: date) -> SendRules:
        """Return the codes that are in force on a day (Paris) under a profile."""
        return SendRules(profile, {rule.code: rule for rule in self.rules if rule.is_in_force(on)}, self.sha256)


def read_rulebook(folder: Path) -> SendRulebook:
    """Read every `*.yaml` of the folder, in order of file and of record.

    Raises:
        UsageError: there is no file.
        DocumentInvalid: a record is wrong, a parameter is missing or unknown, or two of one code overlap in time.
    """
    found = read_dated_rules(folder, tuple[SendRule, ...], "rules/orders", lambda rule: rule.code)
    return SendRulebook(found.rules, sha256(canonical_json(found.plain).encode()).hexdigest())
