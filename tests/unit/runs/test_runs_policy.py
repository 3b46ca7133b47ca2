"""Policies: percentages, limits, and how far a halt may overshoot."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.errors import ConfigError
from bulkops.runs.policy import Policy, overshoot


@pytest.mark.parametrize(
    ("given", "count", "allowed"),
    [
        (None, 300, None),
        (10, 300, 10),
        ("10", 300, 10),
        ("2%", 300, 6),
        ("0.5%", 300, 1),
        ("0%", 300, 0),
        ("100%", 7, 7),
    ],
)
def test_max_failures_is_a_count_or_a_percentage(given: int | str | None, count: int, allowed: int | None) -> None:
    policy = Policy(max_failures=given)
    assert policy.allowed_failures(count) == allowed
    assert Policy.from_mapping(policy.to_mapping()) == policy


@pytest.mark.parametrize("given", ["101%", "-1%", "-1", "ten", "", "1.5", "%", "1%%"])
def test_bad_limits_are_refused_in_words(given: str) -> None:
    with pytest.raises(ConfigError, match="max_failures") as caught:
        Policy(max_failures=given)
    assert "2%" in str(caught.value)


@pytest.mark.parametrize(("field", "value"), [("concurrency", 0), ("concurrency", 100_000), ("breaker", 0)])
def test_bad_numbers_are_refused_in_words(field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=str(value)):
        Policy(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "count", "worst"),
    [
        (Policy(max_failures=10), 300, 49),
        (Policy(max_failures=10, concurrency=5), 300, 5),
        (Policy(max_failures=10), 12, 2),
        (Policy(max_failures=10), 5, 0),
        (Policy(max_failures=10, strict_failures=True), 300, 0),
        (Policy(), 300, 0),
    ],
)
def test_overshoot_is_what_admission_lets_begin(policy: Policy, count: int, worst: int) -> None:
    assert overshoot(policy, count, most_open=49) == worst


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(90, 90), ("90", 90), ("90s", 90), ("1.5m", 90), ("1h", 3600), (0, 0), ("168h", 7 * 24 * 3600)],
)
def test_soak_is_read_as_a_duration(given: float | str, seconds: float) -> None:
    assert Policy(soak_s=given).soak_s == seconds


@pytest.mark.parametrize("given", ["", "ten", "-1", "1d", "10 minutes", "999h"])
def test_bad_soaks_are_refused_in_words(given: str) -> None:
    with pytest.raises(ConfigError, match="soak"):
        Policy(soak_s=given)


def test_the_overshoot_of_waves_is_that_of_the_largest() -> None:
    policy = Policy(max_failures="10%", waves="1,5%,rest", concurrency=300)
    assert overshoot(policy, 300, most_open=300) == 284 - 28


@pytest.mark.parametrize("given", ["", "x", "rest,1", "60%,50%"])
def test_bad_waves_are_refused_in_words(given: str) -> None:
    with pytest.raises(ConfigError, match="waves") as caught:
        Policy(waves=given)
    assert caught.value.remedy == "write sizes such as 1,5%,rest"


def test_waves_of_one_size_may_be_a_number() -> None:
    assert Policy(waves=3) == Policy(waves="3")


@pytest.mark.parametrize("given", [{"concurrency": "many"}, {"concurrency": 1.5}, {"breaker": "on"}, {"breaker": 0}])
def test_counts_are_whole_numbers(given: dict[str, Any]) -> None:
    ((name, value),) = given.items()
    with pytest.raises(ConfigError, match=rf"^{name} must be 1 .*, not {value!r}"):
        Policy(**given)


def test_strict_failures_need_a_limit() -> None:
    with pytest.raises(ConfigError, match="strict_failures needs max_failures") as caught:
        Policy(strict_failures=True)
    assert "max_failures" in str(caught.value)


def test_a_policy_for_halted_accounts_is_finish_or_stop() -> None:
    with pytest.raises(ConfigError, match="on_halt must be 'finish' or 'stop', not 'abort'"):
        Policy(on_halt="abort")  # type: ignore[arg-type]
