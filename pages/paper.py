"""Papers: dated documents that are handed out and kept, each one record that HTML and PDF both show.

What a paper says is put together by the room that owns the facts (`lineage.papers`); `pages.paper_pdf` prints the same
record as PDF. A paper carries its mark (number and salt), so that `sealing.checks.paper_check` can find what was sealed
of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pages.page import render_page


class Form(StrEnum):
    """The form in which a paper is written; it is the suffix of its file."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Facts:
    """Names and values, one pair a line."""

    rows: tuple[tuple[str, str], ...]
    kind: str = "facts"


@dataclass(frozen=True)
class Grid:
    """A table with a head; a column named in `counts` is aligned to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    counts: tuple[str, ...] = ()
    kind: str = "grid"


@dataclass(frozen=True)
class Quote:
    """A text exactly as somebody was shown it."""

    text: str
    kind: str = "quote"


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]
    kind: str = "points"


Block = Text | Heading | Facts | Grid | Quote | Points


@dataclass(frozen=True)
class Section:
    """A part of a paper under its heading; `name` is fixed by code, because a check may print it."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Issue:
    """What makes a paper unique: its number, a salt (hex) that only the paper holds, when it was issued, and by whom."""

    paper_id: str
    salt: str
    at: datetime
    issuer: tuple[str, ...]

    @property
    def mark(self) -> str:
        """The text that every form of the paper holds, read again by `sealing.seals.papers`."""
        return f"filiation-paper:{self.paper_id}:{self.salt}"


@dataclass(frozen=True)
class Paper:
    """One paper: title, its subject in a line, its issue, its sections and a closing line."""

    title: str
    about: str
    issue: Issue
    sections: tuple[Section, ...]
    closing: str


def paper_html(paper: Paper) -> bytes:
    """Return the paper as one HTML file (UTF-8) that opens and prints anywhere."""
    return render_page("paper.html", paper).encode()
