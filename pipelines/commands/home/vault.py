"""Commands about the vault: rotate the key that evidence and vault are encrypted with.

The rotation itself belongs to `sealing.seals.rotation`.
"""

from __future__ import annotations

import os

import typer

from pipelines.commands.answers import AsJson, print_json, say
from terms.settings import load_settings

app = typer.Typer(help="The vault: rotate its key.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `rotate` a command of a group."""


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """Encrypt evidence and vault under FILIATION_NEW_VAULT_KEY in place of FILIATION_VAULT_KEY; then only the new one opens.

    Stop refreshes, sends and listeners before. Killed midway, run it again with the same two keys.

    Example: filiation vault rotate
    """
    from sealing.seals.rotation import rotate as rotate_key

    report = rotate_key(load_settings(os.environ), say)
    if as_json:
        print_json({"rotated": report.rotated, "files": report.files})
    else:
        print(f"{report.rotated} of {report.files} files rotated; FILIATION_VAULT_KEY is the new secret from now on")
