"""The rulebook of orders: the dated records of `config/rules/orders/`, and what a check finds by them.

The checks themselves are the other modules of `sends.rules`. Codes of consent and person are not here: the base judges
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from configuration.fields import Section, read_document
from terms.canonical_json import canonical_json
from terms.errors import FiliationError, Refused, UsageError
from terms.reasons import Decision, Profile

#: Codes with numbers of a law or a policy, and the names of those; every other record has none.
_PARAMETERS: Mapping[str, frozenset[str]] = {"RETENTION_7Y": frozenset({"months"})}


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


class Lifter(StrEnum):
    """Who may lift a HOLD by name; `NOBODY`: only what the rule asks for ends it."""

    NOBODY = "nobody"
    DPO = "dpo"
    LEGAL = "legal"
    CAMPAIGN_MANAGER = "campaign_manager"


@dataclass(frozen=True)
class SendRule:
    """One code in one period of the law: rule ids, effect under each profile, what it checks, who may lift it and how.

    `starts_on`, `ends_on`: civil days in Paris, None = open, the last one excluded. `parameters`: numbers of the rule by
    name, above 0, each in the unit that its name says. `to_sponsor`: French, what the sponsor may be told.
    """

    code: str
    ids: tuple[str, ...]
    sentence: str
    source: str
    status: str
    starts_on: date | None
    ends_on: date | None
    effects: Mapping[Profile, Effect]
    lifter: Lifter
    lifted_by: str
    to_sponsor: str
    parameters: Mapping[str, int] = field(default_factory=dict)

    def is_in_force(self, on: date) -> bool:
        """Return whether the rule counts on a day."""
        return (self.starts_on or date.min) <= on < (self.ends_on or date.max)


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
        return self._rule(code).lifter

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
        FileInvalid: a record is wrong, a parameter is missing or unknown, or two of one code overlap in time.
    """
    documents = [read_document(path) for path in sorted(folder.glob("*.yaml"))]
    if not documents:
        raise UsageError(f"The folder {folder} holds no rules of orders.", "Give the folder that holds them.")
    rules: list[SendRule] = []
    for document in documents:
        for section in document.top.sections("rules"):
            rule = _rule(section)
            if any(_overlap(rule, other) for other in rules):
                raise section.invalid("code", "has another record of the same days")
            rules.append(rule)
        document.top.finish()
    told = canonical_json([document.plain for document in documents])
    return SendRulebook(tuple(rules), sha256(told.encode()).hexdigest())


def _overlap(one: SendRule, other: SendRule) -> bool:
    ends, other_ends = one.ends_on or date.max, other.ends_on or date.max
    begins, other_begins = one.starts_on or date.min, other.starts_on or date.min
    return one.code == other.code and begins < other_ends and other_begins < ends


def _rule(section: Section) -> SendRule:
    effects, lift = section.section("effects"), section.section("lift")
    code = section.text("code", r"[A-Z][A-Z0-9_]*(-\d)?")
    rule = SendRule(
        code=code,
        ids=section.texts("ids", r"R-\d\d"),
        sentence=section.text("sentence"),
        source=section.text("source"),
        status=section.text("status"),
        starts_on=section.optional("from", section.day),
        ends_on=section.optional("until", section.day),
        effects={profile: effects.choice(profile.value, Effect) for profile in Profile},
        lifter=lift.choice("by", Lifter),
        lifted_by=lift.text("how"),
        to_sponsor=section.text("to_sponsor"),
        parameters=_parameters(section, code),
    )
    if rule.starts_on is not None and rule.ends_on is not None and rule.ends_on <= rule.starts_on:
        raise section.invalid("until", "is not after from")
    for part in (effects, lift, section):
        part.finish()
    return rule


def _parameters(section: Section, code: str) -> dict[str, int]:
    wanted = _PARAMETERS.get(code, frozenset())
    own = section.section("parameters") if section.has("parameters") else None
    names = frozenset() if own is None else frozenset(own.names())
    if names != wanted:
        raise section.invalid("parameters", f"of {code} must be {', '.join(sorted(wanted)) or 'left out'}")
    return {} if own is None else {name: own.integer(name, 1) for name in sorted(names)}
