"""Pages open offline, escape what they show, never show a blank for something unknown; plots are stable bytes."""

import dataclasses
import re
from datetime import UTC, date, datetime
from pathlib import Path

import jinja2
import pytest

from pages.page import count_text, day_text, instant_text, percent_text, render_page, write_page
from pages.plots import COLOURS, Plot, Series, bars, columns, lines

PLOT = Plot(
    "Records per delivery", ["A & B", "<C>"], [Series("accepted", [3, 4]), Series("quarantined", [1, None])], "rows"
)


@pytest.fixture
def hello(monkeypatch):
    """Put one template beside the real ones."""
    import pages.page

    text = (
        "{% extends 'frame.html' %}{% block title %}{{ page.title }}{% endblock %}"
        "{% block main %}{{ page.text }} {{ page.plot }}{% endblock %}"
    )
    templates = pages.page._templates().overlay()
    templates.loader = jinja2.ChoiceLoader([jinja2.DictLoader({"hello.html": text}), templates.loader])
    monkeypatch.setattr(pages.page, "_templates", lambda: templates)


@dataclasses.dataclass(frozen=True)
class _Hello:
    title: str
    text: str
    plot: object


def test_a_page_escapes_values_and_keeps_plots(hello):
    html = render_page("hello.html", _Hello("Deliveries", "<script>alert(1)</script>", bars(PLOT)))
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "<svg" in html and "A &amp; B" in html and "&lt;C&gt;" in html


def test_a_page_loads_nothing_from_elsewhere(hello):
    html = render_page("hello.html", _Hello("Deliveries", "", columns(PLOT)))
    loaded = re.findall(r"(?:src|href)=\"(?!#)[^\"]*\"|@import|url\((?!#)", html)
    assert not [link for link in loaded if 'xlink:href="#' not in link]


def test_a_missing_value_is_an_error_not_a_blank(hello):
    @dataclasses.dataclass(frozen=True)
    class Short:
        title: str

    with pytest.raises(jinja2.UndefinedError):
        render_page("hello.html", Short("Deliveries"))


@pytest.mark.parametrize("draw", [bars, columns, lines])
def test_the_same_counts_draw_the_same_bytes(draw):
    assert draw(PLOT) == draw(PLOT)
    assert draw(PLOT) != draw(dataclasses.replace(PLOT, series=[Series("accepted", [3, 5])]))


def test_more_series_than_colours_are_refused():
    with pytest.raises(ValueError, match="series"):
        lines(dataclasses.replace(PLOT, series=[Series(str(n), [1, 2]) for n in range(len(COLOURS) + 1)]))


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (1, "100.0 %"), (0.0004, "< 0.1 %"), (0.0005, "0.1 %"), (0.9996, "> 99.9 %"), (0.5, "50.0 %")],
)
def test_a_share_never_reads_as_none_or_all_when_it_is_not(share, text):
    assert percent_text(share) == text


def test_counts_and_instants_read_as_people_write_them():
    assert count_text(48752339) == "48\u202f752\u202f339"
    assert day_text(date(2026, 3, 2)) == "2 Mar 2026"
    assert instant_text(datetime(2026, 3, 2, 17, 4, tzinfo=UTC)) == "2 Mar 2026 18:04"
    with pytest.raises(ValueError, match="offset"):
        instant_text(datetime(2026, 3, 2, 17, 4))


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path):
    file = tmp_path / "page.html"
    write_page(file, "old")
    write_page(file, "new")
    assert file.read_text() == "new" and list(tmp_path.iterdir()) == [file]
