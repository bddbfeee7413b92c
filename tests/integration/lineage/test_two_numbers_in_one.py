"""Two numbers given to a command as one: every command that takes a person's number refuses, and nothing was written."""

import json

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from pipelines.command import app
from stores.all_stores import open_stores
from stores.operations import all_tables
from terms.errors import UsageError
from terms.settings import load_settings
from tests.commands import sample_shell

ONE, OTHER = "06 39 98 00 42", "+33639980043"
LINE_ENDS = "\n"
BETWEEN = (" ", ",", "/", ";", LINE_ENDS, " ou ", "")
AT = "2026-11-20T09:30:00+01:00"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The variables of an empty home, and a folder outside it."""
    folder = tmp_path_factory.mktemp("two")
    shell = sample_shell(folder / "home")
    assert run(shell.environ(), "init").exit_code == 0
    return shell.environ(), folder


def run(environ, *words):
    return CliRunner().invoke(app, words, env=environ)


def words_of(command, number, folder):
    """Return the words of a command about one number."""
    file = folder / "numbers"
    file.write_text(number)
    csv = folder / "acts.csv"
    csv.write_text(f'number,kind,received_at,source\n"{number}",stop,{AT},letter\n')
    jsonl = folder / "acts.jsonl"
    jsonl.write_text(json.dumps({"number": number, "kind": "erasure", "received_at": AT, "source": "letter"}) + "\n")
    why = ("--reason", "test")
    return {
        "lineage": ("lineage", number, *why),
        "lineage of a file": ("lineage", "--from-file", str(file), *why),
        "judge": ("judge", number, "--at", AT, *why),
        "certificate": ("paper", "provenance", number, "--out", str(folder / "paper.html"), *why),
        "erase": ("erase", number, "--case", "C-1"),
        "erase a file": ("erase", "--from-file", str(file), "--case", "C-1"),
        "readmit": ("readmit", number, "--since", AT, "--case", "C-1"),
        "optout": ("optout", number, "--source", "letter"),
        "act": ("act", number, "--kind", "erasure", "--received-at", AT, "--source", "letter"),
        "acts as CSV": ("acts", str(csv)),
        "acts as JSON": ("acts", str(jsonl)),
    }[command]


LINE_BY_LINE = ("lineage of a file", "erase a file", "acts as CSV")
COMMANDS = ("lineage", "judge", "certificate", "erase", "readmit", "optout", "act", "acts as JSON", *LINE_BY_LINE)


def rows(environ):
    """Return how many rows each table of the ledger has."""
    stores = open_stores(load_settings(environ))
    with stores.engine.connect() as reading:
        counted = all_tables.metadata.sorted_tables
        found = {table.name: reading.execute(select(func.count()).select_from(table)).scalar_one() for table in counted}
    stores.engine.dispose()
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_two_numbers_given_as_one_are_refused_and_nothing_is_written(home, command):
    environ, folder = home
    before = rows(environ)
    for between in BETWEEN:
        if between == LINE_ENDS and command in LINE_BY_LINE:
            continue  # there a line is one number
        answer = run(environ, *words_of(command, f"{ONE}{between}{OTHER}", folder))
        assert isinstance(answer.exception, UsageError) and answer.exception.exit_code == 2, (between, answer.output)
        told = f"{answer.exception} {answer.output}"
        assert "cannot be read" in told or "lines were not taken in" in told
        assert "98004" not in told and "0043" not in told
    assert rows(environ) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_one_number_alone_comes_further(home, command):
    environ, folder = home
    answer = run(environ, *words_of(command, ONE, folder))
    assert "cannot be read" not in f"{answer.exception} {answer.output}"
    assert "not taken in" not in str(answer.exception)
