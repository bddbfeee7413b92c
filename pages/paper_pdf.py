"""Printing a paper as PDF: the same record that `pages.paper` shows as HTML, text selectable, fonts embedded.

The same record gives the same bytes. Library and fonts take a third of a second to load, so only a process that prints
imports this module. The fonts (DejaVu, free to embed) come with the drawing library of `pages.plots`.
"""

from __future__ import annotations

import importlib.util
import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, HRFlowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from pages.french import instant_french
from pages.paper import Block, Facts, Grid, Heading, Issue, Paper, Points, Quote, Section, Text

_MARGIN = 20 * mm
_WIDTH = A4[0] - 2 * _MARGIN - 12  # the frame pads by 6 points
_CELL_SIZE, _CELL_PADDING = 8, 10
#: So long a cell is broken into lines: it leaves room for the other columns.
_LONGEST_CELL = 0.55 * _WIDTH
#: A heading does not stand alone at the foot of a page.
_ROOM_UNDER_HEADING = 30 * mm
_INK, _SOFT, _LINE, _WASH = (HexColor(code) for code in ("#1d2430", "#5c6573", "#d9dde3", "#f5f6f8"))
_FONTS = {"Paper": "DejaVuSans.ttf", "Paper-Bold": "DejaVuSans-Bold.ttf", "Paper-Italic": "DejaVuSans-Oblique.ttf"}
_VERIFY = (
    "Pour vérifier que ce fichier n'a pas été modifié : filiation verify FICHIER, ou le programme indépendant "
    "filiation-verify avec la preuve qui l'accompagne. Une impression sur papier ne se vérifie pas ainsi."
)


def paper_pdf(paper: Paper) -> bytes:
    """Return the paper as a PDF file; each page carries the paper's number and its own."""
    _load_fonts()
    written = io.BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=paper.title,
        author=paper.issue.issuer[0],
        subject=paper.about,
        keywords=paper.issue.mark,
        lang="fr-FR",
        initialFontName="Paper",
        invariant=1,
    )

    def canvas(*given: Any, **named: Any) -> Canvas:
        return _NumberedCanvas(paper.issue, *given, **named)

    document.build(list(_story(paper)), canvasmaker=canvas)
    return written.getvalue()


def _story(paper: Paper) -> Iterator[Any]:
    yield Paragraph(_safe(paper.title), _style(16, bold=True, after=2))
    yield Paragraph(_safe(paper.about), _style(10, colour=_SOFT, after=4))
    yield HRFlowable(width="100%", thickness=1.6, color=_INK, spaceAfter=6)
    said = [*paper.issue.issuer, f"Établi le {instant_french(paper.issue.at)} (heure de Paris)"]
    yield from (Paragraph(_safe(line), _style(8, colour=_SOFT)) for line in said)
    for number, section in enumerate(paper.sections, 1):
        yield from _section(number, section)
    yield Spacer(1, 10)
    rule = HRFlowable(width="100%", thickness=0.5, color=_LINE, spaceAfter=4)
    last = (paper.closing, _VERIFY, paper.issue.mark)
    yield KeepTogether([rule, *(Paragraph(_safe(line), _style(7.5, colour=_SOFT, after=2)) for line in last)])


def _section(number: int, section: Section) -> Iterator[Any]:
    yield CondPageBreak(_ROOM_UNDER_HEADING)
    yield Paragraph(_safe(f"{number}. {section.title}"), _style(12, bold=True, before=12, after=4))
    for block, after in zip_longest(section.blocks, section.blocks[1:]):
        if isinstance(block, Text) and isinstance(after, Grid):
            yield CondPageBreak(_ROOM_UNDER_HEADING)
        yield from _block(block)


def _block(block: Block) -> Iterator[Any]:
    match block:
        case Text(text):
            yield Paragraph(_safe(_unbroken(text)), _style(9.5, after=4))
        case Heading(text):
            yield CondPageBreak(_ROOM_UNDER_HEADING)
            yield Paragraph(_safe(text), _style(10, bold=True, before=8, after=3))
        case Quote(text):
            yield Paragraph(_safe(text).replace("\n", "<br/>"), _quote_style())
        case Points(items):
            style = _style(9.5, after=2)
            style.leftIndent, style.bulletIndent = 12, 2
            yield from (Paragraph(_safe(_unbroken(item)), style, bulletText="\u2022") for item in items)
        case Facts(rows):
            yield _facts(rows)
        case Grid():
            yield _grid(block)


def _facts(rows: tuple[tuple[str, str], ...]) -> Table:
    name, value = _style(8.5, colour=_SOFT), _style(9)
    cells = [[Paragraph(_safe(left), name), Paragraph(_safe(right), value)] for left, right in rows]
    return _table(cells, [0.3 * _WIDTH, 0.7 * _WIDTH], [])


