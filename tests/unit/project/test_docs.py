"""Pages that repeat what the code says are made from it, and every command, link and setting is told.

`python -m tests.unit.project.test_docs` writes docs/commands.md again.
"""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipelines.command import app
from terms import settings

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "commands.md"
HEAD = """# Commands

Made from the commands' own help; after a change run `python -m tests.unit.project.test_docs`.

| exit code | means |
|---|---|
| 0 | done; a held or refused delivery does not change it |
| 1 | unexpected error: one line that says what to do; the traceback only with `--debug` |
| 2 | wrong usage, a file that cannot be read, a missing secret, a wrong environment |
| 3 | a check refused to publish, plan, count, approve or send, or another writer is at work; the previous base, plan or state is kept |

With `--json` standard output holds JSON and nothing else; progress goes to standard error.
"""


def _commands() -> dict[str, list[str]]:
    """Return every command's words by its name, in order of their help."""
    found = {}
    root = typer.main.get_command(app)
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}": [name, sub] for sub in inner} if inner else {name: [name]}
    return found


def _help(words: list[str]) -> str:
    answer = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
    assert answer.exit_code == 0, answer.output
    text = re.sub(r"\x1b\[[0-9;]*m", "", answer.output)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _page() -> str:
    parts = [HEAD]
    for name, words in _commands().items():
        parts.append(f"## filiation {name}\n\n```text\n{_help(words)}\n```\n")
    return "\n".join(parts)


def test_the_page_of_commands_is_their_help():
    assert PAGE.read_text() == _page()


@pytest.mark.parametrize("name", _commands())
def test_every_command_has_an_example(name):
    assert f"Example: filiation {name}" in _help(_commands()[name]), name


@pytest.mark.parametrize("name", _commands())
def test_every_option_has_its_help(name):
    command = typer.main.get_command(app)
    for word in _commands()[name]:
        command = command.commands[word]
    options = [one for one in command.params if one.param_type_name == "option"]
    assert [one.name for one in options if not getattr(one, "help", None)] == []


def test_every_setting_is_told():
    source = Path(settings.__file__).read_text()
    page = (ROOT / "docs" / "settings.md").read_text()
    for variable in set(re.findall(r"FILIATION_[A-Z_]+", source)):
        assert f"`{variable}`" in page, variable


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=lambda path: path.name)
def test_links_of_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_readmes_commands_exist():
    readme = (ROOT / "README.md").read_text()
    for target in set(re.findall(r"`?make ([a-z]+)", readme)):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M), target
    for command in re.findall(r"\$ filiation ([a-z]+)", readme):
        assert any(words[0] == command for words in _commands().values())


if __name__ == "__main__":
    PAGE.write_text(_page())
