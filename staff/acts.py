"""The acts that a person decides, and which roles may: the table `config/staff/acts.yaml`.

Whether a person had the role when it counted is checked by `staff.decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from configuration.dated_rules import Lifter
from configuration.documents import read_document
from configuration.field_types import Count, NotEmpty, Unfit, written
from staff.persons import Role, staff_folder


class Act(StrEnum):
    """What a person decides. All but `PLAN` is signed."""

    PLAN = "plan"
    APPROVE = "approve"
    REDUCE = "reduce"  # an approval goes on without persons who were erased
    LIFT = "lift"
    RELEASE = "release"
    ALLOW_LOSS = "allow_loss"
    FORM_STOP = "form_stop"
    ERASE = "erase"
    READMIT = "readmit"
    PURGE = "purge"
    STANDING_PURGE = "standing_purge"
    RESTORED = "restored"
    STAFF = "staff"
    SIGN_STAFF = "sign_staff"
    SIGN_RULES = "sign_rules"
    SIGN_RETENTION = "sign_retention"
    SIGN_PRICES = "sign_prices"
    SIGN_DOSSIERS = "sign_dossiers"
    BREAK_GLASS = "break_glass"


#: Who may change who may do what. The software fixes it: a table that could widen itself would guard nothing.
GUARDIANS = frozenset({Role.DPO, Role.LEGAL})

#: What two persons may let somebody do without the role, also one of them, for a few hours. A lift goes to whom the rule names.
BREAKABLE = frozenset(
    {Act.APPROVE, Act.RELEASE, Act.ALLOW_LOSS, Act.FORM_STOP, Act.ERASE, Act.READMIT, Act.PURGE, Act.RESTORED}
)

_FIXED = {Act.STAFF: GUARDIANS, Act.SIGN_STAFF: GUARDIANS}

_Roles = Annotated[tuple[Role, ...], NotEmpty("is empty: nobody could do it")]


@written(title="Acts and the roles that may do them (config/staff/acts.yaml)")
@dataclass(frozen=True)
class ActsFile:
    """Act -> roles; for a lift, who the rule names -> roles; for how many hours two persons let one act without the role."""

    acts: Mapping[Act, _Roles]
    lifters: Mapping[Lifter, _Roles]
    glass_broken_for_hours: Count

    def __post_init__(self) -> None:
        """Refuse a table with a gap."""
        wanted = set(Act) - set(_FIXED) - {Act.LIFT}
        for act in sorted(set(Act)):
            if (act in self.acts) != (act in wanted):
                raise Unfit("is missing" if act in wanted else "is not told here: another place fixes it", "acts", act)
        for lifter in Lifter:
            if (lifter in self.lifters) != (lifter is not Lifter.NOBODY):
                raise Unfit("is missing" if lifter is not Lifter.NOBODY else "lifts nothing", "lifters", lifter)

    @property
    def glass_broken_for(self) -> timedelta:
        """Return how long the leave of two persons to act without the role lasts."""
        return timedelta(hours=self.glass_broken_for_hours)

    def may(self, act: Act) -> frozenset[Role]:
        """Return the roles that may do an act; of a lift see `may_lift`."""
        return _FIXED.get(act) or frozenset(self.acts[act])

    def may_lift(self, lifter: Lifter) -> frozenset[Role]:
        """Return the roles that may lift what a rule lets somebody lift; none for nobody."""
        return frozenset(self.lifters.get(lifter, ()))


def read_acts(config: Path) -> ActsFile:
    """Read `staff/acts.yaml` of a configuration folder; one without `staff/` has the shipped files.

    Raises:
        DocumentInvalid: it cannot be read, an act is missing, or has no role.
    """
    return read_document(staff_folder(config) / "acts.yaml", ActsFile, "staff/acts.yaml").record
