"""Who writes to the ledger, or gives another name, approves and lifts nothing: each attack is refused, the honest way is not.

The attacker has the rights of the account that runs the command on the ledger, and no private key of a person. Attacks
by somebody of `staging`, with an account of his own, are in `test_persons_of_staging.py`.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, update

from sends.plans.approval import approve_plan, audience_sha256, lift_hold
from staff import signing
from staff.acts import Act
from staff.persons import HeldRole, Person, Role, SshKey
from staff.register import INSTALLER, read_register
from staff.signed_records import Decision
from staff.ssh_signatures import public_key_of
from stores.operations.log_tables import signatures
from stores.operations.message_tables import messages
from stores.operations.plan_tables import approvals, plan_lifts, plans
from terms.errors import Refused, UsageError
from terms.settings import load_settings
from tests.scenes.sends.signed_plan import HOLD, SignedPlan

THIEF = Ed25519PrivateKey.generate()
ALL = tuple(HeldRole(role) for role in Role)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A plan that waits for its lift and its approval."""
    return SignedPlan(tmp_path_factory.mktemp("planned"), [Ed25519PrivateKey.generate() for _ in range(2)])


@pytest.fixture(scope="module")
def approved(tmp_path_factory):
    """A plan that two persons let through."""
    scene = SignedPlan(tmp_path_factory.mktemp("approved"), [Ed25519PrivateKey.generate() for _ in range(2)])
    scene.lift()
    approve_plan(scene.stores, scene.plan_id, "second")
    return scene


def key_of(scene, person_id):
    """Return the private key of a played person: who has it is that person."""
    return signing._played(scene.stores.settings, person_id)


def enrol_manager(scene, work):
    """Enter the person who may approve and nothing else."""
    key = SshKey(signing.played_key(scene.stores.settings, "manager").line)
    scene.enter(work, key_of(scene, INSTALLER), Person("manager", "manager", "m", (key,), (HeldRole(Role.APPROVER),)))


def refused(scene, work, words):
    with pytest.raises(Refused, match=words):
        scene.check(work)


def test_the_honest_way_is_let_through(approved):
    with approved.stores.engine.connect() as work:
        approved.check(work)


# --- the approval


def test_a_forged_approval(planned):
    with planned.attack() as work:
        planned.forge_approval(work)
        refused(planned, work, "nobody signed it")


def test_an_approval_whose_signature_was_taken_out(approved):
    with approved.attack() as work:
        work.execute(delete(signatures).where(signatures.c.act == "approve"))
        refused(approved, work, "nobody signed it")


def test_a_signature_of_another_plan_replayed(approved):
    with approved.attack() as work:
        decision = Decision(Act.APPROVE, "another plan", approved.content(work))
        work.execute(delete(signatures).where(signatures.c.act == "approve"))
        approved.write(work, key_of(approved, "second"), decision, "second")
        work.execute(update(signatures).where(signatures.c.act == "approve").values(subject=approved.plan_id))
        refused(approved, work, "another decision")


def test_a_signature_of_another_environment_or_home_replayed(approved):
    for change in ({"FILIATION_ENV": "demo"}, {"FILIATION_CONTACT_KEY": "of another home"}):
        environ = {"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere"} | change
        with approved.attack() as work:
            decision = Decision(Act.APPROVE, approved.plan_id, approved.content(work))
            work.execute(delete(signatures).where(signatures.c.act == "approve"))
            key = key_of(approved, "second")
            approved.write(work, key, decision, "second", settings=load_settings(environ))
            refused(approved, work, "or home")


def test_the_planner_signs_his_own_approval(planned):
    """The planner writes approval and signature by hand, with his own key, which is a good one."""
    with planned.attack() as work:
        planned.forge_approval(work, by="planner")
        plan = planned.plan(work)
        told = {"order_sha256": plan.order_sha256, "audience_sha256": audience_sha256(work, plan)}
        told |= {"contacts": plan.contacts, "planned_by": "planner"}
        told |= {"message_sha256": plan.message_sha256, "rule_set_sha256": plan.rule_set_sha256}
        decision = Decision(Act.APPROVE, planned.plan_id, told)
        planned.write(work, key_of(planned, "planner"), decision, "planner")
        refused(planned, work, "planned")


def test_a_planner_who_was_renamed_in_the_plan(approved):
    with approved.attack() as work:
        work.execute(update(plans).values(planned_by="somebody"))
        refused(approved, work, "not what is there now")


def test_one_more_message_in_an_approved_audience(approved):
    with approved.attack() as work:
        row = dict(work.execute(select(messages)).mappings().first())
        work.execute(insert(messages).values(**row | {"send_id": "f" * 32, "contact_id": "c", "position": 9999}))
        approved.forge_approval(work)
        refused(approved, work, "not what is there now")


