"""Issuing a paper: it gets its number and salt, its journal line, its file, and at once a seal and a proof.

What it says is drafted in the module of its kind. The journal line is committed before the file appears, so no paper
exists that is not sealed; a number whose file was never written proves nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from consent.dossiers.controller import Controller, read_controller
from lineage.papers.passport import paper_passports
from pages.kept_file import refuse_taken
from pages.paper import Form, Issue, Paper, Section, paper_html
from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log, append_journal
from sealing.seals.papers import IssuedPaper, prove_papers, record_paper
from stores.all_stores import Stores
from stores.home import writer_lock
from stores.operations import database
from terms.errors import UsageError, WriterBusy

_OWNER_ONLY = 0o600


class PaperKind(StrEnum):
    """The kinds of papers."""

    PROVENANCE = "provenance"
    ACCESS = "access"
    CAMPAIGN = "campaign"
    PARTNER = "partner"
    ERASURE = "erasure"


@dataclass(frozen=True)
class Draft:
    """What a paper says, before it has a number; `rests_on` names ids that the journal may keep, no person."""

    kind: PaperKind
    title: str
    about: str
    sections: tuple[Section, ...]
    closing: str
    rests_on: Mapping[str, str]


@dataclass(frozen=True)
class Issued:
    """An issued paper: its number, its file, and the file with its proof (None: not sealed yet)."""

    paper_id: str
    kind: PaperKind
    file: Path
    proof: Path | None

    def to_json(self) -> dict[str, object]:
        """Return what the command prints."""
        return {
            "paper_id": self.paper_id,
            "kind": self.kind.value,
            "file": str(self.file),
            "proof": None if self.proof is None else str(self.proof),
        }


def form_of(out: Path) -> Form:
    """Return the form in which a file is to be written, by its suffix.

    Raises:
        UsageError: its name ends in neither `.html` nor `.pdf`.
    """
    try:
        return Form(out.suffix.removeprefix(".").lower())
    except ValueError:
        raise UsageError(
            "A paper is written as HTML or PDF.", "Give --out a name that ends in .html or .pdf."
        ) from None


def issue_papers(stores: Stores, papers: Sequence[tuple[Draft, Path]]) -> list[Issued]:
    """Write papers to their files, readable by their owner only, seal them and write a proof beside each.

    While a refresh is running the log cannot be sealed: the papers are issued, and the nightly run seals them.

    Raises:
        UsageError: a file is of no known form, is inside the home, exists already, or cannot be written.
    """
    controller = read_controller(stores.settings.config)
    check_places(stores, [out for _, out in papers])
    written = [(_issue(stores, controller, draft, out), draft.kind, out) for draft, out in papers]
    proofs = _write_proofs(stores, seal_now(stores), {paper_id: _beside(out) for paper_id, _, out in written})
    return [Issued(paper_id, kind, out, proofs.get(paper_id)) for paper_id, kind, out in written]


def check_places(stores: Stores, outs: Sequence[Path]) -> None:
    """Refuse files to which no paper may be written; a command that logs something calls this first.

    Raises:
        UsageError: a file is of no known form, is inside the home, or exists already, or its proof does.
    """
    for out in outs:
        form_of(out)
        check_folder(stores, out.parent)
    refuse_taken([file for out in outs for file in (out, _beside(out))])


def check_folder(stores: Stores, folder: Path) -> None:
    """Refuse a folder for papers that is inside the home or does not exist.

    Raises:
        UsageError: it is.
    """
    if folder.resolve().is_relative_to(stores.home.root.resolve()):
        raise UsageError("A paper is not kept in the home.", "Give a place outside FILIATION_HOME.")
    if not folder.is_dir():
        raise UsageError("The folder of the paper does not exist.", "Make it, or give another place.")


def seal_now(stores: Stores) -> Checkpoint | None:
    """Add what is new in the journal to the log and return the checkpoint; None while another process holds the lock."""
    try:
        with writer_lock(stores.home):
            return append_journal(Log.of(stores), stores.clock.now())
    except WriterBusy:
        return None


def write_proof(stores: Stores, paper_id: str, file: Path) -> bool:
    """Write the proof of a paper for `filiation-verify`; return False if no checkpoint covers it yet.

    Args:
        stores: the opened stores.
        paper_id: number of the paper.
        file: where the proof goes.

    Raises:
        UsageError: the file exists already: it may be a paper.
    """
    refuse_taken([file])
    return bool(_write_proofs(stores, Log.of(stores).last_checkpoint(), {paper_id: file}))


def _issue(stores: Stores, controller: Controller, draft: Draft, out: Path) -> str:
    at, contacts = stores.clock.now(), controller.required_contacts()
    issuer = (controller.legal_name, contacts.registration, contacts.address, f"Contact : {contacts.rights_contact}")
    issue = Issue(secrets.token_hex(8), secrets.token_hex(16), at, issuer)
    paper = Paper(draft.title, draft.about, issue, draft.sections, draft.closing)
    form = form_of(out)
    content = paper_html(paper) if form is Form.HTML else _printed(paper)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    refuse_taken([out])  # another command may have been faster
    try:
        _write_private(beside, content)
        with database.transaction(stores.engine) as work:
            record_paper(work, at, IssuedPaper(issue.paper_id, draft.kind.value, form.value, content, draft.rests_on))
        os.replace(beside, out)
    except OSError as error:
        raise UsageError(f"The paper cannot be written ({error.strerror}).", "Give --out another place.") from None
    return issue.paper_id


def _printed(paper: Paper) -> bytes:
    from pages.paper_pdf import paper_pdf  # loads fonts: only where something is printed

    return paper_pdf(paper)


def _write_proofs(stores: Stores, checkpoint: Checkpoint | None, files: Mapping[str, Path]) -> dict[str, Path]:
    """Write each paper's proof to its file and return those that were written."""
    if checkpoint is None:
        return {}
    log = Log.of(stores)
    proofs = prove_papers(log, checkpoint, list(files))
    for paper_id, passport in paper_passports(log, checkpoint, proofs).items():
        _write_private(files[paper_id], passport.text().encode())
    return {paper_id: files[paper_id] for paper_id in proofs}


def _write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner may read: a paper on a person lies outside the vault from here on."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "wb") as target:
        target.write(content)


def _beside(out: Path) -> Path:
    return out.with_name(f"{out.name}.proof.json")