def _grid(grid: Grid) -> Table:
    right = {position for position, name in enumerate(grid.columns) if name in grid.counts}
    head = [
        Paragraph(_safe(name), _cell(position in right, "Paper-Bold")) for position, name in enumerate(grid.columns)
    ]
    rows = [
        [Paragraph(_safe(cell), _cell(position in right, "Paper")) for position, cell in enumerate(row)]
        for row in grid.rows
    ]
    return _table([head, *rows], column_widths(grid), [("BACKGROUND", (0, 0), (-1, 0), _WASH)])


def column_widths(grid: Grid) -> list[float]:
    """Return the widths of a table's columns, in points.

    Each column gets its longest word and half its longest cell; the rest is shared by the longest cells. Where the page
    has no room for that, the widest columns are broken.
    """
    _load_fonts()
    sizes = [_need_and_want(grid, position) for position in range(len(grid.columns))]
    needs = _levelled([need for need, _ in sizes])
    more = [max(0.0, want - need) for need, (_, want) in zip(needs, sizes, strict=True)]
    if not any(more):
        return [_WIDTH * need / sum(needs) for need in needs]
    return [need + (_WIDTH - sum(needs)) * extra / sum(more) for need, extra in zip(needs, more, strict=True)]


def _need_and_want(grid: Grid, position: int) -> tuple[float, float]:
    """Return the least width that a column needs, and the width in which none of its cells is broken."""
    name, cells = grid.columns[position], [row[position] for row in grid.rows]
    head = max(printed_width(word, "Paper-Bold") for word in name.split() or [""])
    word = max((printed_width(word, "Paper") for cell in cells for word in cell.split()), default=0)
    longest = max((printed_width(cell, "Paper") for cell in cells), default=0)
    want = 0 if name in grid.counts else min(_LONGEST_CELL, longest)
    return max(head, word, want / 2), want


def _levelled(needs: list[float]) -> list[float]:
    """Cut the widest columns to one width, so that all fit into the page and the others stay whole."""
    room, level = _WIDTH, _WIDTH
    for left, need in zip(range(len(needs), 0, -1), sorted(needs), strict=True):
        level = room / left
        if need > level:
            return [min(need, level) for need in needs]
        room -= need
    return needs


def printed_width(text: str, font: str) -> float:
    """Return the width in points of a cell that holds a text in one line."""
    return float(pdfmetrics.stringWidth(text, font, _CELL_SIZE)) + _CELL_PADDING


def _table(cells: list[list[Paragraph]], widths: list[float], more: list[tuple[Any, ...]]) -> Table:
    style = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("FONT", (0, 0), (-1, -1), "Paper"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ]
    repeat = 1 if more else 0
    return Table(cells, colWidths=widths, style=style + more, repeatRows=repeat, splitInRow=1, spaceAfter=6)


def _style(
    size: float, *, bold: bool = False, colour: Any = _INK, before: float = 0, after: float = 0
) -> ParagraphStyle:
    return ParagraphStyle(
        "paper",
        fontName="Paper-Bold" if bold else "Paper",
        fontSize=size,
        leading=1.32 * size,
        textColor=colour,
        spaceBefore=before,
        spaceAfter=after,
        bulletFontName="Paper",
        splitLongWords=1,
    )


def _cell(is_count: bool, font: str) -> ParagraphStyle:
    return ParagraphStyle(
        "cell", fontName=font, fontSize=_CELL_SIZE, leading=10.5, alignment=2 if is_count else 0, textColor=_INK
    )


def _quote_style() -> ParagraphStyle:
    return ParagraphStyle(
        "quote",
        fontName="Paper-Italic",
        fontSize=9,
        leading=12,
        backColor=_WASH,
        borderPadding=(4, 6, 4, 6),
        leftIndent=8,
        rightIndent=8,
        spaceBefore=6,
        spaceAfter=10,
        textColor=_INK,
    )


def _safe(text: str) -> str:
    """Return a text for the layout's own markup: escaped, and what no printer shows replaced."""
    shown = "".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs") else "\ufffd" for c in text)
    return escape(shown)


def _unbroken(text: str) -> str:
    """Return a sentence of ours whose double punctuation stays with its word; texts of others stay as they are."""
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", text)


@cache
def _load_fonts() -> None:
    found = importlib.util.find_spec("matplotlib")
    places = list(found.submodule_search_locations or []) if found else []
    folder = Path(places[0]) / "mpl-data" / "fonts" / "ttf"
    for name, file in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))


class _NumberedCanvas(Canvas):  # type: ignore[misc]
    """A canvas that knows at the end how many pages there are, and then writes `page 2 sur 5` on each."""

    def __init__(self, issue: Issue, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.setDateFormatter(lambda *_: f"D:{issue.at.astimezone(UTC):%Y%m%d%H%M%S}+00'00'")
        self._paper_id = issue.paper_id
        self._states: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page; it is written by `save`."""
        self._states.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write every page with its foot."""
        for number, state in enumerate(self._states, 1):
            self.__dict__.update(state)
            self.setFont("Paper", 7.5)
            self.setFillColor(_SOFT)
            self.drawString(_MARGIN, 10 * mm, f"Document n° {self._paper_id}")
            self.drawRightString(A4[0] - _MARGIN, 10 * mm, f"page {number} sur {len(self._states)}")
            super().showPage()
        super().save()