def test_another_text_or_fewer_rules_under_the_approval(approved):
    """What the plan says of itself is changed, with the hash of the approval: what is asked is the signature."""
    for column in ("message_sha256", "rule_set_sha256", "order_sha256"):
        with approved.attack() as work:
            work.execute(update(plans).values({column: "0" * 64}))
            approved.forge_approval(work)
            with pytest.raises(Refused):
                approved.check(work)


def test_rules_taken_out_of_the_base_and_of_the_plan(approved, monkeypatch):
    """The base is published without rules, and plan and approval are written to fit: only the signature knows better."""
    from sends.plans import approval

    monkeypatch.setattr(approval, "_current_rule_set", lambda *_: "0" * 64)
    with approved.attack() as work:
        work.execute(update(plans).values(rule_set_sha256="0" * 64))
        approved.forge_approval(work)
        refused(approved, work, "not what is there now")


def test_a_reduction_of_the_audience_by_hand(approved):
    """Messages are swapped, and a line says that an erasure did it."""
    for private, by, words in ((THIEF, "officer", "key is none"), (None, "manager", "none of the roles")):
        with approved.attack() as work:
            before = audience_sha256(work, approved.plan(work))
            first = work.execute(select(messages.c.send_id)).scalars().first()
            work.execute(update(messages).where(messages.c.send_id == first).values(send_id="f" * 32))
            told = {"from": before, "to": audience_sha256(work, approved.plan(work))}
            decision = Decision(Act.REDUCE, approved.plan_id, told)
            enrol_manager(approved, work)
            approved.write(work, private or key_of(approved, by), decision, by)
            approved.forge_approval(work)
            refused(approved, work, words)


# --- the person


def changed(scene, work, person_id, **changes):
    """Enter a person with some fields changed, signed by who may."""
    person = read_register(work, scene.stores.settings).persons[person_id]
    scene.enter(work, key_of(scene, INSTALLER), replace(person, **changes))
    return person


def test_a_role_that_ended_yesterday(approved):
    with approved.attack() as work:
        ended = tuple(HeldRole(role, None, date(2026, 11, 23)) for role in Role)
        changed(approved, work, "second", roles=ended)
        refused(approved, work, "none of the roles")


def test_a_role_that_begins_tomorrow(approved):
    with approved.attack() as work:
        changed(approved, work, "second", roles=(HeldRole(Role.APPROVER, date(2026, 11, 25)),))
        refused(approved, work, "none of the roles")


def test_a_role_that_is_another(approved):
    with approved.attack() as work:
        changed(approved, work, "second", roles=(HeldRole(Role.AUDITOR), HeldRole(Role.PLANNER)))
        refused(approved, work, "none of the roles")


def test_a_person_who_had_left(approved):
    with approved.attack() as work:
        changed(approved, work, "second", ends_on=date(2026, 11, 24))
        refused(approved, work, "does not work here")


def test_a_person_who_leaves_later_did_approve(approved):
    with approved.attack() as work:
        changed(approved, work, "second", ends_on=date(2026, 11, 25))
        approved.check(work)


def test_a_key_that_was_lost(approved):
    with approved.attack() as work:
        key = read_register(work, approved.stores.settings).persons["second"].keys[0]
        changed(approved, work, "second", keys=(replace(key, lost=True),))
        refused(approved, work, "its key is none")


def test_a_lost_key_does_not_come_back(approved):
    with approved.attack() as work:
        person = read_register(work, approved.stores.settings).persons["second"]
        changed(approved, work, "second", keys=(replace(person.keys[0], lost=True),))
        approved.enter(work, key_of(approved, INSTALLER), person)
        refused(approved, work, "was lost")


def test_a_key_added_by_hand(approved):
    """The line of a person gets the thief's key, signed by the thief: the register is broken, and nothing goes on."""
    with approved.attack() as work:
        person = read_register(work, approved.stores.settings).persons["second"]
        keys = (*person.keys, SshKey(public_key_of(THIEF).line))
        approved.enter(work, THIEF, replace(person, keys=keys))
        refused(approved, work, "staff register does not verify")


def test_a_line_changed_in_place(approved):
    with approved.attack() as work:
        told = approved.signed(work, "staff")
        record = told.record_json.replace('"role":"auditor"', '"role":"dpo"', 1)
        work.execute(update(signatures).where(signatures.c.number == told.number).values(record_json=record))
        refused(approved, work, "staff register does not verify")


def test_a_staff_row_inserted_by_hand(approved):
    with approved.attack() as work:
        mallory = Person("mallory", "mallory", "mallory", (SshKey(public_key_of(THIEF).line),), ALL)
        approved.enter(work, THIEF, mallory, by="mallory")
        refused(approved, work, "nobody in the register")


