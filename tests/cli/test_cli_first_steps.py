"""init, doctor, config show, completion: what one types before the first run, and when something is wrong."""

from __future__ import annotations

import asyncio
import email.utils
import json
import re
import socketserver
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import pytest

from bulkops.cli.commands.init import SHELLS
from bulkops.operations._credentials import read_credentials
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.sandbox.assumptions import Assumptions
from tests.cli.conftest import Cli, RemoteSandbox

HOSTILE = 'a "quoted" \\ name \x7f 🙂'


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def findings(result: Any) -> Any:
    return {(row["check"], row["state"]): row for row in map(json.loads, result.out.splitlines())}


# init


def test_init_writes_a_job_that_loads_and_runs(cli: Cli, sandbox: RemoteSandbox, tmp_path: Path) -> None:
    made = cli("init")
    assert (made.code, made.out.split()) == (0, ["rollout.toml", "connections.toml", "crm.zip"])
    assert made.err == "next: bulkops doctor rollout.toml\n"
    assert (tmp_path / "connections.toml").stat().st_mode & 0o777 == 0o600
    done = cli("run", "rollout.toml", "--client-file", sandbox.client_file, "--yes", "--quiet")
    assert done.code == 0, done.err
    assert len(sandbox.effects("recipe.started")) == 3 * 12


def test_every_key_that_the_job_explains_is_one(cli: Cli, tmp_path: Path) -> None:
    """Commented lines are examples: with their comment marks off the file still loads."""
    assert cli("init").code == 0
    (tmp_path / "client.toml").write_text("")
    (tmp_path / "not-these.txt").write_text("4100231")
    job = tmp_path / "rollout.toml"
    lines = job.read_text().splitlines()
    opened = [line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in lines]
    assert len([line for line in opened if " = " in line]) > 12
    job.write_text("\n".join(opened))
    shown = cli("config", "show", "rollout.toml", "--json")
    assert shown.code == 0, shown.err
    settings = json.loads(shown.out)
    assert settings["waves"] == {"value": "1,5%,rest", "source": "rollout.toml"}
    assert settings["soak_s"] == {"value": "600", "source": "rollout.toml"}


def test_the_credentials_that_init_explains_can_be_given(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("init").code == 0
    (tmp_path / "key.txt").write_text("canary-of-init")
    monkeypatch.setenv("CRM_API_KEY", "canary-of-init")
    file = tmp_path / "connections.toml"
    shown = re.findall(r"#   (\{.*?\})  ", file.read_text())
    assert len(shown) == 4
    fields = "".join(f"field_{place} = {value}\n" for place, value in enumerate(shown))
    file.write_text(f'[connections."CRM".input]\n{fields}')
    (credentials,) = read_credentials(file)
    assert credentials.columns() == {"region", "shop"}


def test_init_overwrites_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "connections.toml").write_text("mine")
    result = cli("init")
    assert result.code == 2
    assert result.err.splitlines()[0] == "error: connections.toml already exists with different content"
    assert (tmp_path / "connections.toml").read_text() == "mine"
    assert not (tmp_path / "rollout.toml").exists()


def test_init_again_leaves_equal_files_alone(cli: Cli, tmp_path: Path) -> None:
    first = cli("init")
    (tmp_path / "connections.toml").unlink()
    again = cli("init")
    assert (first.code, again.code, again.out) == (0, 0, first.out)
    assert (tmp_path / "connections.toml").is_file()


def test_init_for_a_package_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as package:
        package.writestr("a.recipe.json", json.dumps({"name": "A"}))
        package.writestr("c.connection.json", json.dumps({"name": HOSTILE, "provider": "x"}))
    made = cli("init", "own.zip", "--folder", HOSTILE, "--directory", "jobs/new")
    assert made.code == 0, made.err
    job = tomllib.loads((tmp_path / "jobs/new/rollout.toml").read_text())
    assert [row["use"] for row in job["operation"]] == ["import-package", "authorize-connections", "start-recipes"]
    assert job["operation"][0]["package"] == "../../own.zip"
    assert job["operation"][0]["folder"] == HOSTILE
    credentials = tomllib.loads((tmp_path / "jobs/new/connections.toml").read_text())
    assert credentials == {"connections": {HOSTILE: {"input": {"api_key": {"env": "A_QUOTED_NAME_API_KEY"}}}}}


