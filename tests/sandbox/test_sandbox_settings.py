"""Settings, faults and files by value: no server."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bulkops.catalogue import QUOTAS
from bulkops.errors import ConfigError
from bulkops.rate_limit import Limit
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from bulkops.settings import Tuning


def test_faults_are_parsed() -> None:
    faults = Faults.parse(" error=0.05, reset=0.02,expired=1,revoke_after=10,unauthorizable=0.1,")
    assert faults == Faults(error=0.05, reset=0.02, expired=True, revoke_after=10, unauthorizable=0.1)
    assert Faults.parse("") == Faults()
    assert Faults.from_mapping(faults.to_mapping()) == faults


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("eror=0.1", "did you mean 'error'"),
        ("gremlins=1", "known: error, reset"),
        ("error", "has no chance"),
        ("error=often", "not a number"),
        ("error=1.1", "between 0 and 1"),
        ("slow=-0.1", "between 0 and 1"),
        ("slow=nan", "between 0 and 1"),
        ("error=0.1,error=0.2", "twice"),
        ("expired=0.5", "expired is yes or no"),
        ("revoke_after=0.5", "whole number"),
        ("revoke_after=-1", "whole number"),
    ],
)
def test_bad_faults_are_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Faults.parse(text)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"customers": -1}, "customers"),
        ({"time_scale": 0}, "time_scale"),
        ({"time_scale": float("inf")}, "time_scale"),
        ({"window": "leaky"}, "sliding, fixed, bucket"),
        ({"port": 70000}, "port"),
        ({"quotas": "of"}, "documented"),
        ({"quotas": {"embedded.recipes.othr": (Limit(1, 1),)}}, "did you mean 'embedded.recipes.other'"),
        ({"token": ""}, "token"),
        ({"token": "two words"}, "token"),
    ],
)
def test_bad_settings_are_refused_in_words(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SandboxSettings(**settings)


def test_a_token_is_made_and_not_shown() -> None:
    one, other = SandboxSettings(), SandboxSettings()
    assert len(one.token) > 20
    assert one.token != other.token
    assert one.token not in repr(one)


def test_a_quota_file_replaces_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "quotas.toml"
    path.write_text('[quotas]\n"embedded.recipes.get" = [{ limit = 7, window_s = 30 }]\n')
    settings = SandboxSettings(quotas=SandboxSettings.quotas_from_file(path), time_scale=60)
    assert settings.limits()["embedded.recipes.get"] == (Limit(7, 0.5),)
    assert settings.limits()["embedded.recipes.list"] == (Limit(2000, 1.0),)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[quotas]\nnope = [{ limit = 7, window_s = 30 }]", "quota 'nope' does not exist"),
        (b"[quotas]\nnope = 3", "list of limits"),
        (b"quotas = 'off'", "one table"),
        (b"max_rate = 3", "one table"),
        (b"[quotas", "not valid TOML"),
        (b"\xff\xfe", "UTF-8"),
        (None, "cannot read"),
    ],
)
def test_a_bad_quota_file_is_refused_in_words(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "quotas.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        SandboxSettings.quotas_from_file(path)


@pytest.mark.parametrize("scale", [0.5, 1, 7, 20, 60, 333, 10_000])
def test_the_client_reads_the_servers_own_figures(scale: float) -> None:
    settings = SandboxSettings(time_scale=scale)
    tuning = Tuning.from_toml(Sandbox(settings).client_file, source="client.toml")
    assert tuning.quotas == settings.limits()  # exactly: both sides count in equal windows
    assert tuning.quotas["embedded.rlcm.import_create"][1] == Limit(500, 3600 / scale, "workspace")
    assert tuning.max_rate == 50 * scale
    assert tuning.server_timeout_s == settings.server_timeout_s == max(0.5, 40 / scale)
    assert tuning.attempt_timeout_s > tuning.server_timeout_s
    assert tuning.first_poll_s == max(0.05, 2 / scale)
    assert tuning.import_deadline_s == max(3, 300 / scale)
    assert tuning.backoff_base_s >= 0.05
    assert tuning.backoff_cap_s >= 1
    assert not tuning.unlimited


def test_without_quotas_the_client_file_lifts_all_limits() -> None:
    text = Sandbox(SandboxSettings(quotas="off")).client_file
    tuning = Tuning.from_toml(text, source="client.toml")
    assert tuning.unlimited
    assert tuning.max_rate is None
    assert tomllib.loads(text)["quotas"] == "off"


def test_own_quotas_reach_the_client_beside_the_documented_ones() -> None:
    settings = SandboxSettings(quotas={"embedded.recipes.get": (Limit(3, 60),)}, time_scale=60)
    tuning = Tuning.from_toml(Sandbox(settings).client_file, source="client.toml")
    assert set(tuning.quotas) == set(QUOTAS)
    assert tuning.quotas["embedded.recipes.get"] == (Limit(3, 1.0),)
