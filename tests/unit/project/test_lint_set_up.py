"""What a commit, an editor, `make lint` and continuous integration check is one set of rules, and no room is left out.

The rules that need a test of their own stand beside this module.
"""

import configparser
import re
import tomllib

import yaml

from tests.unit.project.source.source_tree import ROOT, packages, rooms

MAKEFILE = (ROOT / "Makefile").read_text()
TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def _recipe(target: str) -> list[str]:
    """Return the commands of a target of the Makefile, without its echo marks."""
    (lines,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    return [line.strip().lstrip("@").replace("$(BIN)", ".venv/bin") for line in lines.splitlines()]


def test_a_commit_is_checked_as_make_lint_checks():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == _recipe("lint")
    for hook in repository["hooks"]:
        assert (hook["language"], hook["pass_filenames"]) == ("system", False), hook["id"]


def test_continuous_integration_runs_make_lint():
    assert {"make lint", "make test", "make demo"} <= set((ROOT / ".ci" / "run").read_text().splitlines())


def test_editors_know_the_length_of_a_line():
    text = (ROOT / ".editorconfig").read_text()
    editor = configparser.ConfigParser()
    editor.read_string("[all]\n" + text.split("[*]\n", 1)[1])
    told = editor.getint("*.{py,sql}", "max_line_length")
    assert told == TOOLS["ruff"]["line-length"] == TOOLS["sqlfluff"]["core"]["max_line_length"]


def test_every_room_is_shipped_linted_and_typed():
    assert set(TOOLS["hatch"]["build"]["targets"]["wheel"]["packages"]) == rooms().keys() - {"bench", "sample"}
    assert set(TOOLS["ruff"]["lint"]["isort"]["known-first-party"]) == packages().keys()
    assert set(TOOLS["mypy"]["files"]) == rooms().keys()
    assert TOOLS["mypy"]["strict"] is True


def test_no_rule_is_switched_off_for_a_room():
    assert TOOLS["ruff"]["lint"]["per-file-ignores"].keys() == {"tests/**"}
    assert {"C901", "PLR0912", "PLR0913", "PLR0915"} <= set(TOOLS["ruff"]["lint"]["select"])
    assert "sqlfluff" in _recipe("lint")[-1] and not (ROOT / ".sqlfluffignore").exists()