def test_init_with_a_package_that_is_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_text("no zip")
    result = cli("init", "bad.zip")
    assert result.code == 2
    assert result.err.startswith("error: bad.zip is not a readable zip file")
    assert not (tmp_path / "rollout.toml").exists()


# doctor


def test_doctor_finds_everything_well(cli: Cli, sandbox: RemoteSandbox) -> None:
    cli("init")
    result = cli("doctor", "rollout.toml", "--client-file", sandbox.client_file, "--json")
    assert (result.code, result.err) == (0, "")
    found = findings(result)
    assert {check for check, state in found} >= {
        *(
            "versions",
            "disk",
            "journal",
            "job",
            "quotas",
            "settings",
            "token",
            "clock",
            "accounts",
            "workspace",
            "rights",
        )
    }
    assert not [check for check, state in found if state == "fix"]
    assert "managed_users.imports.create" in found["rights", "note"]["says"]
    assert "accounts an hour" in found["quotas", "ok"]["says"]
    assert sandbox.token not in result.out
    assert sandbox.count() == 5  # the customers, the workspace, and three looks into one account


def test_doctor_finds_the_right_that_is_missing(cli: Cli, sandbox: RemoteSandbox) -> None:
    cli("init")
    sandbox.ask("rights", {"deny": ["managed_users.connections.*"]})
    result = cli("doctor", "rollout.toml", "--client-file", sandbox.client_file, "--json")
    assert result.code == 2
    found = [json.loads(line) for line in result.out.splitlines()]
    (missing,) = [row for row in found if row["state"] == "fix"]
    assert (missing["check"], missing["says"]) == ("rights", "403 Your API client has no right to this call")
    assert missing["do"] == "check what the API client's role and folder scope allow"


def test_a_run_without_a_right_says_which_call_it_is_for(cli: Cli, sandbox: RemoteSandbox) -> None:
    cli("init")
    sandbox.ask("rights", {"deny": ["managed_users.imports.create"]})
    result = cli("run", "rollout.toml", "--client-file", sandbox.client_file, "--yes", "--accounts", sandbox.accounts)
    assert result.code == 3, "the first wave halts it"
    assert "1 account: managed_users.imports.create: 403 Your API client has no right" in result.out
    assert "check what the API client's role and folder scope allow" in result.out
    assert "--failure-class forbidden" in result.out


