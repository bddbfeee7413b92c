"""The partner's report as a page: every code has words, every state of a delivery renders, nothing is escaped away."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html.parser import HTMLParser

from pages.page import render_page
from partners_ingest.intake.drift import BOUNDS, Drift
from partners_ingest.intake.overview import DeliverySummary
from partners_ingest.reports import advice
from partners_ingest.reports.advice import Advice
from partners_ingest.reports.partner_value import Audit, BaseView, ProfileValue, Reason
from partners_ingest.reports.report import CodeLine, DeliveryLine, DriftLine, PartnerReport, Totals
from terms.reasons import FileReason, FileWarning, Profile, RowReason, RowRepair

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
NOTHING = Totals(0, 0, 0, 0, 0, 0, 0, 0)


def _delivery(outcome: str, reason: str | None = None) -> DeliveryLine:
    summary = DeliverySummary(
        delivery_id="0123456789abcdef",
        feed_id="lys-names",
        kind="optins",
        file_name="names <20260309>.csv",
        sha256="ab" * 32,
        partner_id="atelier-lys",
        outcome=outcome,
        reason=reason,
        duplicate_of=None,
        warnings=(),
        container="plain",
        encoding="utf-8",
        encoding_rule="dossier",
        data_rows=None if reason else 12,
        accepted_rows=None if reason else 10,
        quarantined_rows=None if reason else 2,
        reading=1,
        received_at=AT,
    )
    told = advice.FILES[FileReason(reason)] if reason else None
    return DeliveryLine(summary, told, (), None, None if reason else 2 / 12, None, None if reason else 0.5)


def _page(**changed: object) -> PartnerReport:
    empty = {
        "partner_id": "atelier-lys",
        "made_at": AT,
        "base_version": None,
        "delivery": None,
        "deliveries": (),
        "totals": NOTHING,
        "rejected": (),
        "repaired": (),
        "unread": (),
        "unusual": (),
        "missing": (),
        "base": None,
        "volume_plot": None,
        "quality_plot": None,
        "grade_plot": None,
    }
    return PartnerReport(**{**empty, **changed})  # type: ignore[arg-type]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _text(page: PartnerReport) -> str:
    parser = _Text()
    parser.feed(render_page("partner_report.html", page).split("</style>")[1])
    return " ".join(" ".join(parser.text).split())


def test_every_code_has_words() -> None:
    assert set(advice.FILES) == set(FileReason)
    assert set(advice.WARNINGS) == set(FileWarning)
    assert set(advice.ROWS) == set(RowReason)
    assert set(advice.REPAIRS) == set(RowRepair)
    assert set(advice.DRIFTS) == set(BOUNDS)
    told = [*advice.FILES.values(), *advice.ROWS.values(), *advice.REPAIRS.values(), *advice.UNREAD.values()]
    assert set(advice.EVIDENCE) >= advice.GRAVE
    assert all(one.meaning.endswith(".") and one.change for one in told)


def test_a_delivery_that_was_not_taken_in_says_what_to_do() -> None:
    held = _delivery("held", "UNKNOWN_HEADER")
    text = _text(_page(delivery=held, deliveries=(held,)))
    assert "Outcome: held UNKNOWN_HEADER" in text
    assert advice.FILES[FileReason.UNKNOWN_HEADER].change in text
    assert "No record of this file was counted." in text
    assert "names <20260309>.csv" in text  # escaped once, read back whole
    assert "before any base was published" in text


def test_an_accepted_delivery_tells_faults_repairs_evidence_value_and_audits() -> None:
    accepted = _delivery("accepted")
    base = BaseView(
        legal_name="Atelier Lys SARL",
        grades={"B": 8},
        missing={"page_url": 8},
        values=(
            ProfileValue(
                Profile.STRICT, 8, 2, {}, (Reason("TTPA_NOT_DIRECT", "The partner does not collect for us.", 6),)
            ),
            ProfileValue(Profile.MARKET, 8, 8, {}, ()),
        ),
        audits=(
            Audit("AL1", True, date(2025, 2, 3), "Cabinet", "pre_ticked", date(2026, 2, 3)),
            Audit("AL2", True, None, None, None, None),
        ),
    )
    page = _page(
        base_version="b7",
        delivery=accepted,
        deliveries=(accepted, accepted),
        totals=Totals(1, 12, 10, 2, 8, 2, 1, 3),
        rejected=(CodeLine("PHONE_MASKED", advice.ROWS[RowReason.PHONE_MASKED], 2, 2 / 12, "4, 9"),),
        repaired=(CodeLine("MOJIBAKE_REPAIRED", Advice("Garbled.", "Export in UTF-8."), 3, 3 / 12, "5, 6, 7"),),
        unread=(CodeLine("sex", advice.UNREAD["sex"], 1, 1 / 12, "8"),),
        unusual=(DriftLine("0123456789abcdef", advice.DRIFTS["words"], Drift("words", "sex", 9, 0, 9, 1, (8,)), "8"),),
        missing=(CodeLine("page_url", advice.EVIDENCE["page_url"], 8, 1.0, ""),),
        base=base,
    )
    text = _text(page)
    for part in (
        "Deliveries of Atelier Lys SARL",
        "12 records = 10 accepted + 2 quarantined",
        "What to change first Export whole numbers. Digits of the number are masked. 2 records Export in UTF-8.",
        "PHONE_MASKED Export whole numbers. 2 16.7 % 4, 9",
        "Garbled. MOJIBAKE_REPAIRED Export in UTF-8.",
        "words that this feed never had: sex 9.0 % 0.0 % 1 8",
        "Strict reading of the law: 2 of 8 (25.0 %)",
        "TTPA_NOT_DIRECT The partner does not collect for us. 6",
        "pre ticked overdue since 3 Feb 2026",
        "never audited: its agreements are held",
    ):
        assert part in text


def test_every_reason_for_a_file_renders() -> None:
    for reason in FileReason:
        line = _delivery("refused", reason.value)
        assert advice.FILES[reason].meaning in _text(_page(delivery=line, deliveries=(line,)))
