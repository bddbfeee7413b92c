"""What bad input gets, seen from outside: a message that says what, where and what to do, an outcome, an exit code."""

import fcntl
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from stores.home import open_home, writer_lock
from stores.operations.database import open_operations, transaction
from stores.operations.message_tables import gateway_heartbeats
from terms.clock import to_micros
from terms.settings import load_settings
from tests.commands import ROOT, Shell, sample_shell

DEMO_ORDER = (ROOT / "config" / "campaigns" / "demo.yaml").read_text()
NUMBER = "06 39 98 00 42"

#: file -> what it holds, outcome, reason
BAD_FILES = {
    "jeux_retraits_20261124T030000Z.csv": (b"", "refused", "FILE_EMPTY"),
    "jeux_participations_20261124T020000Z.jsonl.gz": (None, "refused", "GZIP_TRUNCATED"),
    "jeux_retraits_20261124T040000Z.csv": (b"<!doctype html><p>maintenance</p>\n", "refused", "HTML_NOT_DATA"),
    'it\'s "something" else.csv': (b"a;b\n1;2\n", "held", "UNKNOWN_FILE"),
}


@pytest.fixture(scope="module")
def refreshed(sample_of_module):
    """The refreshed home of the sample, which these tests leave as it is."""
    shell, first = sample_of_module
    assert first.code == 0, first.err
    return shell


@pytest.fixture(scope="module")
def copied(refreshed, tmp_path_factory):
    """A copy of the refreshed home and landing folder, to be spoilt."""
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(refreshed.home, folder / "home")
    shutil.copytree(refreshed.settings["FILIATION_LANDING"], folder / "landing")
    return Shell(folder / "home", {**refreshed.settings, "FILIATION_LANDING": str(folder / "landing")})


@pytest.fixture(scope="module")
def spoilt(copied, tmp_path_factory):
    """The copy after a refresh with bad files of one partner and bad dossiers of two others; with its answer."""
    landing = Path(copied.settings["FILIATION_LANDING"])
    whole = landing / "jeux-valombre" / "jeux_participations_20261031T020000Z.jsonl.gz"
    for name, (content, _, _) in BAD_FILES.items():
        (landing / "jeux-valombre" / name).write_bytes(whole.read_bytes()[:5000] if content is None else content)
    (landing / "boutique-iris" / "boutique_customers_full_20261124T050000Z.csv").write_bytes(b"Customer ID\n1\n")
    partners = tmp_path_factory.mktemp("partners") / "partners"
    shutil.copytree(ROOT / "config" / "partners", partners)
    next((partners / "boutique-iris" / "notices").glob("*.txt")).unlink()
    shutil.copytree(ROOT / "config" / "partners" / "jeux-valombre", partners / "third-partner")
    dossier = partners / "third-partner" / "partner.yaml"
    dossier.write_text("favourite_colour: blue\n" + dossier.read_text().replace("jeux-valombre", "third-partner"))
    return copied, copied.run("refresh", "--partners", str(partners), "--json")


def _order(folder, *changes):
    order = DEMO_ORDER
    for old, new in changes:
        assert old in order
        order = order.replace(old, new)
    file = folder / "order.yaml"
    file.write_text(order)
    return str(file)


def _says(answer, code, *words):
    """Check the exit code, that one message says these words, and that it is no traceback."""
    assert answer.code == code, answer.err
    for word in words:
        assert word in answer.err
    assert "Traceback" not in answer.err and "Stack Trace" not in answer.err and "unexpected" not in answer.err


def test_bad_files_do_not_stop_the_refresh_and_publish_nothing(spoilt):
    _, refresh = spoilt
    _says(refresh, 0)
    assert refresh.json()["outcome"] == "unchanged"


@pytest.mark.parametrize("name", BAD_FILES)
def test_each_bad_file_has_its_outcome_and_reason(spoilt, name):
    shell, _ = spoilt
    (delivery,) = [line for line in shell.run("deliveries", "--json").lines() if line["file"] == name]
    _, outcome, reason = BAD_FILES[name]
    assert (delivery["outcome"], delivery["reason"]) == (outcome, reason)
    assert delivery["accepted_rows"] is None


