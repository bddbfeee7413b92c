"""A file's header against its feed: whether it is one that the dossier names, and what differs where it is none.

Comparing single labels belongs to `labels`, judging a file by its header to `preflight`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from consent.feeds import ANY, Feed
from partners_ingest.labels import plain_label
from partners_ingest.records import Header


@dataclass(frozen=True)
class HeaderDifference:
    """How a header differs from the nearest one of its feed, in plain labels; `renamed` is (the dossier's, the file's).

    `known` of `expected` labels were found.
    """

    expected: int
    known: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]


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
        optional: labels that may stand beside them, each once; `*` is any number of others.
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


def difference(header: Header, feed: Feed) -> HeaderDifference:
    """Return how a header differs from that of the feed's headers which it is most like."""
    return min(
        (_difference(header.labels, [plain_label(label) for label in wanted], feed) for wanted in feed.headers),
        key=lambda one: (len(one.missing) + len(one.extra) + len(one.renamed), -one.known),
        default=HeaderDifference(0, 0, (), (), ()),
    )


def _difference(found: Sequence[str], wanted: Sequence[str], feed: Feed) -> HeaderDifference:
    allowed = Counter(plain_label(label) for label in feed.optional_labels)
    missing = list((Counter(wanted) - Counter(found)).elements())
    extra = list((Counter(found) - Counter(wanted) - allowed).elements())
    renamed = []
    for label in [label for label in missing if label != ANY]:
        like = get_close_matches(label, extra, n=1, cutoff=0.6)
        if like:
            renamed.append((label, like[0]))
            missing.remove(label)
            extra.remove(like[0])
    known = len(wanted) - len(missing) - len(renamed)
    return HeaderDifference(len(wanted), known, tuple(missing), tuple(extra), tuple(renamed))
