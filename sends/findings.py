"""What a check of an order or a use says: a finding, and the table of codes that `sends` decides by.

The checks themselves live with their subject (`calendar`, `message`, `sponsors`, `audience`, `exclusivity`).
Codes of consent and person are not here: the base judges them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from sends.fields import Section, read_document
from stores.operations import canonical_json
from terms.errors import FiliationError, Refused
from terms.reasons import Decision, Profile


class Effect(StrEnum):
    """What a code does to a use; ALLOW = the code has no effect and is not listed."""

    ALLOW = "ALLOW"
    HOLD = "HOLD"
    REFUSE = "REFUSE"


@dataclass(frozen=True)
class Finding:
    """One answer of a check: code, what it does, the rule behind it, where in the order, words for a person."""

    code: str
    decision: Decision
    rule: str
    where: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Return the finding as it is stored and printed."""
        return {
            "code": self.code,
            "decision": self.decision.value,
            "rule": self.rule,
            "where": self.where,
            "message": self.message,
        }


@dataclass(frozen=True)
class SendRule:
    """One code: rule ids, effect under each profile, and what it checks in one sentence."""

    code: str
    rule: str
    effects: Mapping[Profile, Effect]
    sentence: str


@dataclass(frozen=True)
class SendRules:
    """The codes of `config/send_rules.yaml` under one profile, with the hash of the whole file."""

    profile: Profile
    by_code: Mapping[str, SendRule]
    sha256: str

    def effect(self, code: str) -> Effect:
        """Return what a code does under this profile.

        Raises:
            FiliationError: the code has no rule: a check of ours that nobody answered for.
        """
        return self._rule(code).effects[self.profile]

    def found(self, code: str, where: str, words: str = "") -> tuple[Finding, ...]:
        """Return the finding of a code, or nothing where it has no effect; `words` add to the rule's sentence."""
        effect = self.effect(code)
        if effect is Effect.ALLOW:
            return ()
        rule = self._rule(code)
        message = f"{rule.sentence} {words}".strip()
        return (Finding(code, Decision(effect.value), rule.rule, where, message),)

    def _rule(self, code: str) -> SendRule:
        if code not in self.by_code:
            raise FiliationError(f"No rule says what {code} does.", "Add it to config/send_rules.yaml.")
        return self.by_code[code]


class OrderRefused(Refused):
    """An order was refused; `findings` say by which rules, all at once, and hold no number of people."""

    def __init__(self, campaign_id: str, findings: tuple[Finding, ...]) -> None:
        codes = ", ".join(sorted({item.code for item in findings if item.decision is Decision.REFUSE}))
        super().__init__(f"{campaign_id} is refused: {codes}.", "Read the findings and change the order.", code=codes)
        self.findings = findings

    def to_json(self) -> dict[str, object]:
        """Return the answer of a refused plan or count."""
        return {"findings": findings_json(self.findings)}


def refuses(findings: Iterable[Finding]) -> bool:
    """Return whether one of the findings is a refusal."""
    return any(item.decision is Decision.REFUSE for item in findings)


def findings_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Return findings as they are stored and printed, in order of code and place."""
    return [item.to_json() for item in sorted(findings, key=lambda item: (item.code, item.where))]


def read_send_rules(path: Path, profile: Profile) -> SendRules:
    """Read the table of codes for one profile.

    Raises:
        FileInvalid: a rule is wrong or given twice.
    """
    document = read_document(path)
    rules: dict[str, SendRule] = {}
    for section in document.top.sections("rules"):
        rule = _rule(section)
        if rule.code in rules:
            raise section.invalid("code", "is given twice")
        rules[rule.code] = rule
    document.top.finish()
    return SendRules(profile, rules, sha256(canonical_json(document.plain).encode()).hexdigest())


def _rule(section: Section) -> SendRule:
    rule = SendRule(
        code=section.text("code"),
        rule=section.text("rule"),
        effects={profile: section.choice(profile.value, Effect) for profile in Profile},
        sentence=section.text("sentence"),
    )
    section.finish()
    return rule
