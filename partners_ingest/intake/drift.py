"""What is unusual about a delivery, by its feed's own history: pure comparison of figures.

Drift warns and never holds: only the dossier's own bounds do (`quality`). Counting belongs to `partners_ingest.rows.figures`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType

from partners_ingest.rows.figures import Figure, Figures

#: Accepted deliveries of a feed that a new one is compared with.
HISTORY = 12

#: Policy: how far a figure may lie outside what its history varies by before a person should look, in percent of the
#: usual (volume) or in points of a share (all others).
BOUNDS: Mapping[str, float] = MappingProxyType(
    {
        "volume": 50.0,
        "quarantined": 10.0,
        "blanks": 15.0,
        "unread": 5.0,
        "numbers": 5.0,
        "words": 1.0,
        "consent_dates": 25.0,
        "repeats": 5.0,
    }
)
#: Policy: in a file of fewer records a share says nothing, for one row is many percent.
_FEWEST_RECORDS = 20
#: Policy: fewer rows than this on one address or IP are a household or an office.
_FEWEST_REPEATS = 20
#: Median absolute deviations that a figure varies by without being unusual.
_DEVIATIONS = 3.0


@dataclass(frozen=True)
class Drift:
    """One figure beside what is usual, both in percent; `distance` is how far it lies outside its usual variation.

    `subject` is a field or code, blank for the whole file; `rows` and `lines` say where to look.
    """

    check: str
    subject: str
    percent: float
    usual: float
    distance: float
    rows: int
    lines: tuple[int, ...]

    @property
    def is_unusual(self) -> bool:
        """Return whether a person should look."""
        return self.distance > BOUNDS[self.check]


def compare(now: Figures, before: Sequence[Figures]) -> list[Drift]:
    """Compare a delivery with earlier ones of its feed.

    Args:
        now: figures of the delivery.
        before: of at most `HISTORY` accepted ones; none = only what needs no history is compared. Of a file too small
            for shares, only the volume is.
    """
    found = [_volume(now, before)] if before else []
    if now.rows("rows", "data") < _FEWEST_RECORDS:
        return found
    found += [_quarantined(now), *_repeats(now, before)]
    if before:
        found += [_numbers(now, before), _consent_dates(now, before)]
        found += [*_shares("blanks", "blank", now, before), *_shares("unread", "unread", now, before)]
        found += _words(now, before)
    return found


def _quarantined(now: Figures) -> Drift:
    rows = now.rows("rows", "quarantined")
    share = _percent(rows, now.rows("rows", "data"))
    lines = sorted({line for figure in now.of("reason").values() for line in figure.lines})
    return Drift("quarantined", "", share, 0.0, share, rows, tuple(lines[:20]))


def _volume(now: Figures, before: Sequence[Figures]) -> Drift:
    """Compare the number of records with the median of the history, in percent of it."""
    rows = now.rows("rows", "data")
    earlier = [float(figures.rows("rows", "data")) for figures in before]
    usual = median(earlier)
    distance = _outside(float(rows), earlier)
    return Drift("volume", "", _percent(rows, usual), 100.0, _percent(distance, usual), rows, ())


def _numbers(now: Figures, before: Sequence[Figures]) -> Drift:
    """Compare the share of records whose number cannot be read."""
    codes = {code: figure for code, figure in now.of("reason").items() if code.startswith("PHONE_")}
    rows = sum(figure.rows for figure in codes.values())
    lines = sorted(line for figure in codes.values() for line in figure.lines)
    earlier = [_percent(_unreadable(figures), figures.rows("rows", "data")) for figures in before]
    share = _percent(rows, now.rows("rows", "data"))
    return Drift("numbers", "phone", share, median(earlier), _outside(share, earlier), rows, tuple(lines[:20]))


def _unreadable(figures: Figures) -> int:
    return sum(figure.rows for code, figure in figures.of("reason").items() if code.startswith("PHONE_"))


def _shares(check: str, kind: str, now: Figures, before: Sequence[Figures]) -> Iterator[Drift]:
    """Compare the share of accepted rows with a blank or unreadable cell, field by field."""
    whole = now.rows("rows", "accepted")
    subjects = {
        **now.of(kind),
        **{name: Figure(0, ()) for past in before for name in past.of(kind) if name not in now.of(kind)},
    }
    for subject, figure in sorted(subjects.items()):
        share = _percent(figure.rows, whole)
        earlier = [_percent(past.rows(kind, subject), past.rows("rows", "accepted")) for past in before]
        yield Drift(check, subject, share, median(earlier), _outside(share, earlier), figure.rows, figure.lines)


def _words(now: Figures, before: Sequence[Figures]) -> Iterator[Drift]:
    """Tell, field by field, the share of records with words that the history does not have."""
    known = {word for past in before for word in past.of("word")}
    unheard: dict[str, list[Figure]] = {}
    for word, figure in now.of("word").items():
        field = word.partition(":")[0]
        unheard.setdefault(field, []).extend([] if word in known else [figure])
    for field, figures in sorted(unheard.items()):
        rows = sum(figure.rows for figure in figures)
        lines = sorted(line for figure in figures for line in figure.lines)
        share = _percent(rows, now.rows("rows", "data"))
        yield Drift("words", field, share, 0.0, share, rows, tuple(lines[:20]))


def _consent_dates(now: Figures, before: Sequence[Figures]) -> Drift:
    """Compare the ages of the consents: the share that would have to change its age to look like the history."""
    ages = {age for figures in (now, *before) for age in figures.of("age")}
    shares = _age_shares(now, ages)
    past = [_age_shares(figures, ages) for figures in before if figures.of("age")]
    if not shares or not past:
        return Drift("consent_dates", "consented_at", 0.0, 0.0, 0.0, 0, ())
    usual = {age: sum(one[age] for one in past) / len(past) for age in ages}
    moved = _moved(shares, usual)
    spread = median(_moved(one, usual) for one in past)
    return Drift("consent_dates", "consented_at", moved, spread, max(0.0, moved - spread), _dated(now), ())


def _age_shares(figures: Figures, ages: Iterable[str]) -> dict[str, float]:
    whole = _dated(figures)
    return {age: _percent(figures.rows("age", age), whole) for age in ages} if whole else {}


def _dated(figures: Figures) -> int:
    return sum(figure.rows for figure in figures.of("age").values())


def _moved(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(abs(one[age] - other[age]) for age in other) / 2


def _repeats(now: Figures, before: Sequence[Figures]) -> Iterator[Drift]:
    """Compare the share of accepted rows on the most frequent address or IP with the highest share before."""
    whole = now.rows("rows", "accepted")
    for subject, figure in sorted(now.of("repeat").items()):
        share = _percent(figure.rows, whole)
        earlier = [_percent(past.rows("repeat", subject), past.rows("rows", "accepted")) for past in before]
        usual = max(earlier, default=0.0)
        distance = max(0.0, share - usual) if figure.rows >= _FEWEST_REPEATS else 0.0
        yield Drift("repeats", subject, share, usual, distance, figure.rows, figure.lines)


def _outside(value: float, earlier: Sequence[float]) -> float:
    """Return how far a value lies from the median, beyond what the earlier ones vary by."""
    usual = median(earlier)
    deviation = median(abs(one - usual) for one in earlier)
    return max(0.0, abs(value - usual) - _DEVIATIONS * deviation)


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole else 0.0
