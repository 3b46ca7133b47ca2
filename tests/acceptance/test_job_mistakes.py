"""A job file with each of twenty-odd mistakes: line, key and remedy, exit code 2, nothing sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkops.errors import BulkopsError
from bulkops.runs import load_job
from tests.fleet import CREDENTIALS, PACKAGE, SandboxProcess, fleet

pytestmark = pytest.mark.usefixtures("credentials")

GOOD = f"""\
[selection]
accounts = "accounts.txt"
limit = 5
[policy]
concurrency = 20
max_failures = "2%"
waves = "1,5%,rest"
soak = "10m"
[[operation]]
use = "import-package"
package = "{PACKAGE}"
folder = "CRM"
[[operation]]
use = "authorize-connections"
from = "{CREDENTIALS}"
"""

MISTAKES = {
    "unknown table": ("[policy]", "[polcy]", 4, "policy", "did you mean 'policy'"),
    "unknown key": ("concurrency = 20", "concurency = 20", 5, "concurency", "did you mean 'concurrency'"),
    "wrong type": ("limit = 5", 'limit = "5"', 3, "limit", "whole number"),
    "true is no number": ("concurrency = 20", "concurrency = true", 5, "concurrency", "whole number"),
    "below one": ("limit = 5", "limit = 0", 3, "limit", "1 or more"),
    "missing account file": ("accounts.txt", "nowhere.txt", 2, "accounts", "check the path"),
    "percentage above 100": ("2%", "120%", 6, "max_failures", "0% to 100%"),
    "negative percentage": ("2%", "-2%", 6, "max_failures", "2%"),
    "no percentage": ("2%", "two", 6, "max_failures", "a count"),
    "bad waves": ("1,5%,rest", "1,x,rest", 7, "waves", "1,5%,rest"),
    "rest in the middle": ("1,5%,rest", "1,rest,5%", 7, "waves", "1,5%,rest"),
    "bad duration": ("10m", "10 minutes", 8, "soak", "90s"),
    "concurrency of none": ("concurrency = 20", "concurrency = 0", 5, "concurrency", "1 to"),
    "unknown operation": ('"import-package"', '"import-pakage"', 10, "use", "did you mean 'import-package'"),
    "no operation named": ('use = "import-package"\n', "", 9, "use", "import-package"),
    "missing parameter": ('folder = "CRM"\n', "", 9, "folder is missing", "folder ="),
    "unknown parameter": ("folder =", "foldr =", 12, "foldr", "did you mean 'folder'"),
    "missing package": (str(PACKAGE), "nowhere.zip", 11, "package", "check the path"),
    "missing credentials": (str(CREDENTIALS), "nowhere.toml", 15, "from", "check the path"),
    "secret in clear": ("limit = 5", 'api_token = "wrkaus-1"', 3, "api_token", "WORKATO_API_TOKEN"),
    "client file that is none": (
        "concurrency = 20",
        'client_file = "nowhere.toml"',
        5,
        "client_file",
        "check the path",
    ),
    "where by what nobody has": ("limit = 5", 'where = { color = "red" }', 3, "where", "plan_id"),
    "no TOML": ("[policy]", "[policy", 4, "line 4", "correct"),
    "twice the same key": ("limit = 5", "limit = 5\nlimit = 6", 4, "line 4", "correct"),
}


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    home = tmp_path_factory.mktemp("jobs")
    (home / "accounts.txt").write_text("4100231\n")
    with fleet(home, customers=2, time_scale=200) as running:
        yield running


def test_without_a_mistake_it_loads(vendor: SandboxProcess) -> None:
    path = vendor.home / "rollout.toml"
    path.write_text(GOOD)
    assert load_job(str(path)).policy["waves"] == "1,5%,rest"


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_pointed_at(vendor: SandboxProcess, name: str) -> None:
    old, new, line, key, remedy = MISTAKES[name]
    assert old in GOOD
    path = vendor.home / "rollout.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(BulkopsError) as caught:
        load_job(str(path))
    said = str(caught.value)
    assert f"line {line}" in said
    assert key in said
    assert remedy in said
    assert "wrkaus-1" not in said


def test_the_command_line_ends_with_2_and_sends_nothing(vendor: SandboxProcess) -> None:
    old, new, line, _, _ = MISTAKES["secret in clear"]
    (vendor.home / "rollout.toml").write_text(GOOD.replace(old, new, 1))
    done = vendor.cli("run", "rollout.toml", *vendor.policy)
    assert (done.code, done.out) == (2, "")
    assert f"line {line}" in done.err
    assert len(done.err.splitlines()) == 2
    assert "wrkaus-1" not in done.err
    assert vendor.requests()["total"] == 0
