"""What is told of the sample's two suppliers: by the command, by its page, and at an instant before anything was known."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from outlook.suppliers import AuditState, read_suppliers, suppliers_page
from stores.all_stores import open_stores
from terms.settings import load_settings

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def base(sample_of_module):
    shell, done = sample_of_module
    assert done.code == 0, done.err
    with open_stores(load_settings(shell.environ())).warehouse.open_base() as opened:
        yield opened


@pytest.fixture(scope="module")
def suppliers(base):
    return {one.partner_id: one for one in read_suppliers(base, AT)}


def test_acts_and_complete_proofs_are_those_of_the_findings(base, suppliers):
    for partner, one in suppliers.items():
        acts, flawed = base.execute(
            "select count(distinct (a.delivery_id, a.line_number)),"
            " count(distinct (a.delivery_id, a.line_number)) filter (where f.code is not null)"
            " from acts a left join findings f on a.delivery_id = f.delivery_id and a.line_number = f.line_number"
            " and f.code in ('PROOF_INCOMPLETE', 'PROOF_INCONSISTENT', 'PROOF_SUSPECT') and f.known_until = 'infinity'"
            " where a.partner_id = $partner",
            {"partner": partner},
        ).fetchone()
        assert (one.acts, one.complete_proofs) == (acts, acts - flawed)
        assert 0 < one.proof_share < 1


def test_every_element_that_a_bundle_lacks_is_named_and_counted(base, suppliers):
    for partner, one in suppliers.items():
        rows = base.execute(
            "select evidence_missing || bundle_missing from opt_ins where partner_id = $partner and flag = 'given'",
            {"partner": partner},
        ).fetchall()
        assert one.complete_bundles == sum(not missing for (missing,) in rows)
        assert dict(one.bundle_missing) == Counter(name for (missing,) in rows for name in missing)
    assert suppliers["boutique-iris"].bundle_missing["box_default"] > 0
    assert "What the whole bundle lacks" in suppliers_page(list(suppliers.values()), AT)


def test_the_calendar_follows_the_dossiers_audits(suppliers):
    forms = {form.form_version: form for one in suppliers.values() for form in one.forms}
    live = forms["BI3"]
    assert (live.state, live.last_audited_on.isoformat(), live.due_on.isoformat()) == (
        AuditState.AUDITED,
        "2026-09-08",
        "2027-09-08",
    )
    assert (forms["BI2"].state, forms["BI2"].due_on) == (AuditState.RETIRED, None)
    assert forms["600500"].state is AuditState.OVERDUE
    assert suppliers["jeux-valombre"].held_for_audit > 0
    assert suppliers["jeux-valombre"].next_due_on == forms["600500"].due_on


def test_what_an_audit_found_is_told(suppliers):
    assert [found.finding for found in suppliers["boutique-iris"].audit_findings] == ["entry_requires_consent"]


def test_a_year_before_the_audits_of_today_were_not_known(base):
    earlier = {one.partner_id: one for one in read_suppliers(base, datetime(2025, 10, 1, tzinfo=UTC))}
    forms = {form.form_version: form for form in earlier["boutique-iris"].forms}
    assert (forms["BI2"].state, forms["BI2"].due_on.isoformat()) == (AuditState.AUDITED, "2026-06-20")
    assert "BI3" not in forms
    assert earlier["boutique-iris"].audit_findings == ()


def test_the_page_tells_each_supplier_and_the_late_audits_first(base):
    found = read_suppliers(base, AT)
    page = suppliers_page(found, AT)
    assert all(one.partner_id in page for one in found)
    calendar = page[page.index("Audit calendar") :]
    assert calendar.index("overdue") < calendar.index("audited</td>")


def test_the_command_prints_a_line_per_supplier_and_writes_the_page(sample_of_module, tmp_path):
    shell, _ = sample_of_module
    answer = shell.run("suppliers", "--json", "--out", str(tmp_path / "suppliers.html"))
    assert answer.code == 0, answer.err
    assert {line["partner_id"] for line in answer.lines()} == {"boutique-iris", "jeux-valombre"}
    assert "Suppliers" in (tmp_path / "suppliers.html").read_text()
