"""Waves: every account in exactly one, in order, of the sizes asked for."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bulkops.runs.waves import Waves

SIZES = st.lists(st.sampled_from(["1", "7", "300", "5%", "0.1%", "20%"]), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "count", "sizes"),
    [
        ("1,5%,rest", 300, [1, 15, 284]),
        ("rest", 300, [300]),
        ("100%", 300, [300]),
        ("99%,1%", 100, [99, 1]),
        ("1,2", 7, [1, 2, 2, 2]),
        ("5%", 10, [1] * 10),
        ("33.4%", 3, [2, 1]),
        ("500", 3, [3]),
        (" 1 , rest", 1, [1]),
        ("1", 0, []),
    ],
)
def test_sizes(text: str, count: int, sizes: list[int]) -> None:
    assert [wave.size for wave in Waves.parse(text).over(count)] == sizes


@pytest.mark.parametrize(
    "text", ["", "0", "0%", "101%", "-1", "x", "1,,2", "rest,1", "1;2", "5 %5", "50%,60%", "100%,rest", "60%,40%,1"]
)
def test_what_is_no_wave_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="waves"):
        Waves.parse(text)


@given(SIZES, st.booleans(), st.integers(0, 2000))
def test_every_account_is_in_exactly_one_wave(sizes: list[str], rest: bool, count: int) -> None:
    waves = Waves.parse(",".join([*sizes, *(["rest"] if rest else [])])).over(count)
    places = [place for wave in waves for place in range(wave.start, wave.end)]
    assert places == list(range(count))
    assert [wave.number for wave in waves] == list(range(1, len(waves) + 1))
    assert all(wave.size and wave.of == len(waves) for wave in waves)
