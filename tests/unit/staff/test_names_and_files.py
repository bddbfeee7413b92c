"""One person has one id, whatever way the name is written; the files of `config/staff/` are told what is wrong with them."""

import pytest

from configuration.documents import DocumentInvalid
from staff.acts import GUARDIANS, Act, read_acts
from staff.names import look_of, person_id_of
from staff.persons import Person, person_of, read_persons
from terms.errors import UsageError
from terms.settings import PROJECT_ROOT

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
PERSON = '{id: %s, name: n, os_account: %s, keys: [{public_key: "%s"}], roles: [{role: dpo, from: 2027-01-04}]}'


@pytest.mark.parametrize(
    "name", ["Camille Second", " camille  second ", "CAMILLE-SECOND", "Camille.Second", "Çamille Sécond"]
)
def test_one_person_has_one_id(name):
    assert person_id_of(name) == "camille-second"


@pytest.mark.parametrize(
    "name", ["\u0421amille", "Camille\u200b", "Camil\u04cfe", "\u03a1aul", "カミーユ", "", " ", "-"]
)
def test_a_name_in_other_letters_is_no_name(name):
    with pytest.raises(UsageError):
        person_id_of(name)


@pytest.mark.parametrize(
    ("one", "other"), [("planner", "p1anner"), ("modern", "modem"), ("Iris", "lris"), ("o-k", "0k"), ("wu", "vvu")]
)
def test_names_that_look_alike_have_one_look(one, other):
    assert look_of(person_id_of(one)) == look_of(person_id_of(other))


def test_the_shipped_files_read_and_every_act_has_its_roles():
    acts = read_acts(PROJECT_ROOT / "config")
    assert all(acts.may(act) for act in Act if act is not Act.LIFT)
    assert acts.may(Act.STAFF) == acts.may(Act.SIGN_STAFF) == GUARDIANS
    assert read_persons(PROJECT_ROOT / "config").record.persons == ()


def _written(tmp_path, *persons):
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff" / "persons.yaml").write_text(f"persons: [{', '.join(persons)}]")
    return tmp_path


def test_a_person_is_the_same_after_the_ledger(tmp_path):
    (person,) = read_persons(_written(tmp_path, PERSON % ("c", "c", KEY))).record.persons
    assert isinstance(person, Person) and person_of(person.to_plain()) == person


@pytest.mark.parametrize(
    ("persons", "words"),
    [
        ([PERSON % ("C", "c", KEY)], "id does not have the form"),
        ([PERSON % ("c", "c", "ssh-rsa AAAA")], "public_key is not a line of a .pub file"),
        ([PERSON % ("c", "c", KEY), PERSON % ("d", "c", KEY[:-1] + "d")], "another person's"),
        ([PERSON % ("c", "c", KEY), PERSON % ("d", "d", KEY)], "another person's"),
        ([(PERSON % ("c", "c", KEY)).replace("dpo", "king")], "role is none of"),
    ],
)
def test_what_is_wrong_with_a_person_is_told(tmp_path, persons, words):
    with pytest.raises(DocumentInvalid, match=words):
        read_persons(_written(tmp_path, *persons))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("  erase: [dpo]\n", "", "acts.erase is missing"),
        ("  erase: [dpo]\n", "  erase: []\n", "nobody could do it"),
        ("  erase: [dpo]\n", "  erase: [dpo]\n  staff: [planner]\n", "another place fixes it"),
        ("  legal: [legal]\n", "  legal: [legal]\n  nobody: [dpo]\n", "lifts nothing"),
    ],
)
def test_a_table_of_acts_with_a_gap_is_refused(tmp_path, before, after, words):
    text = (PROJECT_ROOT / "config" / "staff" / "acts.yaml").read_text()
    assert before in text
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff" / "acts.yaml").write_text(text.replace(before, after))
    with pytest.raises(DocumentInvalid, match=words):
        read_acts(tmp_path)
