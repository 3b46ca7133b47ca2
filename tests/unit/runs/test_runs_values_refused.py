"""Plans, job files and selections that cannot be used: the words for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import BulkopsError, ConfigError, InputError
from bulkops.operations._credentials import read_credentials
from bulkops.runs import FleetPlan, Policy, read_accounts
from bulkops.runs.account_file import MAX_FILE_BYTES
from bulkops.runs.job_file import MAX_BYTES, JobFile
from bulkops.runs.subset import Subset
from bulkops.settings import Tuning


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read the plan .*No such file"),
        ("[1", "is not a plan file: "),
        ("[1]", "or is from another bulkops version"),
        ('{"schema": 0}', "or is from another bulkops version"),
        ('{"schema": 1}', "is not a plan file: "),
    ],
)
def test_a_plan_that_is_none(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=words) as caught:
        FleetPlan.load(path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


def test_a_job_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    contents: dict[str, bytes | None] = {
        "cannot read the job file .*No such file": None,
        "is not UTF-8 text": b"\xff",
        r"is not valid TOML: .*line 2": b"a = 1\nb\n",
        f"is larger than a job file can be \\({MAX_BYTES} bytes\\)": b"#" * (MAX_BYTES + 1),
    }
    for words, content in contents.items():
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError, match=words) as caught:
            JobFile.read(path)
        assert str(path) in str(caught.value)
        assert caught.value.remedy
    path.write_bytes(b"#" * MAX_BYTES)
    assert JobFile.read(path).data == {}


def test_a_byte_order_mark_before_toml_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "saved-by-an-editor.toml"
    path.write_bytes(b"\xef\xbb\xbfmax_rate = 5.0\r\n")
    assert JobFile.read(path).data == {"max_rate": 5.0}
    assert Tuning.from_file(path).max_rate == 5
    path.write_bytes(b'\xef\xbb\xbf[connections.CRM.input]\nuser = "a"\n')
    assert [found.connection for found in read_credentials(path)] == ["CRM"]


def test_a_list_of_accounts_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "accounts.txt"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(InputError, match=f"larger than {MAX_FILE_BYTES} bytes") as caught:
        read_accounts(path)
    assert caught.value.remedy == "split the file"


@pytest.mark.parametrize(
    ("selected", "words"),
    [
        ({"limit": 0}, "limit must be 1 or more, not 0"),
        ({"limit": -1}, "limit must be 1 or more, not -1"),
        ({"accounts": "4100231"}, "accounts and exclude must be lists of ids"),
        ({"exclude": "4100231"}, "accounts and exclude must be lists of ids"),
    ],
)
def test_a_selection_of_nothing(selected: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Subset.of(**({"accounts": None, "exclude": None, "limit": None} | selected))
    assert caught.value.remedy


def test_a_selection() -> None:
    everything = Subset.of(None, None, 1)
    assert (everything.accounts, everything.exclude, everything.limit) == (None, frozenset(), 1)
    some = Subset.of([4100231, "EORG-1"], ["4100232"], None)
    assert (some.accounts, some.exclude) == (frozenset({"4100231", "EORG-1"}), frozenset({"4100232"}))
    assert some.limit is None


@pytest.mark.parametrize("policy", [{"if_running": "later"}, {"concurrency": 0}, {"waves": "0"}, {"max_failures": "x"}])
def test_a_policy_with_a_value_that_is_none(policy: dict[str, Any]) -> None:
    (name,) = policy
    with pytest.raises(BulkopsError, match=name.partition("_")[0]) as caught:
        Policy(**policy)
    assert caught.value.remedy
