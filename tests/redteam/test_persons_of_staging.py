"""Where real numbers live: accounts say who acts, keys of persons sign, and configuration counts only as it was signed.

The attacker has an account of the installation, the rights of its role, and the configuration folder in his hand.
"""

import os
import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest

from retention.purge import _permit
from staff.acting import acting_person
from staff.acts import Act
from staff.break_glass import break_glass, broken_glass
from staff.decisions import decide
from staff.enrolment import enrol, leave, lose_key, staff_of
from staff.signed_configuration import Part, require_signed
from staff.signed_records import Decision
from staff.standing_orders import order_purges
from stores.all_stores import open_stores
from terms.clock import Clock
from terms.errors import Refused, UsageError
from terms.settings import load_settings, os_account
from tests.scenes.staging_staff import Staff, sign_part

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH's client is not installed")

ERASE = Decision(Act.ERASE, "DPO-1", {"persons": 1})


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """The files of a home whose staff is enrolled and whose configuration is signed."""
    with pytest.MonkeyPatch.context() as patch:
        staff = Staff(tmp_path_factory.mktemp("staff"), patch).found()
    staff.stores.engine.dispose()
    return staff


@pytest.fixture
def staff(founded, tmp_path, monkeypatch):
    """A copy of that home, to be spoilt."""
    shutil.copytree(founded.folder, tmp_path, dirs_exist_ok=True)
    copy = Staff.__new__(Staff)
    copy.folder, copy._monkeypatch, copy.told = tmp_path, monkeypatch, {k: dict(v) for k, v in founded.told.items()}
    moved = {name: tmp_path / getattr(founded.settings, name).name for name in ("home", "config")}
    url = f"sqlite:///{tmp_path}/home/operations.sqlite"
    copy.settings = replace(founded.settings, **moved, partners=tmp_path / "config" / "partners", database_url=url)
    copy.stores = open_stores(copy.settings)
    yield copy
    copy.stores.engine.dispose()


def test_the_honest_way(staff):
    decide(staff.acts("dora"), ERASE)
    require_signed(staff.acts("ed"), *Part)
    assert staff_of(staff.stores).persons.keys() == {"dora", "lea", "ada", "ed", "paul"}


def test_the_variables_of_an_account_say_nothing(monkeypatch):
    told = {"FILIATION_ENV": "staging", "FILIATION_HOME": "/x"}
    told |= {"FILIATION_CONTACT_KEY": "c" * 40, "FILIATION_VAULT_KEY": "v" * 40}
    before = os_account()
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "dora")
    assert load_settings({**os.environ, **told}).actor == before == os_account()
    with pytest.raises(UsageError, match="FILIATION_ACTOR"):
        load_settings(told | {"FILIATION_ACTOR": "dora"})


def test_a_name_says_nothing(staff):
    with pytest.raises(UsageError, match="--by"):
        decide(staff.acts("paul"), ERASE, "dora")


def test_an_account_of_nobody(staff):
    with pytest.raises(Refused, match="nobody's"):
        acting_person(staff.acts("mallory", "dora"))


def test_another_persons_account_without_the_key(staff):
    """Root runs a command as the dpo's account; the key is on the dpo's token."""
    with pytest.raises(Refused, match="No key of dora signed"):
        decide(staff.acts("dora", "paul"), ERASE)


def test_a_person_without_the_role(staff):
    for name in ("lea", "ada", "ed", "paul"):
        with pytest.raises(Refused, match="none of the roles"):
            decide(staff.acts(name), ERASE)


def test_the_founders_key_is_not_pinned_or_another_is(staff):
    for root, error in ((None, UsageError), ("SHA256:another", Refused)):
        stores = staff.acts("dora")
        with pytest.raises(error, match="FILIATION_STAFF_ROOT"):
            decide(replace(stores, settings=replace(stores.settings, staff_root=root)), ERASE)


