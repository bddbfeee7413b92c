"""Plots of counts and shares as SVG inside a page.

Only aggregates are drawn: numbers of rows, never a row. The caller decides which. Maps belong to `pages.territory_map`.
The drawing library takes a second to import, so only a process that draws imports it.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

#: Readable for the colour-blind (Okabe and Ito), in the order in which series take them.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b5b5b")

_INCH = 96.0
_STYLE = {
    "svg.fonttype": "none",  # the page's own font
    "svg.hashsalt": "filiation",  # the same counts give the same bytes
    "font.family": ["sans-serif"],
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a8f98",
    "axes.axisbelow": True,
    "grid.color": "#e3e6ea",
}


@dataclass(frozen=True)
class Series:
    """One line, or one layer of stacked bars: a value per label; None = nothing is known there."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Plot:
    """What to draw: labels along the long axis, one or more series over them.

    `description` is read to a person who cannot see the plot; `unit` is written at the axis of values.
    """

    description: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str
    width_px: int = 760
    height_px: int = 260


def bars(plot: Plot) -> Markup:
    """Draw horizontal bars, one per label from the top, the series stacked; an unknown value leaves no bar."""
    figure, axes = _canvas(plot)
    left = [0.0] * len(plot.labels)
    for series, colour in zip(plot.series, _colours(plot), strict=True):
        values = [value or 0.0 for value in series.values]
        axes.barh(range(len(values)), values, left=left, color=colour, label=series.name, height=0.7)
        left = [start + value for start, value in zip(left, values, strict=True)]
    axes.set_yticks(range(len(plot.labels)), labels=list(plot.labels))
    axes.invert_yaxis()
    axes.set_xlabel(plot.unit)
    axes.grid(axis="x")
    return _finish(figure, axes, plot)


def columns(plot: Plot) -> Markup:
    """Draw vertical bars, one per label, the series stacked: volumes over time."""
    figure, axes = _canvas(plot)
    base = [0.0] * len(plot.labels)
    for series, colour in zip(plot.series, _colours(plot), strict=True):
        values = [value or 0.0 for value in series.values]
        axes.bar(range(len(values)), values, bottom=base, color=colour, label=series.name, width=0.7)
        base = [start + value for start, value in zip(base, values, strict=True)]
    _label_along(axes, plot)
    return _finish(figure, axes, plot)


def lines(plot: Plot) -> Markup:
    """Draw one line per series over the labels; an unknown value breaks the line."""
    figure, axes = _canvas(plot)
    for series, colour in zip(plot.series, _colours(plot), strict=True):
        values = [float("nan") if value is None else value for value in series.values]
        axes.plot(range(len(values)), values, color=colour, label=series.name, marker="o", markersize=3)
    axes.set_ylim(bottom=0)
    _label_along(axes, plot)
    return _finish(figure, axes, plot)


def _colours(plot: Plot) -> Sequence[str]:
    if len(plot.series) > len(COLOURS):
        raise ValueError(f"a plot has at most {len(COLOURS)} series")
    return COLOURS[: len(plot.series)]


def _canvas(plot: Plot) -> tuple[Any, Any]:
    matplotlib: Any = importlib.import_module("matplotlib")
    figures: Any = importlib.import_module("matplotlib.figure")
    with matplotlib.rc_context(_STYLE):
        figure = figures.Figure(figsize=(plot.width_px / _INCH, plot.height_px / _INCH), layout="constrained")
        return figure, figure.add_subplot()


def _label_along(axes: Any, plot: Plot) -> None:
    """Name at most a dozen places of the axis, so that names do not run into each other."""
    step = max(1, -(-len(plot.labels) // 12))
    places = range(0, len(plot.labels), step)
    axes.set_xticks(list(places), labels=[plot.labels[place] for place in places])
    axes.set_ylabel(plot.unit)
    axes.grid(axis="y")


def _finish(figure: Any, axes: Any, plot: Plot) -> Markup:
    matplotlib: Any = importlib.import_module("matplotlib")
    if len(plot.series) > 1:
        figure.legend(loc="outside upper left", ncols=len(plot.series), frameon=False)
    drawn = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    picture = svg[svg.index("<svg") :]
    # matplotlib escapes the texts that it draws; the description is escaped here.
    label = Markup('<figure class="plot" role="img" aria-label="{}">').format(plot.description)
    return label + Markup(picture) + Markup("</figure>")  # noqa: S704
