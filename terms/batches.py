"""A long sequence in parts of a size: `batched`, as `itertools` has it from Python 3.12 on.

How many values one statement of the ledger takes belongs to `stores.operations.database`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")


def batched(values: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    """Yield values in order, `size` at a time; the last part may be shorter, and none is empty.

    Raises:
        ValueError: `size` is less than one.
    """
    if size < 1:
        raise ValueError("a part holds one value at least")
    left = iter(values)
    while part := tuple(islice(left, size)):
        yield part