def test_a_person_founds_a_staff_in_another_name(tmp_path, monkeypatch):
    staff = Staff(tmp_path, monkeypatch)
    with pytest.raises(Refused, match="founds the staff"):
        enrol(staff.acts("paul"), "dora")
    with pytest.raises(Refused, match="does not verify"):
        enrol(staff.acts("lea"), "lea")  # legal might, but another key is pinned


@pytest.mark.parametrize("part", ["rules", "retention", "prices", "dossiers", "staff"])
def test_configuration_that_changed_counts_when_it_is_signed(staff, part):
    folder = staff.folder / "config" / {"dossiers": "partners"}.get(part, part)
    file = next(file for file in sorted(folder.rglob("*.yaml")))
    file.write_text(file.read_text() + "\n# changed by hand\n")
    with pytest.raises(Refused, match=f"filiation staff sign {part}") as refusal:
        require_signed(staff.acts("ed"), Part(part))
    assert file.name in str(refusal.value)
    with pytest.raises(Refused):
        sign_part(staff.acts("paul"), Part(part))
    sign_part(staff.acts("dora" if part in ("staff", "retention") else "lea"), Part(part))
    require_signed(staff.acts("ed"), Part(part))


@pytest.mark.parametrize("how", ["a file more", "a file less", "an older state that was signed once"])
def test_other_ways_to_change_the_rules(staff, how):
    rules = staff.folder / "config" / "rules"
    file = rules / "form.yaml"
    before = file.read_text()
    if how == "a file more":
        (rules / "zz.yaml").write_text("[]")
    elif how == "a file less":
        file.unlink()
    else:
        file.write_text(before + "# stricter\n")
        sign_part(staff.acts("lea"), Part.RULES)
        file.write_text(before)
    with pytest.raises(Refused, match="not as it was signed"):
        require_signed(staff.acts("ed"), Part.RULES)


def test_a_table_of_acts_that_widens_itself(staff):
    """The planner lets planners sign the table of acts, and signs it."""
    table = staff.folder / "config" / "staff" / "acts.yaml"
    table.write_text(table.read_text().replace("erase: [dpo]", "erase: [dpo, planner]"))
    with pytest.raises(Refused, match="not as it was signed"):
        decide(staff.acts("paul"), ERASE)
    with pytest.raises(Refused, match="none of the roles"):
        sign_part(staff.acts("paul"), Part.STAFF)


def test_another_folder_of_configuration(staff):
    other = staff.folder / "other"
    shutil.copytree(staff.folder / "config", other)
    (other / "staff" / "acts.yaml").write_text(
        (other / "staff" / "acts.yaml").read_text().replace("erase: [dpo]", "erase: [planner]")
    )
    stores = staff.acts("paul")
    with pytest.raises(Refused, match="not as it was signed"):
        decide(replace(stores, settings=replace(stores.settings, config=other)), ERASE)


def test_a_person_in_the_file_only(staff):
    """The file makes the planner a dpo; the register does not know it, and he may not enter it."""
    staff.told["paul"]["roles"] = [{"role": "dpo"}]
    staff.write()
    with pytest.raises(Refused, match="not as it was signed"):
        decide(staff.acts("paul"), ERASE)
    for name in ("paul", "ed"):
        with pytest.raises(Refused):
            enrol(staff.acts(name), "paul")


def test_a_lost_key_and_a_new_one(staff):
    old = staff_of(staff.stores).persons["dora"].keys[0].key.fingerprint
    lose_key(staff.acts("lea"), "dora", old)
    with pytest.raises(Refused, match="key is none of dora"):
        decide(staff.acts("dora"), ERASE)
    staff.told["dora"]["keys"] = [{"public_key": staff.new_key("dora-2")}]
    staff.write()
    sign_part(staff.acts("lea"), Part.STAFF)  # what the lost key had signed is signed again
    enrol(staff.acts("lea"), "dora")
    decide(staff.acts("dora", "dora-2"), ERASE)
    with pytest.raises(Refused, match="No key of dora"):
        decide(staff.acts("dora", "dora"), ERASE)


