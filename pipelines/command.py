"""The `filiation` command: its groups, and the one place where an error becomes an exit code.

The commands themselves belong to `pipelines.commands`.
"""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from pipelines.commands.campaigns import campaign, campaign_papers, gateway, segment
from pipelines.commands.home import backup, base, golden, log, open_data, outlook, staff, territory, ui, vault
from pipelines.commands.partners import form, partner, suppliers
from pipelines.commands.persons import acts, erase, judge, origin, paper, purge, trace
from terms.errors import FiliationError

app = typer.Typer(
    name="filiation",
    help="Every number in the base can say where it came from, why it may be used, and every time it was.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
base.register(app)
backup.register(app)
origin.register(app)
erase.register(app)
purge.register(app)
acts.register(app)
judge.register(app)
outlook.register(app)
paper.register(app)
golden.register(app)
ui.register(app)
suppliers.register(app)
app.add_typer(open_data.app, name="open-data")
app.add_typer(partner.app, name="partner")
app.add_typer(segment.app, name="segment")
campaign_papers.register(campaign.app)
app.add_typer(campaign.app, name="campaign")
app.add_typer(gateway.app, name="gateway")
app.add_typer(form.app, name="form")
app.add_typer(log.app, name="log")
app.add_typer(staff.app, name="staff")
app.add_typer(territory.app, name="territory")
app.add_typer(trace.app, name="trace")
app.add_typer(vault.app, name="vault")
app.command()(gateway.optout)


@app.callback()
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    context.obj = debug


def main() -> None:
    """Run the command and exit with 0, 1, 2 or 3 as the contract says."""
    try:
        app(standalone_mode=True)
    except FiliationError as error:
        _say(f"filiation: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("filiation: stopped by the keyboard; what was committed stands.")
        sys.exit(130)
    except Exception as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        damage = _damage(error)
        if damage is not None:
            _say(f"filiation: {damage}")
            sys.exit(damage.exit_code)
        # The text of a foreign exception may hold a value of a row: only its class is shown.
        _say(f"filiation: unexpected {type(error).__name__}. Run again with --debug and report what it shows.")
        sys.exit(1)


def _damage(error: Exception) -> FiliationError | None:
    """Return what DuckDB says of a damaged base; it is asked only where DuckDB is there, which a look-up imports late."""
    if "duckdb" not in sys.modules:
        return None
    from stores.warehouse.damage import told_damage

    return told_damage(error)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
