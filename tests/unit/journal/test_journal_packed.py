"""A long sequence in few bytes: it behaves as a list that cannot be changed, and is much smaller."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bulkops.journal import InventoryRow, Packed
from bulkops.runs.inventory import Inventory, from_values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def as_it_is(value: Any) -> Any:
    return value


@settings(max_examples=40)
@given(st.lists(JSON, max_size=20), st.slices(20))
def test_it_gives_back_what_was_added(values: list[Any], part: slice) -> None:
    packed = Packed(as_it_is, values)
    assert list(packed) == values
    assert list(packed[part]) == values[part]
    assert list(packed[part][::-1]) == values[part][::-1]
    assert packed == values
    assert len(packed) == len(values)


def test_a_place_outside_is_an_index_error_also_of_a_slice() -> None:
    packed = Packed(as_it_is, [1, 2, 3, 4])
    assert packed[-1] == 4
    with pytest.raises(IndexError):
        packed[4]
    with pytest.raises(IndexError):
        packed[1:3][2]


def test_the_same_bytes_make_other_values() -> None:
    inventory = from_values([1, {"id": 2, "name": "Acme"}])
    assert inventory.rows == [
        InventoryRow(seq=0, account="1"),
        InventoryRow(seq=1, account="2", params={"name": "Acme"}, name="Acme"),
    ]
    assert [(row.seq, row.account, row.name) for row in inventory.not_attempted] == [(0, "1", None), (1, "2", "Acme")]


def test_rows_of_a_part_keep_their_places() -> None:
    rows = [InventoryRow(seq=seq, account=str(seq)) for seq in (4, 7)]
    assert [row.seq for row in Inventory(rows, "run x").rows] == [4, 7]


def test_an_account_takes_few_bytes() -> None:
    tracemalloc.start()
    try:
        inventory = from_values(range(4_100_000, 4_105_000))
        size, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(inventory) == 5_000
    assert size < 5_000 * 40
    assert peak < 5_000 * 120