def test_the_key_of_another_person_that_is_lost(staff):
    key = staff_of(staff.stores).persons["lea"].keys[0].key.fingerprint
    lose_key(staff.acts("dora"), "lea", key)
    with pytest.raises(Refused, match="No key of lea"):
        decide(staff.acts("lea"), Decision(Act.FORM_STOP, "p/f", {"why": "w"}))
    with pytest.raises(Refused, match="was lost"):
        enrol(staff.acts("dora"), "lea")  # the file was not changed: the key would come back
    staff.told["lea"]["keys"] = [{"public_key": staff.new_key("lea-2")}]
    staff.write()
    sign_part(staff.acts("dora"), Part.STAFF)
    enrol(staff.acts("dora"), "lea")
    decide(staff.acts("lea", "lea-2"), Decision(Act.FORM_STOP, "p/f", {"why": "w"}))


def test_a_leaver_decides_nothing_from_that_day_on(staff):
    leave(staff.acts("dora"), "lea", date(2027, 3, 1))
    with pytest.raises(Refused):
        decide(staff.acts("lea"), Decision(Act.FORM_STOP, "p/f", {"why": "w"}))


def test_a_timer_purges_under_an_order_only(staff):
    timer = staff.acts("timer", "none")
    with pytest.raises(Refused, match="nobody's"):
        _permit(timer)
    with pytest.raises(Refused, match="none of the roles"):
        order_purges(staff.acts("lea"), date(2027, 6, 1))
    order_purges(staff.acts("dora"), date(2027, 3, 2))
    _permit(staff.acts("timer", "none"))
    periods = staff.folder / "config" / "retention" / "periods.yaml"
    text = periods.read_text()
    periods.write_text(text + "# shorter\n")
    sign_part(staff.acts("dora"), Part.RETENTION)
    with pytest.raises(Refused, match="nobody's"):  # other periods need another order
        _permit(staff.acts("timer", "none"))


def test_an_order_that_is_over(staff):
    order_purges(staff.acts("dora"), date(2027, 3, 2))
    timer = staff.acts("timer", "none")
    tomorrow = Clock(timer.clock.now().replace(day=2))
    with pytest.raises(Refused, match="nobody's"):
        _permit(replace(timer, clock=tomorrow))


def test_one_person_breaks_no_glass(staff):
    for _ in range(2):
        assert not break_glass(staff.acts("ed"), "erase", "DPO-1", "the dpo is away")
    with pytest.raises(Refused, match="none of the roles"):
        decide(staff.acts("ed"), ERASE)


def test_two_persons_break_the_glass_for_one_act_and_it_is_told(staff):
    break_glass(staff.acts("ed"), "erase", "DPO-1", "the dpo is away")
    assert break_glass(staff.acts("lea"), "erase", "DPO-1", "the dpo is away")
    decide(staff.acts("ed"), ERASE)
    with pytest.raises(Refused, match="none of the roles"):
        decide(staff.acts("ed"), replace(ERASE, subject="DPO-2"))
    assert {leave.person_id for leave in broken_glass(staff.stores)} == {"ed", "lea"}


def test_broken_glass_is_whole_again_after_its_hours(staff):
    for person in ("ed", "lea"):
        break_glass(staff.acts(person), "erase", "DPO-1", "the dpo is away")
    late = staff.acts("ed")
    late = replace(late, clock=Clock(late.clock.now() + timedelta(hours=5)))
    with pytest.raises(Refused, match="none of the roles"):
        decide(late, ERASE)


def test_the_glass_before_signing_rules_or_staff_does_not_break(staff):
    for act in ("sign_rules", "staff", "lift", "standing_purge"):
        with pytest.raises(UsageError, match="always needs its role"):
            break_glass(staff.acts("ed"), act, "x", "why")