def test_doctor_as_text_says_what_to_do(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKATO_API_TOKEN", raising=False)
    result = cli("doctor", "missing.toml")
    assert result.code == 2
    assert "fix   job       cannot read the job file missing.toml" in result.out
    assert (
        "fix   settings  no API token\n                do: set the environment variable WORKATO_API_TOKEN" in result.out
    )


def test_doctor_and_a_token_that_is_refused(cli: Cli, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKATO_API_TOKEN", "canary-expired")
    result = cli("doctor", "--client-file", sandbox.client_file, "--json")
    assert result.code == 4
    assert findings(result)["token", "fix"]["do"].startswith("check WORKATO_API_TOKEN")
    assert "canary" not in result.out + result.err
    assert sandbox.count() == 1


def test_doctor_and_a_client_file_that_is_none(cli: Cli, sandbox: RemoteSandbox, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("sharee = 1")
    result = cli("doctor", "--client-file", "bad.toml", "--json")
    assert result.code == 2
    assert "unknown key 'sharee'" in findings(result)["settings", "fix"]["says"]
    assert sandbox.count() == 0


def test_doctor_and_a_host_where_nobody_is(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "client.toml").write_text("call_timeout_s = 0.2\nbackoff_base_s = 0.05\nconnect_timeout_s = 0.2")
    monkeypatch.setenv("WORKATO_API_TOKEN", "token-of-a-test")
    monkeypatch.setenv("WORKATO_HOST", "http://127.0.0.1:1")
    result = cli("doctor", "--client-file", "client.toml", "--json")
    assert result.code == 2
    assert "cannot connect" in findings(result)["vendor", "fix"]["says"]


def test_doctor_looks_at_the_webhook_and_sends_nothing_there(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKATO_API_TOKEN", raising=False)
    monkeypatch.setenv("BULKOPS_WEBHOOK", "https://127.0.0.1:1/canary")
    good = cli("doctor", "--json")
    assert ("webhook", "ok") in findings(good)
    monkeypatch.setenv("BULKOPS_WEBHOOK", "http://chat.example/canary")
    bad = cli("doctor", "--json")
    assert findings(bad)["webhook", "fix"]["do"].startswith("write https://")
    assert "canary" not in good.out + bad.out


def test_doctor_and_a_directory_that_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = cli("doctor", "--journal", tmp_path / "file", "--json")
    assert findings(result)["disk", "fix"]["do"] == "choose another --journal DIR"


def test_doctor_tells_of_a_run_that_is_unfinished(cli: Cli, sandbox: RemoteSandbox) -> None:
    sandbox.ask("faults", {"unauthorizable": 1})
    cli("init")
    run = ("run", "rollout.toml", "--client-file", sandbox.client_file, "--yes", "--quiet")
    assert cli(*run, "--max-failures", "0", "--concurrency", "1").code == 3
    note = findings(cli("doctor", "--client-file", sandbox.client_file, "--json"))["journal", "note"]
    assert note["says"].startswith("1 run in ./.bulkops")
    run_id = note["do"].removeprefix("bulkops resume ")
    assert run_id in note["says"]
    elsewhere = ("--journal", "./.bulkops/../.bulkops")
    note = findings(cli("doctor", "--client-file", sandbox.client_file, "--json", *elsewhere))["journal", "note"]
    assert note["do"] == f"bulkops resume {run_id} --journal .bulkops/../.bulkops"
    assert f": resume {run_id}: import " in cli(*note["do"].split()[1:], "--yes").err, "it works as printed"


class _Vendor(BaseHTTPRequestHandler):
    """Says only what a test wants it to: a clock, an answer."""

    date: str | None = None
    status = 200

    def do_GET(self) -> None:
        self.send_response_only(self.status)
        if self.date is not None:
            self.send_header("Date", self.date)
        body = b'{"result": []}' if self.status == 200 else b'{"message": "You have no right to list customers"}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Vendor]]:
    socketserver.TCPServer.allow_reuse_address = True
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Vendor", (_Vendor,), {})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("WORKATO_API_TOKEN", "token-of-a-test")
        monkeypatch.setenv("WORKATO_HOST", f"http://127.0.0.1:{server.server_port}")
        yield server.RequestHandlerClass  # type: ignore[misc]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("offset_s", "state", "says"),
    [(0, "ok", "within 10 s"), (-3600, "fix", "s ahead of the vendor's"), (3600, "fix", "s behind the vendor's")],
)
def test_doctor_compares_the_clocks(cli: Cli, vendor: type[_Vendor], offset_s: int, state: str, says: str) -> None:
    import time

    vendor.date = email.utils.formatdate(time.time() + offset_s, usegmt=True)
    result = cli("doctor", "--json")
    assert says in findings(result)["clock", state]["says"]
    assert result.code == (2 if state == "fix" else 0)


@pytest.mark.parametrize("date", [None, "yesterday", "Mon, 99 Foo 2026 25:00:00 GMT", "\x1b[31m", "Thu, 01 Jan 99999"])
def test_doctor_and_a_clock_that_cannot_be_read(cli: Cli, vendor: type[_Vendor], date: Any) -> None:
    vendor.date = date
    result = cli("doctor", "--json")
    assert (result.code, result.err) == (0, "")
    assert ("clock", "note") in findings(result)


def test_doctor_and_a_right_that_is_missing(cli: Cli, vendor: type[_Vendor]) -> None:
    vendor.status = 403
    result = cli("doctor", "--json")
    assert result.code == 2
    assert "no right to list customers" in findings(result)["rights", "fix"]["says"]


def test_doctor_asks_for_the_right_to_write_where_nothing_can_be_written(cli: Cli, sandbox: RemoteSandbox) -> None:
    cli("init")
    command = ("doctor", "rollout.toml", "--client-file", sandbox.client_file, "--json", "--check-writes")
    well = cli(*command)
    assert (well.code, well.err) == (0, "")
    rows = [json.loads(line) for line in well.out.splitlines()]
    says = [row["says"] for row in rows if row["check"] == "rights" and row["state"] == "ok"]
    assert "managed_users.imports.create is permitted: 404 for a customer that does not exist" in says
    assert len(says) == 3 + 4
    assert not [row for row in rows if row["state"] == "note" and row["check"] == "rights"]
    sandbox.ask("rights", {"deny": ["managed_users.imports.create", "managed_users.recipes.start"]})
    missing = cli(*command)
    assert missing.code == 2
    fixes = [json.loads(line) for line in missing.out.splitlines() if '"fix"' in line]
    assert [row["says"] for row in fixes] == [
        f"managed_users.{call} is refused: 403 Your API client has no right to this call"
        for call in ("imports.create", "recipes.start")
    ]
    assert {row["do"] for row in fixes} == {"give the API client's role this right"}
    sandbox.ask("rights", {"deny": ["managed_users.folders.list", "managed_users.imports.create"]})
    untold = findings(cli(*command))["rights", "note"]
    assert "not checked, because these calls write: managed_users.connections.update, " in untold["says"]
    assert sandbox.ledger() == []


def test_doctor_and_a_vendor_that_calls_a_missing_right_a_401(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assumptions.toml").write_text("missing_right = 401\n")
    (tmp_path / "job.toml").write_text('[[operation]]\nuse = "start-recipes"\nfolder = "X"\n')

    async def scene() -> Any:
        settings = SandboxSettings(
            customers=1,
            time_scale=600,
            deny=("managed_users.recipes.start",),
            assumptions=Assumptions.from_file(tmp_path / "assumptions.toml"),
        )
        async with Sandbox(settings) as served:
            monkeypatch.setenv("WORKATO_HOST", served.url)
            monkeypatch.setenv("WORKATO_API_TOKEN", served.token)
            return await anyio.to_thread.run_sync(lambda: cli("doctor", "job.toml", "--check-writes"))

    told = asyncio.run(scene())
    assert told.code == 4
    assert "managed_users.recipes.start is refused although reads are not: 401 Unauthorized\n" in told.out
    assert "do: give the API client's role this right" in told.out


# config show


def test_config_show_names_the_source_of_each_value(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKATO_API_TOKEN", "canary-token")
    monkeypatch.setenv("BULKOPS_CONCURRENCY", "7")
    monkeypatch.setenv("BULKOPS_LOG_LEVEL", "info")
    (tmp_path / "client.toml").write_text(
        'share = 0.5\nmax_rate = 20\n[quotas]\n"embedded.recipes.get" = [{limit = 9, window_s = 2}]'
    )
    (tmp_path / "job.toml").write_text(
        '[policy]\nmax_failures = "2%"\nclient_file = "client.toml"\n[[operation]]\nuse = "start-recipes"\nfolder = "X"'
    )
    result = cli("config", "show", "job.toml", "--breaker", "off", "--journal", "runs", "--json")
    assert (result.code, result.err) == (0, "")
    shown = {name: (row["value"], row["source"]) for name, row in json.loads(result.out).items()}
    assert shown["token"] == ("***", "environment WORKATO_API_TOKEN")
    assert shown["host"] == ("https://www.workato.com", "default")
    assert shown["concurrency"] == ("7", "environment BULKOPS_CONCURRENCY")
    assert shown["max_failures"] == ("2%", "job.toml")
    assert shown["breaker"] == ("none", "flag --breaker")
    assert shown["journal"] == ("runs", "flag --journal")
    assert shown["share"] == ("0.5", "client.toml")
    assert shown["max_rate"] == ("20", "client.toml")
    assert shown["quotas.embedded.recipes.get"] == ("9 in 2 s", "client.toml")
    assert shown["quotas.embedded.recipes.list"] == ("2000 in 60 s", "default")
    assert shown["server_timeout_s"] == ("40", "default")
    assert shown["log level"] == ("info", "environment BULKOPS_LOG_LEVEL")
    assert "canary" not in result.out


def test_config_show_as_a_table_and_without_a_token(cli: Cli) -> None:
    result = cli("config", "show", "--max-rate", "3")
    assert result.code == 0
    rows = [line.split() for line in result.out.splitlines()]
    assert rows[0] == ["SETTING", "VALUE", "SOURCE"]
    assert ["token", "not", "set", "nowhere"] in rows
    assert ["max_rate", "3", "flag", "--max-rate"] in rows


def test_a_variable_stands_in_for_a_flag(cli: Cli, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKOPS_CLIENT_FILE", str(sandbox.client_file))
    monkeypatch.setenv("BULKOPS_JOURNAL", "elsewhere")
    assert cli("init").code == 0
    assert cli("run", "rollout.toml", "--limit", "1", "--yes", "--quiet").code == 0
    assert "1 changed" in cli("runs", "--journal", "elsewhere").out
    monkeypatch.setenv("BULKOPS_CONCURRENCY", "many")
    bad = cli("run", "rollout.toml")
    assert bad.code == 2
    assert "'many'" in bad.err


# completion


@pytest.mark.parametrize("name", list(SHELLS))
def test_completion_prints_a_script_and_nothing_else(cli: Cli, name: Any) -> None:
    result = cli("completion", name)
    assert (result.code, result.err) == (0, "")
    assert f"_BULKOPS_COMPLETE={name}_complete" in result.out


def test_completion_in_a_real_bash(shell: Cli, tmp_path: Path) -> None:
    import os
    import subprocess
    import sys
    from pathlib import Path

    bin_directory = Path(sys.executable).parent
    script = r"""
eval "$(bulkops completion bash)"
complete -p bulkops > /dev/null
COMP_WORDS=(bulkops resu); COMP_CWORD=1; _bulkops_completion bulkops; echo "${COMPREPLY[@]}"
COMPREPLY=(); COMP_WORDS=(bulkops config show --br); COMP_CWORD=3; _bulkops_completion bulkops; echo "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": f"{bin_directory}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stdout.splitlines() == ["resume", "--breaker"], done.stderr


def completed(monkeypatch: pytest.MonkeyPatch, *words: Any) -> Any:
    """What the shell is offered for the last word."""
    from click.shell_completion import ShellComplete

    from bulkops.cli.app import bulkops

    monkeypatch.setenv("NO_COLOR", "1")
    offered = ShellComplete(bulkops, {}, "bulkops", "_BULKOPS_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [item.value for item in offered]


def test_calls_and_runs_are_completed(cli: Cli, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert completed(monkeypatch, "call", "managed_users.recipes.st") == [
        "managed_users.recipes.start",
        "managed_users.recipes.stop",
    ]
    assert completed(monkeypatch, "resume", "") == [], "no journal is no trouble"
    done = cli(
        "upgrade-plan", "--plan", "x", "--accounts", "all", "--client-file", sandbox.client_file, "--yes", "--json"
    )
    run = json.loads(done.out)["run"]
    for command in ("resume", "retry", "undo", "report", "show"):
        assert completed(monkeypatch, command, run[:6]) == [run]
        assert completed(monkeypatch, command, "x") == []


def test_completion_of_a_shell_that_is_none(cli: Cli) -> None:
    result = cli("completion", "powershell")
    assert result.code == 2
    assert "'bash', 'zsh', 'fish'" in result.err
