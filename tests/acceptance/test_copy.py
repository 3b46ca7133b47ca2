"""copy between two sandboxes, each with its own host and token: planned, killed and resumed, again, undone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.crew import crew
from tests.fleet import PACKAGE, fleet, kill, wait_until
from tests.here import FIRST

pytestmark = pytest.mark.usefixtures("surroundings")

TOKEN = "STAGING_TOKEN"


@pytest.mark.parametrize(
    "customers",
    [
        pytest.param(20, marks=pytest.mark.slow),
        pytest.param(300, marks=[pytest.mark.chaos, pytest.mark.timeout(600)]),
    ],
)
def test_a_copy_that_is_killed_is_resumed(tmp_path: Path, customers: int) -> None:
    (tmp_path / "staging").mkdir()
    (tmp_path / "home").mkdir()
    scale = 60 if customers <= 20 else 250
    with (
        fleet(tmp_path / "staging", customers=1, time_scale=scale) as staging,
        fleet(tmp_path / "home", customers=customers, time_scale=scale) as vendor,
    ):
        whose = ("--accounts", str(FIRST), *staging.policy)
        assert staging.cli("import-package", str(PACKAGE), "--folder", "CRM", *whose).code == 0
        assert staging.cli("set-properties", "-p", "crm.object=Account", *whose).code == 0
        secret: dict[str, Any] = {TOKEN: staging.token}
        source = ("--from", str(FIRST), "--from-host", staging.url, "--from-token", f"{{env:{TOKEN}}}")
        copy = ("copy", *source, "--to", "all", *vendor.policy, "--json")
        planned = vendor.cli("plan", "copy", *source, "--to", "all", "--client-file", str(vendor.client_file), **secret)
        assert planned.code == 0, planned.err
        assert f"{customers} accounts: create folder 'CRM', import folder 'CRM' of {FIRST}" in planned.out
        assert vendor.ledger() == []
        pace = ("--concurrency", "1") if customers <= 20 else ()
        process = vendor.start(*copy, *pace, **secret)
        wait_until(process, lambda: vendor.kinds()["import.completed"], customers // 3)
        kill(process)
        without = vendor.cli("resume", *vendor.policy, "--json")
        assert (without.code, f"environment variable {TOKEN} is not set" in without.err) == (2, True), without.err
        done = vendor.cli("resume", *vendor.policy, "--json", **secret)
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        seen = Counter((effect["account"], effect["kind"], effect["key"]) for effect in vendor.ledger())
        assert {key for key, count in seen.items() if count > 1} == set()
        assert vendor.kinds()["import.completed"] == vendor.kinds()["property.set"] == customers
        assert staging.kinds()["package.exported"] == 1
        again = vendor.cli(*copy, **secret)
        assert (again.code, again.outcomes) == (0, {"unchanged": customers}), again.err
        assert (vendor.refused(), staging.refused()) == (0, 0)
        undone = vendor.cli("undo", done.report["run"], *vendor.policy, "--json")
        assert undone.outcomes == {"changed": customers}, undone.err
        assert vendor.kinds()["folder.deleted"] >= customers
        said = done.out + done.err + planned.out + planned.err
        kept = b"".join(path.read_bytes() for path in vendor.journal.rglob("*") if path.is_file())
        assert staging.token not in said
        assert staging.token.encode() not in kept


@pytest.mark.slow
@pytest.mark.parametrize("has_pairs", [False, True])
def test_two_workers_share_a_copy(tmp_path: Path, postgres: str, has_pairs: bool) -> None:
    """Each takes the packages from the database; with pairs each worker exports the source once."""
    count = 20
    file = tmp_path / "targets.csv"
    file.write_text("from,to\n" + "".join(f"partner,{FIRST + n}\n" for n in range(count)))
    source = () if has_pairs else ("--from", "partner")
    with crew(tmp_path, postgres, customers=count, time_scale=200) as played:
        played.start_workers(2)
        ended = played.run("copy", *source, "--folder", "CRM rollout", "--to", str(file))
        assert (ended.code, ended.outcomes) == (0, {"changed": count}), ended.err
        kinds = played.vendor.kinds()
        assert kinds["import.completed"] == count
        assert kinds["package.exported"] <= (2 if has_pairs else 1)
        assert played.vendor.refused() == 0
