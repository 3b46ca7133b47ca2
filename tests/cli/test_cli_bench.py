"""`bulkops bench`: measured against a sandbox of its own, and harmless on a host of the user's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bulkops.cli.bench.measure import Measure, percentiles
from bulkops.cli.bench.result import compare, load, render
from bulkops.errors import InputError
from bulkops.events import AttemptEnded
from bulkops.rate_limit import Limit
from tests.cli.conftest import Cli, RemoteSandbox

FOLDERS = "assumed.customer.folders"


@pytest.mark.slow
def test_a_throughput_run_measures_each_quota_and_compares_itself(cli: Cli, tmp_path: Path) -> None:
    common = ("bench", "--accounts", "12", "--time-scale", "600", "--quiet")
    first = cli(*common, "--json")
    assert first.code == 0, first.err
    found = json.loads(first.out)
    assert found["requests"] == 37, "three lists of each account, and the workspace of the token"
    assert found["refused"] == 0
    assert found["outcomes"]["unchanged"] == 12
    assert found["cpu_ms_per_request"] > 0
    folders = found["quotas"][FOLDERS]
    assert (folders["requests"], folders["limit"], folders["window_s"]) == (12, 60, 0.1)
    assert 0 < folders["use"] <= 1
    assert folders["latency_s"]["p50"] <= folders["latency_s"]["p99"] <= folders["latency_s"]["max"]
    before = tmp_path / "before.json"
    before.write_text(json.dumps(found | {"cpu_ms_per_request": found["cpu_ms_per_request"] / 9, "requests": 1}))
    second = cli(*common, "--compare", before, "--regression", "3")
    assert second.code == 1
    assert "12 accounts at sandbox" in second.out
    assert FOLDERS in second.out
    worse = [line for line in second.err.splitlines() if line.endswith("a regression")]
    assert len(worse) == 1
    assert worse[0].startswith("ms of CPU per request: ")


def test_a_host_of_ones_own_is_asked_about_first_and_only_read(cli: Cli, sandbox: RemoteSandbox) -> None:
    refused = cli("bench", "--host", sandbox.url, "--accounts", "5", "--client-file", sandbox.client_file)
    assert refused.code == 2
    assert "cannot ask for confirmation" in refused.err
    assert sandbox.count() == 0
    done = cli("bench", "--host", sandbox.url, "--accounts", "5", "--client-file", sandbox.client_file, "--yes")
    assert done.code == 0, done.err
    assert "(changes nothing)" in done.err
    assert "5 unchanged" in done.out
    assert sandbox.ledger() == []
    assert sandbox.count() == 17  # one for the list of accounts, one for the workspace


def test_an_operation_of_ones_own_has_to_be_named(cli: Cli, sandbox: RemoteSandbox, tmp_path: Path) -> None:
    job = tmp_path / "job.py"
    job.write_text(
        "async def folder(ctx):\n"
        "    await ctx.step('folder', lambda: ctx.account.folders.create('Bench'), repeatable=True)\n"
    )
    here = ("--host", sandbox.url, "--accounts", "2", "--client-file", sandbox.client_file, "--yes", "-q")
    done = cli("bench", *here, "--operation", f"{job}:folder", "--json")
    assert json.loads(done.out)["outcomes"]["changed"] == 2
    assert len(sandbox.effects("folder.created")) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read"),
        ("no json", "is not a result file of"),
        ('{"schema": 7}', "or is from another version"),
        ("[]", "or is from another version"),
    ],
)
def test_a_file_that_is_no_result_is_refused_before_anything_is_sent(
    cli: Cli, tmp_path: Path, text: Any, said: str
) -> None:
    path = tmp_path / "before.json"
    if text is not None:
        path.write_text(text)
    result = cli("bench", "--compare", path)
    assert result.code == 2
    assert result.out == ""
    assert said in result.err


RESULT = {
    "schema": 1,
    "host": "eu",
    "operation": "read",
    "accounts": 10,
    "time_scale": None,
    "concurrency": 200,
    "seconds": 10.0,
    "cpu_ms_per_request": 1.0,
    "requests_per_account": 3.0,
    "refused": 0,
}


@pytest.mark.parametrize(
    ("now", "worse"),
    [
        ({}, []),
        ({"seconds": 10.9, "cpu_ms_per_request": 1.1}, []),
        ({"seconds": 11.1}, ["seconds"]),
        ({"cpu_ms_per_request": 1.11, "requests_per_account": 3.31}, ["ms of CPU per request", "requests per account"]),
        ({"refused": 1}, ["refused"]),
    ],
)
def test_a_regression_is_beyond_the_ratio(now: Any, worse: Any) -> None:
    found = compare(RESULT, RESULT | now, ratio=1.10, source="before.json")
    assert [one.what for one in found if one.is_worse] == worse


def test_half_a_second_more_is_noise_whatever_the_ratio() -> None:
    found = compare(RESULT | {"seconds": 0.3}, RESULT | {"seconds": 0.7}, ratio=1.10, source="before.json")
    assert not any(one.is_worse for one in found)


def test_runs_of_other_work_are_not_compared(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"before.json measured different work: accounts 10, not 500"):
        compare(RESULT, RESULT | {"accounts": 500}, ratio=1.1, source="before.json")
    path = tmp_path / "before.json"
    path.write_text(json.dumps(RESULT | {"seconds": "many"}))
    with pytest.raises(InputError, match="is not a number"):
        load(str(path))


def test_use_is_the_part_of_what_the_time_permitted() -> None:
    now = [0.0]
    measure = Measure(clock=lambda: now[0])
    for at in (0.1, 0.2, 2.5):
        now[0] = at
        measure.observe(
            AttemptEnded(
                request_id="1", call="c", account="1", quota="q", attempt=1, waited_s=at, latency_s=0.1,
                status=None if at == 0.2 else 429, error=None,
            )
        )  # fmt: skip
    row = measure.by_quota({"q": (Limit(2, 1.0), Limit(1, 1.0, "workspace"))}, share=0.5)["q"]
    assert row["use"] == 1.0  # one at once, one after 1 s, one after 2 s
    assert (row["requests"], row["refused"], row["lost"], row["limit_per_s"]) == (3, 2, 1, 1.0)
    unlimited = measure.by_quota({}, share=1.0)["q"]
    assert (unlimited["use"], unlimited["limit_per_s"]) == (None, None)
    assert percentiles([]) == {}


def test_a_run_of_no_requests_is_rendered_too() -> None:
    figures = {
        "accounts_per_s": 0.0,
        "requests": 0,
        "requests_per_s": 0.0,
        "latency_s": {},
        "outcomes": {"changed": 0},
        "quotas": {},
    }
    assert "0 requests" in render(RESULT | figures)
