"""Two real runs compared, as a person, a pipeline and a program would."""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

import jsonschema

from tests.cli.conftest import CUSTOMERS, ROOT, RemoteSandbox, Result
from tests.fleet import PACKAGE

Cli = Callable[..., Result]


def test_what_changed_between_two_nights(cli: Cli, here: Path, sandbox: RemoteSandbox) -> None:
    def night(*flags: str, failing: float) -> str:
        sandbox.ask("faults", {"import_failed": failing})
        selection = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes", "--quiet", "--json")
        ended = cli("import-package", PACKAGE, "--folder", "CRM", "--breaker", "off", *flags, *selection)
        return str(json.loads(ended.out)["run"])

    before, after = night("--limit", "10", failing=1.0), night("--concurrency", "5", failing=0.0)
    text = cli("compare", before, after)
    assert (text.code, text.err) == (1, "")
    lines = text.out.splitlines()
    assert lines[0].startswith("A: Finished: 10 failed of 10 accounts")
    assert "    concurrency: 200 -> 5" in lines
    assert "10 accounts in both runs: 0 ended alike, 10 differently" in lines
    assert any(line.startswith("2 accounts only in B (2 changed): ") for line in lines)
    assert "new failures: none" in lines
    assert "failures that are gone: 10 accounts" in lines
    (requests,) = [line.split() for line in lines if line.startswith("requests  ")]
    assert (
        0 < int(requests[1]) < int(requests[2]) == sandbox.count() - int(requests[1]) - 2
    )  # each asked whose the token is

    assert cli("compare", before).out == text.out, "the newest is what it is compared with"
    assert cli("compare", before, "--fail-on", "new-failures").code == 0
    back = cli("compare", after, before, "--fail-on", "new-failures")
    assert back.code == 1
    (command,) = [line.split("then: ")[1] for line in back.out.splitlines() if "then: " in line]
    assert cli(*shlex.split(command)[1:], "--yes", "--quiet").code == 0
    # The run that failed is whole now, and what is in one run only is still a difference.
    assert cli("compare", after, before, "--fail-on", "new-failures").code == 0
    assert cli("compare", after, before).code == 1
    same = night(failing=0.0)
    assert cli("compare", same, night(failing=0.0)).code == 0

    schema = json.loads((ROOT / "docs" / "comparison.schema.json").read_text(encoding="utf-8"))
    document = json.loads(cli("compare", before, after, "--format", "json").out)
    jsonschema.validate(document, schema)
    assert document["b"]["inventory"] == CUSTOMERS
    for name, begin in (("changes.md", "### Runs "), ("changes.json", "{"), ("changes.txt", "A: ")):
        assert cli("compare", before, after, "-o", name) == Result(1, "", "")
        assert (here / name).read_text(encoding="utf-8").startswith(begin)
        assert stat.S_IMODE((here / name).stat().st_mode) == 0o600


def test_what_cannot_be_compared_is_said(cli: Cli, here: Path, sandbox: RemoteSandbox) -> None:
    selection = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--limit", "1", "--yes", "-q")
    assert cli("each", "managed_users.connections.list", *selection).code == 0
    run_id = cli("runs").out.splitlines()[1].split()[0]
    alone = cli("compare", run_id[:15])
    assert (alone.code, alone.out) == (2, "")
    assert f"cannot compare run {run_id}, which is the newest one, with itself" in alone.err
    assert "`bulkops runs` lists the runs" in alone.err
    missing = cli("compare", run_id, "19990101")
    assert (missing.code, missing.out) == (2, "")
    assert "run '19990101' does not exist" in missing.err
