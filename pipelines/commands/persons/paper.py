"""Commands that issue papers, and the one that checks a paper's file.

What a paper says belongs to `lineage.papers`, the comparison to `sealing.seals.papers`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, print_lines, say
from terms.clock import to_iso
from terms.errors import Refused, UsageError

if TYPE_CHECKING:
    from lineage.papers.issuing import Issued
    from sealing.log.checkpoint import Checkpoint
    from sealing.log.log import Log

app = typer.Typer(help="Papers in French, sealed in the log: for a person, a partner, an audit.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why it is issued; recorded.")]
Case = Annotated[str | None, typer.Option(help="The case that it belongs to.")]
Out = Annotated[Path, typer.Option(help="A new file, .html or .pdf, outside the home; its proof is written beside it.")]


def register(root: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    root.add_typer(app, name="paper")
    root.command()(verify)


@app.command()
def provenance(number: str, reason: Reason, out: Out, case: Case = None, as_json: AsJson = False) -> None:
    """Issue the certificate of provenance of a number: its sources, its judgement, every message.

    Example: filiation paper provenance "06 39 98 00 42" --reason "request 117" --out certificate-117.pdf
    """
    from lineage.papers.certificate import certify_number

    _tell([certify_number(opened_stores(), number, reason=reason, case=case, out=out)], as_json)


@app.command()
def access(
    reason: Reason,
    out: Annotated[Path, typer.Option(help="A folder outside the home; each file is new and named after its request.")],
    request_ids: Annotated[list[str] | None, typer.Argument(metavar="REQUEST_ID…")] = None,
    all_due: Annotated[bool, typer.Option("--all-due", help="Every access request without an answer.")] = False,
    form: Annotated[str, typer.Option(help="pdf or html.")] = "pdf",
    answer: Annotated[
        str | None, typer.Option(help="Record each as answered now, in these words, without numbers; else only write.")
    ] = None,
    case: Case = None,
    as_json: AsJson = False,
) -> None:
    """Issue answers to access requests: all that is held of a person, its sources, every use; one file each.

    Example: filiation paper access --all-due --case A-17 --reason "monthly answers" --out answers/
    """
    from lineage.papers.access import Batch, answer_access, open_access_requests
    from pages.paper import Form

    if form not in set(Form):
        raise UsageError(f"{form!r} is no form of a paper.", "Give --form pdf or html.")
    opened, asked = opened_stores(), list(request_ids or ())
    if bool(asked) == all_due:
        raise UsageError("Which requests are meant?", "Name their ids, or give --all-due.")
    asked = asked or open_access_requests(opened)
    if asked:
        _tell(answer_access(opened, asked, Batch(reason, case, out, Form(form), answer)), as_json)
    else:
        say("no access request is waiting")


@app.command()
def campaign(plan_id: Annotated[str, typer.Argument(metavar="PLAN_ID")], out: Out, as_json: AsJson = False) -> None:
    """Issue the dossier of a campaign for an audit: order, criteria, bases, rules, approvals, volumes. It names nobody.

    Example: filiation paper campaign 4be1… --out campaign.html
    """
    from lineage.papers.campaign import campaign_dossier

    _tell([campaign_dossier(opened_stores(), plan_id, out)], as_json)


@app.command()
def partner(partner_id: Annotated[str, typer.Argument(metavar="PARTNER")], out: Out, as_json: AsJson = False) -> None:
    """Issue the dossier of a partner: forms, texts, audits, delivered files and how they are judged. It names nobody.

    Example: filiation paper partner jeux-valombre --out partner.html
    """
    from lineage.papers.partner import partner_dossier

    _tell([partner_dossier(opened_stores(), partner_id, out)], as_json)


@app.command()
def proof(paper_id: str, out: Annotated[Path, typer.Option(help="The file to write; it must be new.")]) -> None:
    """Write the proof of a paper that was not sealed yet when it was issued, for filiation-verify.

    Example: filiation paper proof 3f0c19a2b4d5e6f7 --out certificate-117.pdf.proof.json
    """
    from lineage.papers.issuing import write_proof

    if not write_proof(opened_stores(), paper_id, out):
        raise UsageError("No sealed paper has this number.", "See the paper itself; run `filiation log seal`.")
    say(f"written: {out}")


def verify(
    paper: Annotated[Path, typer.Argument(metavar="PAPER", help="The file as it was issued, HTML or PDF.")],
    checkpoint: Annotated[
        Path | None, typer.Option(help="A checkpoint of this log that was kept elsewhere; default: the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a document against the log and a signed checkpoint. Exit code 3: it names what was changed.

    Example: filiation verify certificate-117.pdf
    """
    from sealing.checks.paper_check import check_paper
    from sealing.log.log import Log

    log = Log.of(opened_stores())
    try:
        content = paper.read_bytes()
    except OSError:
        raise UsageError(f"{paper} cannot be read.", "Name the file of a paper.") from None
    found = check_paper(log, content, _checkpoint(log, checkpoint))
    findings = [{"what": mismatch.what.value, "where": mismatch.where} for mismatch in found.mismatches]
    issued_at = to_iso(found.issued_at) if found.issued_at else None
    if as_json:
        told = {"paper_id": found.paper_id, "kind": found.kind, "issued_at": issued_at}
        print_json(told | {"holds": not findings, "findings": findings})
    elif findings:
        print("\n".join(mismatch.sentence() for mismatch in found.mismatches))
    else:
        print(f"paper {found.paper_id} ({found.kind}) is what was issued at {issued_at}, and stands in the log")
    if findings:
        raise Refused("This paper does not hold.", "Ask who gave it for the file as it was issued.")


def _checkpoint(log: Log, file: Path | None) -> Checkpoint:
    newest = log.last_checkpoint()
    if newest is None:
        raise UsageError("Nothing is sealed yet.", "Run `filiation log seal`.")
    if file is None:
        return newest
    try:
        given = log.key.opened(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        given = None
    if given is None or given.size > newest.size:
        raise UsageError(f"{file} is no checkpoint of this log.", "Give one of `log/checkpoints`, or leave it out.")
    return given


def _tell(issued: list[Issued], as_json: bool) -> None:
    if as_json:
        print_lines(one.to_json() for one in issued)
        return
    for one in issued:
        sealed = f"proof {one.proof}" if one.proof else "sealed by the next `filiation log seal`"
        print(f"paper {one.paper_id}: {one.file}; {sealed}")
