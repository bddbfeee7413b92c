"""Commands about the transparency log: seal what is new, check the whole chain, print the checkpoint.

Sealing and comparing belong to the room `sealing`.
"""

from __future__ import annotations

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, say
from terms.errors import Refused, UsageError

app = typer.Typer(help="The transparency log: seal, check, checkpoint.", no_args_is_help=True)


@app.command()
def seal(as_json: AsJson = False) -> None:
    """Seal journal, files and messages into the log and sign a checkpoint; the nightly refresh does the same.

    Example: filiation log seal
    """
    from sealing.seals.seal import seal as seal_new
    from stores.home import writer_lock

    opened = opened_stores()
    with writer_lock(opened.home):
        report = seal_new(opened)
    size = report.checkpoint.size if report.checkpoint else 0
    if as_json:
        print_json({"entries": size, "files": report.files, "messages": report.messages})
    else:
        print(f"sealed {report.files} files and {report.messages} messages; the log has {size} entries")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Compare log, journal, ledgers, files and messages with what was sealed, and read the base; exit 3 if anything was altered.

    Example: filiation log check
    """
    from sealing.checks.check import check_chain
    from sealing.log.log import Log
    from stores.warehouse.damage import BaseDamaged, read_whole

    opened = opened_stores()
    report = check_chain(Log.of(opened), opened.home)
    found = [{"what": mismatch.what.value, "where": mismatch.where} for mismatch in report.mismatches]
    if as_json:
        print_json(
            {"holds": report.holds, "entries": report.leaves, "files": report.files}
            | {"messages": report.messages, "findings": found}
        )
    else:
        for mismatch in report.mismatches:
            print(mismatch.sentence())
        say(f"compared {report.leaves} entries, {report.files} files and {report.messages} messages")
    if not report.holds:
        raise Refused(f"{len(found)} things are not what was sealed.", 'See docs/runbook.md, "Something was altered".')
    try:
        read_whole(opened.warehouse)
    except BaseDamaged as damaged:
        raise Refused(damaged.message, damaged.remedy) from None


@app.command()
def checkpoint() -> None:
    """Print the newest signed checkpoint, to give away. Whoever keeps it can check later that nothing before it was changed.

    Example: filiation log checkpoint > checkpoint-of-today
    """
    from sealing.log.log import Log

    log = Log.of(opened_stores())
    if log.last_checkpoint() is None:
        raise UsageError("Nothing is sealed yet.", "Run `filiation log seal`.")
    print((log.folder / "checkpoint").read_text(), end="")
