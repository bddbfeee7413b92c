"""Parts of a long sequence: all values, in order, none twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.batches import batched


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=9))
def test_parts_hold_every_value_once_and_in_order(values, size):
    parts = list(batched(iter(values), size))
    assert [value for part in parts for value in part] == values
    assert [len(part) for part in parts[:-1]] == [size] * len(parts[:-1])
    assert all(parts)


@pytest.mark.parametrize("size", [0, -1])
def test_a_part_holds_one_value_at_least(size):
    with pytest.raises(ValueError, match="at least"):
        next(batched([1], size))
