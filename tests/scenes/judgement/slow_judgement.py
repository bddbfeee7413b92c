"""The judgement of consent and person once more, row by row in Python, written from the partner page alone.

Slow and plain on purpose: it shares nothing with the SQL but the facts. Which codes apply to an act or a person is in
`slow_codes`; here the rules' effects, STOPs and the merging of acts follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from consent.judgement.uses import Use
from consent.rules.registry import Rule
from terms.clock import naive_utc
from terms.reasons import Decision, Profile, Verdict
from tests.scenes.judgement.slow_codes import View
from tests.scenes.judgement.small_base import Row, World

VERDICTS = list(Verdict)
DECISIONS = list(Decision)


@dataclass(frozen=True)
class Answer:
    """What the judgement says of one contact."""

    verdict: str
    decision: str
    codes: tuple[str, ...]


#: What the registry said from which instant on (aware), the oldest first.
Registry = Sequence[tuple[datetime, Sequence[Rule]]]


@dataclass(frozen=True)
class Suppression:
    """A STOP of a contact."""

    contact_id: str
    occurred_at: datetime
    known_at: datetime


class SlowJudge:
    """Judges contacts of a world by walking over its rows."""

    def __init__(self, world: World, registry: Registry, suppressions: Sequence[Suppression]) -> None:
        self._world, self._registry, self._suppressions = world, registry, suppressions
        self._view = lru_cache(maxsize=1)(lambda known_by, moment: View(world, known_by, moment))

    def judge(self, contact_id: str, use: Use) -> Answer:
        """Return the answer for one contact."""
        moment, known_by = naive_utc(use.moment), naive_utc(use.known_by)
        view = self._view(known_by, moment)
        acts = [row for row in view.rows_of(contact_id) if row["flag"] == "given" and _happened(row, moment)]
        per_act = [self._effects(set(view.act_codes(act, use)), use) for act in acts]
        for act, effects in zip(acts, per_act, strict=True):
            self._add_suppression(contact_id, act, effects, use, view)
        own = self._effects(set(view.contact_codes(contact_id, use)), use)
        if not acts:
            own["CONSENT_NOT_GIVEN"] = Verdict.REFUSED
            if self._suppressed_at(contact_id, moment, known_by) is not None:
                own["SUPPRESSED"] = Verdict.REFUSED
        return _merge(per_act, own, selected=bool(use.criteria_kinds))

    def _effects(self, codes: set[str], use: Use) -> dict[str, Verdict]:
        known = [rules for since, rules in self._registry if since <= use.known_by]
        found = {rule.code: rule.effects for rule in known[-1] if not rule.is_pending}
        return {code: found[code][use.profile] for code in codes if use.profile in found.get(code, {})}

    def _suppressed_at(self, contact_id: str, moment: datetime, known_by: datetime) -> datetime | None:
        mine = [
            item.occurred_at
            for item in self._suppressions
            if item.contact_id == contact_id and item.occurred_at <= moment and item.known_at <= known_by
        ]
        return max(mine, default=None)

    def _add_suppression(self, contact_id: str, act: Row, effects: dict[str, Verdict], use: Use, view: View) -> None:
        stopped = self._suppressed_at(contact_id, view.moment, view.known_by)
        if stopped is None:
            return
        is_later = act["consented_at"] is not None and act["consented_at"] > stopped
        if is_later and view.is_direct(act):
            return
        softened = is_later and use.profile is Profile.MARKET
        effects["SUPPRESSED"] = Verdict.HOLD if softened else Verdict.REFUSED


def _merge(per_act: Sequence[Mapping[str, Verdict]], own: Mapping[str, Verdict], *, selected: bool) -> Answer:
    verdicts = [_worst_verdict(effects) for effects in per_act]
    decisions = [_worst_decision(effects, selected) for effects in per_act]
    verdict = max(min(verdicts, default=len(VERDICTS) - 1), _worst_verdict(own))
    decision = max(min(decisions, default=len(DECISIONS) - 1), _worst_decision(own, selected))
    codes = {
        code
        for effects in (*per_act, own)
        for code, effect in effects.items()
        if _worst_decision({code: effect}, selected)
    }
    return Answer(VERDICTS[verdict], DECISIONS[decision], tuple(sorted(codes)) if decision else ())


def _worst_verdict(effects: Mapping[str, Verdict]) -> int:
    return max((VERDICTS.index(effect) for effect in effects.values()), default=0)


def _worst_decision(effects: Mapping[str, Verdict], selected: bool) -> int:
    mapped = {
        Verdict.INVITE_ONLY: Decision.REFUSE if selected else Decision.ALLOW,
        Verdict.HOLD: Decision.HOLD,
        Verdict.QUARANTINED: Decision.QUARANTINE,
        Verdict.REFUSED: Decision.REFUSE,
    }
    return max((DECISIONS.index(mapped[effect]) for effect in effects.values()), default=0)


def _happened(act: Row, moment: datetime) -> bool:
    return (act["consented_at"] or act["delivery"].exported_at) <= moment