def test_a_bad_dossier_is_named_with_file_line_and_field_and_holds_its_files(spoilt):
    shell, refresh = spoilt
    _says(
        refresh,
        0,
        "third-partner/partner.yaml, line 1: favourite_colour",
        "boutique-iris/partner.yaml",
        "notices/",
        "is missing",
        "are held until",
    )
    held = [line for line in shell.run("deliveries", "--json").lines() if line["reason"] == "DOSSIER_INVALID"]
    assert "boutique_customers_full_20261124T050000Z.csv" in {line["file"] for line in held}
    assert {line["partner"] for line in held} == {"boutique-iris"}
    assert "configuration/dossiers: every_dossier_reads" in shell.run("status", "--json").json()["warnings"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("rate_per_second: 200", "rate_per_second: fast"), "line 33: rate_per_second is not a whole number"),
        (("  sex: null", "  sexx: F"), "line 17: audience.sexx is not known here"),
        (("election: PRES2027", "election: NOPE"), "The election 'NOPE' is not known (known: PRES2027)"),
        (("T10:00:00+01:00", "T10:00:00"), "line 32: window.from is not an instant with offset"),
        (("campaign_id", "\x00campaign_id"), "this is not YAML"),
    ],
)
def test_an_order_with_a_wrong_field_is_wrong_usage(refreshed, tmp_path, change, words):
    file = _order(tmp_path, change)
    for command in (("campaign", "plan"), ("segment", "count")):
        answer = refreshed.run(*command, file, "--json")
        _says(answer, 2, words)
        assert answer.out == ""


def test_a_window_in_the_past_is_refused_with_its_finding_and_leaves_no_plan(copied, tmp_path):
    file = _order(tmp_path, ("2026-11-24T10", "2026-11-20T10"), ("2026-11-24T20", "2026-11-20T20"))
    answer = copied.run("campaign", "plan", file, "--json")
    _says(answer, 3, "WINDOW_PAST")
    assert answer.json()["plan_id"] is None
    assert "WINDOW_PAST" in {finding["code"] for finding in answer.json()["findings"]}
    engine = open_operations(load_settings(copied.environ()).database_url)
    with engine.connect() as work:
        assert work.execute(text("select count(*) from plans where campaign_id like '%DEMO%'")).scalar_one() == 0
    engine.dispose()


@pytest.mark.parametrize("options", [("--json",), ()])
def test_a_segment_below_the_floor_is_refused_with_its_finding_and_no_number(refreshed, options):
    answer = refreshed.run("segment", "count", "women-30-45-faubourg", *options)
    _says(answer, 3, "SEGMENT_TOO_SMALL")
    assert "SEGMENT_TOO_SMALL" in answer.out and "R-68" in answer.out
    assert "verdicts" not in answer.out and "SENDABLE" not in answer.out


def test_an_unknown_delivery_has_no_quarantine(refreshed):
    _says(refreshed.run("quarantine", "--delivery", "nope", "--json"), 2, "No accepted delivery has this id")


def test_an_unknown_number_is_an_answer_and_an_unreadable_one_is_not_repeated(refreshed):
    unknown = refreshed.run("lineage", "06 39 98 99 99", "--reason", "test", "--json")
    _says(unknown, 0)
    assert unknown.json()["known"] is False
    unreadable = refreshed.run("lineage", "06 39 98 77", "--reason", "test", "--json")
    _says(unreadable, 2, "cannot be read")
    assert unreadable.out == "" and "98 77" not in unreadable.err


def test_a_number_in_place_of_a_delivery_is_not_written_to_the_access_log(refreshed):
    _says(refreshed.run("evidence", "0639980042", "1", "--reason", "test"), 2, "No delivery has this id")
    engine = open_operations(load_settings(refreshed.environ()).database_url)
    with engine.connect() as work:
        subjects = " ".join(work.execute(text("select subjects_json from access_log")).scalars())
    engine.dispose()
    assert "0639980042" not in subjects


