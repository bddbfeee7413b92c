"""A file's header against its feed: whether it is one that the dossier names, and what differs where it is none.

Comparing single labels belongs to `labels`, judging a file by its header to `partners_ingest.intake.preflight`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from consent.dossiers.feeds import ANY, Feed
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Header


@dataclass(frozen=True)
class HeaderDifference:
    """How a header differs from the nearest one of its feed: the dossier's labels, and positions (1-based) in the file.

    `known` of `expected` labels were found, `unknown` are positions of labels that the dossier does not have, `renamed` of
    those that may be a missing one. The file's own labels are not told: where a header is missing or glued to a row,
    they are values of a person.
    """

    expected: int
    known: int
    missing: tuple[str, ...]
    unknown: tuple[int, ...]
    renamed: tuple[tuple[str, int], ...]

    def sentence(self) -> str:
        """Return the difference in words."""
        told = [f"{self.known} of {self.expected} labels found"]
        told += [f"no {', '.join(repr(label) for label in self.missing)}"] if self.missing else []
        told += [f"{label!r} may be column {place}" for label, place in self.renamed]
        if self.unknown:
            told.append(f"{len(self.unknown)} columns unknown to the dossier, first at {self.unknown[0]}")
        return "; ".join(told)


def fit_header(header: Header, feed: Feed) -> Header | None:
    """Return the header with its labels as the dossier names them, or None where it is none of the feed's headers.

    Labels are compared as multisets, in any order (partners README, section 1). A label that only a `*` of the
    dossier fits is called `*`.
    """
    fitted = (fit_labels(header.labels, wanted, feed.optional_labels) for wanted in feed.headers)
    labels = next((labels for labels in fitted if labels is not None), None)
    return None if labels is None else replace(header, labels=labels)


def fit_labels(found: Sequence[str], wanted: Sequence[str], optional: Sequence[str]) -> tuple[str, ...] | None:
    """Return the plain labels of a file as one header of a dossier names them, or None where they are not it.

    Args:
        found: plain labels of the file.
        wanted: labels of the header as the dossier writes them; `*` is any one label.
        optional: labels that may be beside them, each once; `*` is any number of others.
    """
    needed = Counter(plain_label(label) for label in wanted)
    allowed = Counter(plain_label(label) for label in optional)
    wildcards = needed.pop(ANY, 0)
    has_any = allowed.pop(ANY, 0) > 0
    if needed - Counter(found):
        return None
    named, spare = [], wildcards
    for label in found:
        if needed[label] or allowed[label]:
            (needed if needed[label] else allowed)[label] -= 1
            named.append(label)
        elif spare:
            spare -= 1
            named.append(ANY)
        elif has_any:
            named.append(label)
        else:
            return None
    return None if spare else tuple(named)


def header_version(header: Header, feed: Feed) -> int | None:
    """Return which of the feed's headers (1-based) a header is, or None where it is none or the file has none."""
    fitted = [fit_labels(header.labels, wanted, feed.optional_labels) is not None for wanted in feed.headers]
    return fitted.index(True) + 1 if feed.header and True in fitted else None


def difference(header: Header, feed: Feed) -> HeaderDifference:
    """Return how a header differs from that of the feed's headers which it is most like."""
    return min(
        (_difference(header.labels, wanted, feed) for wanted in feed.headers),
        key=lambda one: (len(one.missing) + len(one.unknown) + len(one.renamed), -one.known),
        default=HeaderDifference(0, 0, (), (), ()),
    )


def _difference(found: Sequence[str], wanted: Sequence[str], feed: Feed) -> HeaderDifference:
    as_written = {plain_label(label): label for label in reversed(wanted)}
    missing = list((Counter(plain_label(label) for label in wanted) - Counter(found)).elements())
    unknown = _unknown_positions(found, wanted, feed)
    renamed = []
    for label in [label for label in missing if label != ANY]:
        like = get_close_matches(label, [found[place - 1] for place in unknown], n=1, cutoff=0.6)
        if like:
            place = next(place for place in unknown if found[place - 1] == like[0])
            renamed.append((as_written[label], place))
            missing.remove(label)
            unknown.remove(place)
    while ANY in missing and unknown:
        missing.remove(ANY)
        unknown.pop()
    known = len(wanted) - len(missing) - len(renamed)
    return HeaderDifference(
        len(wanted), known, tuple(as_written[label] for label in missing), tuple(unknown), tuple(renamed)
    )


def _unknown_positions(found: Sequence[str], wanted: Sequence[str], feed: Feed) -> list[int]:
    """Return the positions of labels that are in the file more often than in the dossier."""
    left = Counter(plain_label(label) for label in (*wanted, *feed.optional_labels))
    unknown = []
    for place, label in enumerate(found, start=1):
        if left[label]:
            left[label] -= 1
        else:
            unknown.append(place)
    return [] if ANY in feed.optional_labels else unknown
