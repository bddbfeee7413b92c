"""Papers as files: the same record in both forms, escaped, printable whatever a partner delivered, in parts that tile."""

import random
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.papers.words import source_french
from pages.french import count_french, day_french, euros_french, instant_french, number_french, percent_french
from pages.paper import Facts, Grid, Heading, Issue, Paper, Points, Quote, Section, Text, paper_html
from pages.paper_pdf import column_widths, paper_pdf, printed_width
from sealing.seals.papers import parts_of
from terms.settings import PROJECT_ROOT

ISSUE = Issue("0123456789abcdef", "00112233445566778899aabbccddeeff", datetime(2026, 11, 24, 8, tzinfo=UTC), ("Nous",))


def _paper(*texts: str) -> Paper:
    blocks = [block for text in texts for block in (Text(text), Heading(text), Quote(text), Points((text,)))]
    tables = [Facts((("nom", text),)) for text in texts] + [Grid(("nom", "n"), tuple((t, "1") for t in texts), ("n",))]
    sections = (Section("first", "Un", tuple(blocks)), Section("second", "Deux", tuple(tables)))
    return Paper("Certificat", "Numéro", ISSUE, sections, "Fin.")


def test_words_of_dates_numbers_and_counts():
    assert day_french(date(2026, 3, 1)) == "1er mars 2026"
    assert instant_french(datetime(2026, 3, 29, 1, 0, 5, tzinfo=UTC)) == "29 mars 2026 à 03:00:05"
    assert number_french("+33639980042") == "06 39 98 00 42".replace(" ", "\u00a0")
    assert number_french("+262692123456") == "+262 692 12 34 56".replace(" ", "\u00a0")
    assert (count_french(0, "message", "messages"), count_french(12345)) == ("0\u00a0message", "12\u202f345")
    assert (percent_french(0.1234), euros_french(123450)) == ("12,3\u00a0%", "1\u202f234,50\u00a0€")
    with pytest.raises(ValueError, match="offset"):
        instant_french(datetime(2026, 3, 1))


def test_html_escapes_and_loads_nothing():
    shown = paper_html(_paper("<script>alert(1)</script> & « l'été »")).decode()
    assert "<script" not in shown and "&lt;script&gt;" in shown and "« l&#39;été »" in shown
    assert not re.search(r"(src|href)=|url\(", shown)


def test_the_same_record_gives_the_same_bytes_and_another_gives_others():
    for make in (paper_html, paper_pdf):
        assert make(_paper("un")) == make(_paper("un"))
        assert make(_paper("un")) != make(_paper("deux"))


def test_pdf_embeds_every_font_it_names_and_its_text_can_be_selected():
    content = paper_pdf(_paper("l'été"))
    fonts = set(re.findall(rb"/BaseFont /(\S+)", content))
    assert fonts and all(b"+DejaVuSans" in font for font in fonts)
    assert content.count(b"/FontFile2") == len(set(re.findall(rb"/FontName /(\S+)", content)))
    assert b"/ToUnicode" in content  # glyphs lead back to letters
    assert b"/CreationDate (D:20261124080000+00'00')" in content


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=300), min_size=1, max_size=3))
def test_whatever_was_delivered_can_be_shown_and_printed(texts):
    paper_html(_paper(*texts))
    assert paper_pdf(_paper(*texts)).startswith(b"%PDF-")


def test_words_of_a_table_stay_whole_and_only_what_has_no_room_is_broken():
    codes = Grid(("Motif", "Ce que cela veut dire", "n"), (("ONWARD_WITHOUT_NEW_CONSENT", "mot " * 60, "1"),), ("n",))
    files = Grid(("Fichier", "Acceptées"), (("x" * 200, "331"),), ("Acceptées",))
    reason, words, _ = column_widths(codes)
    assert reason >= printed_width("ONWARD_WITHOUT_NEW_CONSENT", "Paper") and words > reason
    assert column_widths(files)[1] >= printed_width("Acceptées", "Paper-Bold") and sum(
        column_widths(files)
    ) == pytest.approx(sum(column_widths(codes)))


def test_long_values_break_over_lines_and_pages():
    for text in ("x" * 5_000, "mot " * 3_000, "ligne\n" * 300):
        assert b"/Count " in paper_pdf(_paper(text))


@pytest.mark.parametrize("make", [paper_html, paper_pdf])
def test_parts_are_named_and_a_flip_is_in_one_of_them(make):
    content = make(_paper("un", "deux"))
    sealed, chance = parts_of(content), random.Random(2)
    assert len(sealed) == len(dict(sealed)) > 3
    for _ in range(400):
        changed = bytearray(content)
        changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        assert parts_of(bytes(changed)) != sealed


def test_the_parts_of_html_are_its_sections():
    before, after = (dict(parts_of(paper_html(_paper(text)))) for text in ("un", "deux"))
    assert list(before) == ["head", "section first", "section second", "foot"]
    assert [name for name in before if before[name] != after[name]] == ["section first", "section second"]


def test_parts_cannot_be_guessed_without_the_salt():
    paper = _paper("06 39 98 00 42")
    other = replace(paper, issue=replace(ISSUE, salt="f" * 32))
    assert not {digest for _, digest in parts_of(paper_html(paper))} & {d for _, d in parts_of(paper_html(other))}
    start = paper_html(paper).index(b'<section id="first">')
    section = paper_html(paper)[start : paper_html(paper).index(b"</section>") + 10]
    assert sha256(section).hexdigest()[:16] not in dict(parts_of(paper_html(paper))).values()


def test_every_source_of_a_rule_is_told_in_french():
    english = re.compile(r"\b(GDPR|Regulation|the|of|pending|policy|beside|recital|decision on|if|Oct|Dec|charter)\b")
    sources = {
        rule["source"]
        for file in (PROJECT_ROOT / "config" / "rules").glob("*.yaml")
        for rule in yaml.safe_load(file.read_text())
    }
    assert sources and not [source_french(source) for source in sources if english.search(source_french(source))]
