"""Who was erased and agrees anew, from the commands to the verdict: erase, readmit, deliver, build, look up."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lineage.lookups.lookup import look_up
from partners_ingest.intake.overview import list_quarantine
from pipelines.command import app
from sample.make_sample import ROOT as SAMPLE
from stores.all_stores import open_stores
from stores.schemas import vault_tables
from terms.reasons import Channel, Profile, Verdict
from terms.settings import load_settings
from tests.commands import Shell
from tests.scenes.whole_chain import run_chain

#: The person says STOP, is erased, agrees anew, is let in; then the files of the night come and are looked at.
STOPPED, ERASED = "2026-11-24T10:00:00+01:00", "2026-11-24T11:00:00+01:00"
AGREED, LET_IN = "2026-11-25T10:00:00+01:00", "2026-11-25T12:00:00+01:00"
NIGHT, LOOKED, STOPPED_AGAIN = "2026-11-26T09:00:00+01:00", "2026-11-26T10:00:00+01:00", "2026-11-26T11:00:00+01:00"

CONTESTS, SHOP = "jeux-valombre", "boutique-iris"  # the first collects for us directly, the second does not
CONTEST_FILE, SHOP_FILE = (
    "jeux_participations_20261126T020000Z.jsonl.gz",
    "boutique_customers_full_20261126T050000Z.csv",
)
SHOP_MODEL, SHOP_FORM = "boutique_customers_full_20261116T050000Z.csv", "BI3"
STRANGER = "+33639989999"
ENOUGH_ROWS = 30  # the dossier wants twenty in a file of contests


@dataclass
class Scene:
    """A copy of the sample's home with its landing folder, and the commands that run in it."""

    shell: Shell
    landing: Path

    def run(self, at, *words):
        answer = CliRunner().invoke(app, words, env=self.shell.environ(at=at))
        assert answer.exit_code == 0, (answer.output, answer.exception)

    def stores(self, at):
        return open_stores(load_settings(self.shell.environ(at=at)))

    def look_up(self, numbers, at=LOOKED):
        stores = self.stores(at)
        found = look_up(stores, numbers, reason="test", case="T")
        stores.engine.dispose()
        return found

    def everybody(self):
        stores = self.stores(STOPPED)
        with stores.vault.identities(stores.vault.files(vault_tables.IDENTITIES)) as vault:
            rows = vault.execute("select distinct e164 from identities where e164 is not null order by 1").fetchall()
        stores.engine.dispose()
        return self.look_up([e164 for (e164,) in rows], STOPPED)

    def lines(self, partner, file):
        data = (self.landing / partner / file).read_bytes()
        return (gzip.decompress(data) if file.endswith(".gz") else data).decode(errors="replace").split("\n")[:-1]


@pytest.fixture(scope="module")
def scene(sample_of_module):
    shell, done = sample_of_module
    assert done.code == 0, done.err
    return Scene(shell, Path(shell.settings["FILIATION_LANDING"]))


def verdict(provenance, profile):
    return provenance.verdicts[Channel.SMS][profile]


def of_one_partner(provenances, partner, profile):
    """Return whom one partner alone told us of, and who may be reached."""
    return [
        one
        for one in provenances
        if {opt_in.partner_id for opt_in in one.opt_ins} == {partner}
        and verdict(one, profile).verdict is Verdict.SENDABLE
    ]


def contest_line(scene, provenance, at, record):
    """Return the line with which the person agreed, told of another instant under another record id."""
    agreed = next(opt_in for opt_in in provenance.opt_ins if opt_in.flag == "given")
    told = json.loads(scene.lines(CONTESTS, agreed.file_name)[agreed.line_number - 1])
    return json.dumps(told | {"id": record, "startedAt": at, "completedAt": at}, ensure_ascii=False)


def as_of_shop(provenance):
    """Return the place of the person's row in the shop's file that shows the form in use; None if there is none."""
    rows = [one for one in provenance.opt_ins if one.file_name == SHOP_MODEL and one.form_version == SHOP_FORM]
    return rows[0].line_number if rows else None


def shop_file(scene, born, model):
    """Return the shop's next file: what `model` agreed to is agreed to anew by each of these numbers with its birth date."""
    lines = scene.lines(SHOP, SHOP_MODEL)
    header, *rows = csv.reader(lines)
    place = {name.rpartition(".")[2].strip("()") or name: index for index, name in enumerate(header)}
    (row,) = csv.reader([lines[as_of_shop(model) - 1]])
    for index, (number, birth_date) in enumerate(born.items()):
        told = list(row)
        told[place["Customer ID"]] = f"'72104483999{index:02d}"
        told[place["Default Address Phone"]], told[place["Phone"]] = number[1:], ""
        told[place["consent_id"]], told[place["consent_at"]] = f"IC-83999{index:02d}", AGREED
        told[place["birth_date"]] = birth_date.isoformat()
        rows.append(told)
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([header, *rows])
    return target.getvalue()