@pytest.mark.parametrize(
    "words",
    [
        ("lineage", NUMBER, "--reason", f"called from {NUMBER}"),
        ("optout", NUMBER, "--source", "sms of 06/39/98/00/42"),
        ("campaign", "approve", "nope", "--by", "0639980042"),
        ("campaign", "lift", "nope", "CODE", "--by", "Bea", "--why", "+33 (0)6 39 98 00 42 said so"),
        ("release", "nope", "--why", "06.39.98.00.42 said so"),
    ],
)
def test_a_number_in_a_text_that_is_kept_is_refused(refreshed, words):
    answer = refreshed.run(*words)
    _says(answer, 2, "something like a phone number", "without the number")
    assert "42" not in answer.err


def test_homes_that_cannot_be_used(tmp_path):
    (tmp_path / "a file").write_text("")
    _says(sample_shell(tmp_path / "a file" / "home").run("init"), 2, "cannot be written", "may write")
    shell = sample_shell(tmp_path / "home")
    _says(shell.run("status"), 2, "is not a Filiation home", "filiation init")
    _says(shell.run("init"), 0)
    _says(shell.run("status", ENV="demo"), 2, "another environment")
    _says(shell.run("refresh", CONTACT_KEY="11" * 32), 2, "another contact key")
    _says(shell.run("refresh", VAULT_KEY="11" * 32), 2, "another vault key")
    _says(shell.run("status", ENV="productive"), 2, "'productive'", "production")


def test_settings_that_cannot_be_used(tmp_path):
    shell = sample_shell(tmp_path / "home")
    _says(shell.run("init", ENV="staging"), 2, "FILIATION_CONTACT_KEY is not set in staging")
    _says(shell.run("init", ENV="staging", CONTACT_KEY="11" * 32), 2, "FILIATION_VAULT_KEY is not set in staging")
    live = {"ENV": "production", "CONTACT_KEY": "11" * 32, "VAULT_KEY": "22" * 32}
    _says(shell.run("init", **live), 2, "FILIATION_NOW is set in production")
    assert not (tmp_path / "home").exists()
    unreachable = shell.run("init", DATABASE_URL="postgresql://x:pass-word@127.0.0.1:1/y")
    _says(unreachable, 1, "does not answer")
    assert "pass-word" not in unreachable.err


def test_a_folder_that_is_missing_is_wrong_usage_and_said_in_the_last_line(tmp_path):
    shell = sample_shell(tmp_path / "home", LANDING=str(tmp_path / "nowhere"), OPEN_DATA=str(tmp_path / "nowhere"))
    _says(shell.run("init"), 0)
    _says(shell.run("refresh", "--json"), 2, "landing folder", "does not exist", "Not published")


def test_a_second_refresh_is_refused_while_one_runs(tmp_path):
    shell = sample_shell(tmp_path / "home")
    _says(shell.run("init"), 0)
    with writer_lock(open_home(load_settings(shell.environ()))):
        _says(shell.run("refresh", "--json"), 3, "Another refresh is at work", "Wait")


def test_a_second_sender_is_refused_while_one_runs(copied):
    plan_id = copied.run("campaign", "plan", "config/campaigns/demo.yaml", "--json").json()["plan_id"]
    _says(copied.run("campaign", "approve", plan_id, "--by", "Camille Second"), 0)
    settings = load_settings(copied.environ(at="2026-11-24T10:05:00+01:00"))
    engine = open_operations(settings.database_url)
    with transaction(engine) as work:
        beat = {"gateway": "simulator", "seen_at": to_micros(settings.clock().now())}
        work.execute(gateway_heartbeats.insert().values(**beat))
    engine.dispose()
    with (copied.home / "sender.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = copied.run("campaign", "send", plan_id, at="2026-11-24T10:05:00+01:00")
    _says(answer, 3, "Another sender is at work", "Wait until it has ended, then run this again.")
