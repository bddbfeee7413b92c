"""The registry of rules: every record is whole, every code has its unit of SQL, and a wrong file says where."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from consent.rules.registry import read_rules, rule_rows, take_rules_snapshot
from stores.engine import connect
from stores.schemas.configuration_tables import RULES
from terms.clock import naive_utc
from terms.errors import UsageError
from terms.reasons import Profile, Verdict
from tests.scenes.fresh_home import fresh_stores

ROOT = Path(__file__).resolve().parents[3]
EVALUATORS = ROOT / "dbt_project" / "macros" / "evaluators"
RECORD = """
- ids: [R-01]
  code: SOME_CODE
  scope: act
  sentence: "What it checks."
  source: "Where it stands."
  status: "V"
  from: null
  until: null
  effects: {strict: REFUSED, market: null}
  lift: {by: nobody, how: "What ends it."}
  to_person: "Ce qu'on dit à la personne."
  to_partner: "Ce qu'on dit au partenaire."
"""
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def _write(folder: Path, text: str) -> Path:
    (folder / "some.yaml").write_text(text)
    return folder


@pytest.fixture
def store(tmp_path):
    stores = fresh_stores(tmp_path / "home", ACTOR="t")
    yield stores.snapshots
    stores.engine.dispose()


def test_every_code_of_the_registry_has_one_evaluator_of_its_name_and_the_reverse():
    units = [(file.stem.upper(), file.read_text()) for file in sorted(EVALUATORS.glob("*/*.sql"))]
    assert {code for code, _ in units} == {rule.code for rule in read_rules(ROOT / "config" / "rules")}
    twice = {file.stem for file in EVALUATORS.glob("[!l]*/*.sql")} & {
        file.stem for file in EVALUATORS.glob("live/*.sql")
    }
    assert twice == {"form_rejected"}, "by night and by day: a stop of today counts at once"
    for code, text in units:
        assert f"__{code.lower()}() -%}}" in text, f"the macro of {code} is found by another name"
        assert f"'{code}'" in text, f"the unit of {code} tells another code"


def test_every_code_of_the_night_has_a_dbt_unit_test_of_its_name():
    tests = "\n".join(file.read_text() for file in (ROOT / "dbt_project" / "models").rglob("_unit_tests__*.yml"))
    named = {word for line in re.findall(r"(?m)^  - name: (\S+)", tests) for word in line.split("__")}
    assert named == {file.stem for file in EVALUATORS.glob("*/*.sql") if file.parent.name not in ("asked", "live")}


def test_every_code_has_a_typed_case_that_it_decides():
    cases = yaml.safe_load((ROOT / "tests" / "integration" / "golden_cases_of_ours.yaml").read_text())["cases"]
    alone = {
        code for case in cases for told in case["expect"].values() if len(told["codes"]) == 1 for code in told["codes"]
    }
    codes = {rule.code for rule in read_rules(ROOT / "config" / "rules")}
    together = {"UNDER_17", "CONSENT_BY_CHILD"}  # never without NOT_ELECTOR; in STRICT with MINOR_AT_SEND
    need_several_files_or_texts = {"ABSENT_FROM_FULL", "IDENTITY_CONFLICT", "NOTICE_CONTRADICTED"}
    assert codes - alone == need_several_files_or_texts | (together - alone)


def test_every_code_of_the_partner_page_is_registered_with_its_effects():
    effects = {
        rule.code: tuple(rule.effects.get(profile) for profile in Profile)
        for rule in read_rules(ROOT / "config/rules")
        if not rule.is_pending
    }
    assert effects["TTPA_NOT_DIRECT"] == (Verdict.INVITE_ONLY, None)
    assert effects["SPONSOR_NOT_NAMED"] == (Verdict.HOLD, None)
    assert effects["FOREIGN_NUMBER"] == (Verdict.REFUSED, Verdict.HOLD)
    assert effects["PROOF_SUSPECT"] == (Verdict.QUARANTINED, Verdict.QUARANTINED)
    assert effects["AUDIT_OVERDUE"] == (Verdict.HOLD, Verdict.HOLD)
    assert effects["CONSENT_NOT_GIVEN"] == (Verdict.REFUSED, Verdict.REFUSED)
    assert len(effects) == 30 + 10 + 1  # of the partner page, of the rules page beyond it, and of ours


def test_rules_become_rows_per_profile_with_instants_of_paris(store, tmp_path):
    text = RECORD.replace("from: null", "from: 2026-07-01").replace("until: null", "until: 2027-01-01")
    snapshot = take_rules_snapshot(store, _write(tmp_path, text), AT)
    with connect() as connection:
        rows = connection.execute(
            f"select code, profile, effect, applies_from, applies_until from ({store.sql(snapshot, RULES)})"
        ).fetchall()
    assert rows == [("SOME_CODE", "strict", "REFUSED", datetime(2026, 6, 30, 22), datetime(2026, 12, 31, 23))]


def test_the_same_rules_are_the_same_snapshot_and_a_changed_effect_is_another(store, tmp_path):
    first = take_rules_snapshot(store, _write(tmp_path, RECORD), AT)
    assert take_rules_snapshot(store, tmp_path, AT) == first
    changed = take_rules_snapshot(store, _write(tmp_path, RECORD.replace("market: null", "market: HOLD")), AT)
    assert (changed.number, changed.sha256 != first.sha256) == (2, True)


def _spans(store, snapshot):
    with connect() as connection:
        return connection.execute(
            f"select profile, effect, known_from, known_until from ({store.sql(snapshot, RULES)}) order by all"
        ).fetchall()


def test_what_the_registry_said_before_a_change_is_kept_with_the_span_in_which_it_said_so(store, tmp_path):
    next_day, later = AT + timedelta(days=1), AT + timedelta(days=9)
    harder = RECORD.replace("strict: REFUSED, market: null", "strict: REFUSED, market: HOLD")
    take_rules_snapshot(store, _write(tmp_path, RECORD), AT)
    take_rules_snapshot(store, _write(tmp_path, harder), next_day)
    changed, reverted = naive_utc(next_day), naive_utc(later)
    last = take_rules_snapshot(store, _write(tmp_path, RECORD.replace("REFUSED", "HOLD")), later)
    assert _spans(store, last) == [
        ("market", "HOLD", changed, reverted),
        ("strict", "HOLD", reverted, None),
        ("strict", "REFUSED", datetime.min, reverted),
    ]
    none = take_rules_snapshot(store, _write(tmp_path, RECORD.replace("SOME_CODE", "OTHER_CODE")), later)
    assert [row for row in _spans(store, none) if row[2] == reverted] == [("strict", "REFUSED", reverted, None)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("scope: act", "scope: person", "[0].scope is none of act, contact"),
        ("strict: REFUSED", "strict: SENDABLE", "[0].effects.strict is none of INVITE_ONLY"),
        ("by: nobody", "by: anybody", "[0].lift.by is none of nobody, dpo"),
        ('how: "What ends it."', 'how: ""', "without this text"),
        ("Ce qu'on dit à la personne.", "", "without this text"),
        ("Ce qu'on dit au partenaire.", " ", "without this text"),
        ('source: "Where it stands."', 'source: " "', "without this text"),
        ("  status: V", "", "[0].status is missing"),
        ("  code: SOME_CODE", "  code: SOME_CODE\n  lifted_by: me", "[0].lifted_by is not known here (known: code,"),
        ("from: null\n  until: null", "from: 2026-02-01\n  until: 2026-02-01", "[0].until is not after from"),
    ],
)
def test_a_wrong_record_says_file_line_and_key(tmp_path, old, new, told):
    text = RECORD.replace('status: "V"', "status: V")
    assert old in text
    with pytest.raises(UsageError, match=r"rules/some\.yaml, line \d+") as error:
        read_rules(_write(tmp_path, text.replace(old, new)))
    assert told in str(error.value)


def test_periods_of_one_code_may_follow_but_not_overlap(tmp_path):
    earlier = RECORD.replace("until: null", "until: 2026-07-01")
    later = RECORD.replace("from: null", "from: 2026-07-01")
    assert len(read_rules(_write(tmp_path, earlier + later))) == 2
    with pytest.raises(UsageError, match=r"line 16: \[1\]\.code SOME_CODE and SOME_CODE both hold"):
        read_rules(_write(tmp_path, earlier + RECORD))


def test_a_pending_change_of_law_stands_beside_the_law_and_has_no_rows(store, tmp_path):
    pending = RECORD.replace("from: null", "from: pending").replace("strict: REFUSED", "strict: HOLD")
    rules = read_rules(_write(tmp_path, RECORD + pending))
    assert [rule.is_pending for rule in rules] == [False, True]
    assert [row[4] for row in rule_rows(rules)] == ["REFUSED"]


def test_a_rule_without_any_effect_is_known_and_warns(tmp_path):
    (rule,) = read_rules(_write(tmp_path, RECORD.replace("strict: REFUSED", "strict: null")))
    assert rule.effects == {}
    assert [(row[3], row[4]) for row in rule_rows([rule])] == [("strict", "WARN"), ("market", "WARN")]


def test_coming_law_is_in_the_registry():
    pending = {rule.code: rule.source for rule in read_rules(ROOT / "config" / "rules") if rule.is_pending}
    assert "C-317/25" in pending["RECIPIENT_CATEGORY_ONLY"]
    assert "2024/900" in pending["TTPA_NOT_DIRECT"]


def test_a_folder_without_rules_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no file"):
        read_rules(tmp_path)