@pytest.fixture(scope="module")
def told(scene):
    """Who is who, and the look-ups after the night."""
    everybody = scene.everybody()
    direct = of_one_partner(everybody, CONTESTS, Profile.STRICT)
    through = of_one_partner(everybody, SHOP, Profile.MARKET)
    stopped, both, kept_out, early = direct[:4]
    partner_only, model = [one for one in through if as_of_shop(one)][:2]
    erased = [stopped, both, kept_out, early, partner_only]
    scene.run(STOPPED, "optout", stopped.number, "--source", "letter")
    scene.run(ERASED, "erase", *(one.number for one in erased), "--case", "C-1")
    for one in (stopped, both, early, partner_only):
        scene.run(LET_IN, "readmit", one.number, "--since", AGREED, "--case", "C-2")
    anew, before = "2026-11-25T09:00:00.000Z", "2026-11-25T08:59:59.000Z"
    lines = [contest_line(scene, one, anew, f"ANEW-{place}") for place, one in enumerate((stopped, both, kept_out))]
    lines += [contest_line(scene, early, before, "EARLY"), contest_line(scene, stopped, before, "OLD")]
    lines += scene.lines(CONTESTS, "jeux_participations_20261120T020000Z.jsonl.gz")[:ENOUGH_ROWS]
    (scene.landing / CONTESTS / CONTEST_FILE).write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    born = {one.number: one.attributes.birth_date for one in (both, partner_only)}
    born[STRANGER] = model.attributes.birth_date
    (scene.landing / SHOP / SHOP_FILE).write_text(shop_file(scene, born, model))
    with (scene.landing / "arrivals.csv").open("a") as arrivals:
        arrivals.write(f"{CONTESTS},{CONTEST_FILE},2026-11-26T02:07:00Z,1\n{SHOP},{SHOP_FILE},2026-11-26T05:07:00Z,1\n")
    chain = run_chain(load_settings(scene.shell.environ(at=NIGHT)), scene.landing, SAMPLE / "open_data")
    assert [report.outcome for report in chain.reports if report.file_name in (CONTEST_FILE, SHOP_FILE)] == [
        "accepted"
    ] * 2
    chain.stores.engine.dispose()
    names = ("stopped", "both", "kept_out", "early", "partner_only", "stranger")
    return dict(zip(names, scene.look_up([*(one.number for one in erased), STRANGER]), strict=True))


def files_of(provenance):
    return [(opt_in.file_name, opt_in.flag) for opt_in in provenance.opt_ins]


def test_a_later_direct_agreement_counts_again_and_nothing_from_before_does(told):
    for name in ("stopped", "both"):
        assert verdict(told[name], Profile.STRICT).verdict is Verdict.SENDABLE
        assert (CONTEST_FILE, "given") in files_of(told[name])
    assert files_of(told["stopped"]) == [(CONTEST_FILE, "given")]
    assert [(event.state, event.signal) for event in told["stopped"].events][0] == ("ConsentWithdrawn", "erasure")


def test_an_agreement_through_a_partner_stays_barred_though_the_same_of_a_stranger_is_not(told):
    """As after any STOP (R-12, R-18): refused, and held by the market's reading of a partner's later act."""
    assert verdict(told["stranger"], Profile.MARKET).verdict is Verdict.SENDABLE
    for profile, barred in {Profile.STRICT: Verdict.REFUSED, Profile.MARKET: Verdict.HOLD}.items():
        found = verdict(told["partner_only"], profile)
        assert found.verdict is barred and "SUPPRESSED" in found.reasons
    (through,) = [opt_in for opt_in in told["both"].opt_ins if opt_in.partner_id == SHOP]
    assert all("SUPPRESSED" in use.reasons for use in through.uses[Channel.SMS].values())


def test_without_readmission_or_with_an_earlier_agreement_nobody_comes_back(scene, told):
    assert not told["kept_out"].is_known and not told["early"].is_known
    stores = scene.stores(LOOKED)
    turned_away = [
        (row.line, row.reasons)
        for row in list_quarantine(stores.engine, stores.lake, None)
        if row.file_name == CONTEST_FILE and "PERSON_ERASED" in row.reasons
    ]
    stores.engine.dispose()
    assert [line for line, _ in turned_away][:3] == [3, 4, 5]


def test_who_came_back_may_say_stop_again(scene, told):
    scene.run(STOPPED_AGAIN, "optout", told["stopped"].number, "--source", "letter")
    (again,) = scene.look_up([told["stopped"].number], "2026-11-26T12:00:00+01:00")
    assert verdict(again, Profile.MARKET).verdict is Verdict.REFUSED
    assert "SUPPRESSED" in verdict(again, Profile.STRICT).reasons