def test_a_second_register_is_founded(approved):
    """All lines go, and the thief founds a staff of his own, in the name of the installer, and approves as it."""
    with approved.attack() as work:
        content = approved.content(work)
        work.execute(delete(signatures))
        for name in (INSTALLER, "second"):
            key = SshKey(public_key_of(THIEF if name == INSTALLER else Ed25519PrivateKey.generate()).line)
            approved.enter(work, THIEF, Person(name, name, name, (key,), ALL))
        approved.write(work, THIEF, Decision(Act.APPROVE, approved.plan_id, content), INSTALLER)
        refused(approved, work, "not the pinned one")


def test_a_person_who_enters_something_about_himself(approved):
    with approved.attack() as work:
        person = read_register(work, approved.stores.settings).persons["officer"]
        approved.enter(work, key_of(approved, "officer"), replace(person, roles=ALL), by="officer")
        refused(approved, work, "about officer")


def test_a_person_who_may_enter_nobody_enters_somebody(approved):
    with approved.attack() as work:
        enrol_manager(approved, work)
        friend = Person("friend", "friend", "friend", (SshKey(public_key_of(THIEF).line),), ALL)
        approved.enter(work, key_of(approved, "manager"), friend, by="manager")
        refused(approved, work, "may not enter persons")


def test_a_second_entry_for_one_person(approved):
    with approved.attack() as work:
        person = read_register(work, approved.stores.settings).persons["planner"]
        for twin in ("p1anner", "somebody"):
            key = SshKey(public_key_of(THIEF).line) if twin == "p1anner" else person.keys[0]
            savepoint = work.begin_nested()
            approved.enter(work, key_of(approved, INSTALLER), Person(twin, twin, twin, (key,), ALL))
            refused(approved, work, "one person")
            savepoint.rollback()


@pytest.mark.parametrize(
    "name",
    [
        "pl\u0430nner",  # a Cyrillic a
        "PLANNER",
        " planner\u00a0",
        "\uff50lanner",  # a full-width p
        "pl\u00e4nner",
        "p1anner",
        "pIanner",
        "plan-ner",
        "plan\u200bner",  # a space of no width
        "\u0440lanner",  # a Cyrillic r
    ],
)
def test_the_planner_under_a_name_that_looks_like_his(planned, name):
    with pytest.raises((Refused, UsageError)):
        approve_plan(planned.stores, planned.plan_id, name)
    with pytest.raises((Refused, UsageError)):
        lift_hold(planned.stores, planned.plan_id, HOLD, name, "why not")


# --- the lift


def test_the_planner_lifts_his_own_hold(planned):
    with pytest.raises(Refused, match="planned"):
        planned.lift("planner")


def test_a_hold_is_lifted_by_the_role_that_its_rule_names(planned):
    with pytest.raises(Refused, match="manager has none of the roles"):
        planned.lift("manager")


def test_a_lift_written_by_hand(planned):
    with planned.attack() as work:
        lift = {"plan_id": planned.plan_id, "code": HOLD, "lifted_by": "officer", "why": "w", "lifted_at": 1}
        work.execute(insert(plan_lifts).values(**lift))
        planned.forge_approval(work)
        refused(planned, work, "nobody signed it")


def test_a_lift_of_another_hold_replayed(approved):
    """A code that nobody may lift gets the row and the signature of one that the dpo lifted."""
    with approved.attack() as work:
        work.execute(update(plan_lifts).values(code="ART15_LATE"))
        work.execute(
            update(signatures).where(signatures.c.act == "lift").values(subject=f"{approved.plan_id}/ART15_LATE")
        )
        with pytest.raises(Refused):
            approved.check(work)


def test_the_why_of_a_lift_is_signed_too(approved):
    with approved.attack() as work:
        work.execute(update(plan_lifts).values(why="the dpo said that it needs no assessment"))
        refused(approved, work, "not what is there now")


def test_nobody_approves_for_a_name_that_is_none(planned):
    for name in ("", " ", "!!!"):
        with pytest.raises(UsageError):
            approve_plan(planned.stores, planned.plan_id, name)


def test_a_signature_from_before_the_person_came(approved):
    with approved.attack() as work:
        content = approved.content(work)
        changed(approved, work, "second", begins=date(2026, 11, 24))
        work.execute(delete(signatures).where(signatures.c.act == "approve"))
        before = datetime(2026, 11, 1, tzinfo=UTC)
        decision = Decision(Act.APPROVE, approved.plan_id, content)
        approved.write(work, key_of(approved, "second"), decision, "second", at=before)
        refused(approved, work, "does not work here")


def test_the_instant_of_a_signature_moved(approved):
    with approved.attack() as work:
        work.execute(update(signatures).where(signatures.c.act == "approve").values(signed_at=1))
        with pytest.raises(Refused):
            approved.check(work)


def test_an_approval_is_found_in_the_ledger(approved):
    with approved.stores.engine.connect() as work:
        assert work.execute(select(approvals.c.approved_by)).scalars().all() == ["second"]
        assert approved.signed(work, "approve").person_id == "second"
