"""A run's tuning goes through the journal as JSON and comes back as it was."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from bulkops.errors import ConfigError
from bulkops.rate_limit import Limit
from bulkops.settings import Tuning


@pytest.mark.parametrize(
    "tuning",
    [
        Tuning(),
        Tuning(call_timeout_s=math.inf),
        Tuning(explore=True),
        Tuning(explore=("assumed.customer.folders",)),
        Tuning(attempt_timeout_s=math.inf, connect_timeout_s=math.inf, max_rate=None),
        Tuning(call_timeout_s=30, account_timeout_s=5, run_timeout_s=9, quotas={"q": (Limit(3, 60.0),)}),
    ],
)
def test_tuning_survives_the_journal(tuning: Tuning) -> None:
    journaled = msgspec.json.decode(msgspec.json.encode(tuning.to_mapping()))
    assert Tuning.from_mapping(journaled, source="the journal") == tuning


@pytest.mark.parametrize("text", ["call_timeout_s = inf", 'call_timeout_s = "off"'])
def test_a_client_file_may_switch_a_timeout_off(text: str) -> None:
    assert Tuning.from_toml(text, source="x").call_timeout_s == math.inf


@pytest.mark.parametrize(
    "name", ["server_timeout_s", "first_poll_s", "import_deadline_s", "backoff_base_s", "max_rate"]
)
@pytest.mark.parametrize("value", [math.inf, math.nan, 0, -1])
def test_what_must_end_is_finite(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be a finite number above 0"):
        Tuning.from_mapping({name: value}, source="x")


@pytest.mark.parametrize("value", [1, "yes", [1], {"folders": True}, None])
def test_explore_is_a_switch_or_a_list_of_quotas(value: Any) -> None:
    with pytest.raises(ConfigError, match="x: explore must be true, false or a list of quotas"):
        Tuning.from_mapping({"explore": value}, source="x")
