"""--on-finish and --webhook: who is told of the end of a run, and what a failure of theirs does not change."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import attrs
import jsonschema
import pytest

from bulkops.errors import ConfigError
from bulkops.session import webhook_address
from tests.cli.conftest import Cli, RemoteSandbox

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
SUMMARY = {"$ref": "#/$defs/summary", "$defs": SCHEMA["$defs"]}

KEEP = """
import json, os, sys
json.dump({"stdin": sys.stdin.read(), "argv": sys.argv[1:], "env": dict(os.environ)}, open("told.json", "w"))
print("on stdout")
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> tuple[object, ...]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keep.py").write_text(KEEP)
    (tmp_path / "one.txt").write_text(sandbox.accounts.read_text().split()[0])
    where = ("--accounts", "one.txt", "--client-file", sandbox.client_file)
    return ("upgrade-plan", "--plan", "big", *where, "--yes", "--quiet", "--json")


@attrs.define
class Hook:
    url: str
    answers: list[int]
    taken: list[bytes] = attrs.field(factory=list)
    headers: list[dict[str, str]] = attrs.field(factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook on this machine that answers with `answers`, one after the other, then 204."""
    kept = Hook("", [])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            kept.headers.append(dict(self.headers))
            status = kept.answers.pop(0) if kept.answers else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", kept.url + "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        kept.url = f"http://127.0.0.1:{server.server_port}/hooks/canary-secret-of-the-address"
        yield kept
        server.shutdown()
        thread.join()


def _is_gone(pid: int) -> bool:
    """Dead, or dead and not yet collected; the kernel may take a moment."""
    for _ in range(10_000):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.005)
    return False


def test_the_command_gets_the_summary_and_no_token(
    cli: Cli, sandbox: RemoteSandbox, command: tuple[object, ...], tmp_path: Path
) -> None:
    done = cli(*command, "--on-finish", f"{sys.executable} keep.py 'two words' $HOME ;")
    assert done.code == 0, done.err
    assert done.err == ""
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["argv"] == ["two words", "$HOME", ";"], "no shell has a say"
    summary = json.loads(told["stdin"])
    jsonschema.Draft202012Validator(SUMMARY).validate(summary)
    report = json.loads(done.out)
    assert told["env"]["BULKOPS_RUN"] == summary["run"] == report["run"]
    assert told["env"]["BULKOPS_STATE"] == summary["state"] == "finished"
    assert told["env"]["BULKOPS_JOURNAL"] == str(tmp_path / ".bulkops")
    assert (summary["outcomes"], summary["exit_code"], summary["next"]) == (report["outcomes"], 0, None)
    assert summary["text"].startswith("Finished: 1 changed of 1 account in ")
    assert sandbox.token not in json.dumps(told)


def test_a_failing_command_is_told_and_changes_nothing(cli: Cli, command: tuple[object, ...]) -> None:
    done = cli(*command, "--on-finish", "sh -c 'exit 3'")
    assert done.code == 0
    assert done.err == "--on-finish: sh ended with exit code 3; the exit code stays that of the run\n"


def test_a_command_that_cannot_be_is_refused_when_nothing_is_left_too(cli: Cli, command: tuple[object, ...]) -> None:
    assert cli(*command).code == 0
    assert cli("retry", *command[5:]).code == 0
    refused = cli("retry", *command[5:], "--on-finish", "no-such-program")
    assert (refused.code, "program 'no-such-program' not found" in refused.err) == (2, True)


def test_a_command_that_hangs_is_stopped_with_what_it_started(
    cli: Cli, command: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bulkops.cli.notify.COMMAND_S", 0.8)
    before = time.monotonic()
    done = cli(*command, "--on-finish", "sh -c 'sleep 600 & echo $! > pid; wait'")
    assert done.code == 0
    assert time.monotonic() - before < 300, "it was waited for"
    assert "sh did not end within 0.8 s and was stopped" in done.err
    pid = tmp_path / "pid"
    assert not pid.exists() or _is_gone(int(pid.read_text()))  # a busy machine may not have come as far


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("no-such-program --x", "program 'no-such-program' not found"),
        ("sh -c 'x", "--on-finish is not a valid command line: No closing quotation"),
        ("  ", "--on-finish is empty"),
    ],
)
def test_a_command_that_cannot_be_is_refused_before_the_run(
    cli: Cli, sandbox: RemoteSandbox, command: tuple[object, ...], words: str, said: str
) -> None:
    before = sandbox.count()
    refused = cli(*command, "--on-finish", words)
    assert refused.code == 2
    assert said in refused.err
    assert sandbox.count() == before


@pytest.mark.parametrize(("flag", "value"), [("--on-finish", "true"), ("--webhook", "https://x.example/y")])
def test_a_plan_has_no_end_to_be_told_of(
    cli: Cli,
    sandbox: RemoteSandbox,
    command: tuple[object, ...],
    monkeypatch: pytest.MonkeyPatch,
    flag: str,
    value: str,
) -> None:
    monkeypatch.setenv("BULKOPS_WEBHOOK", "https://x.example/set-for-all-runs")
    words = [word for word in command if word != "--yes"]
    before = sandbox.count()
    refused = cli("plan", *words, flag, value)
    assert (refused.code, sandbox.count()) == (2, before)
    assert f"{flag}: a plan sends no notifications. Leave it out." in refused.err
    assert flag not in cli("plan", words[0], "--help").out
    assert cli("plan", *words).code == 0


def test_a_run_with_failures_is_told_with_their_causes(
    cli: Cli, sandbox: RemoteSandbox, command: tuple[object, ...], tmp_path: Path
) -> None:
    failing = ("start-recipes", "--folder", "Nowhere", *command[3:], "--on-finish", f"{sys.executable} keep.py")
    done = cli(*failing)
    assert done.code == 1
    summary = json.loads(json.loads((tmp_path / "told.json").read_text())["stdin"])
    assert summary["exit_code"] == 1
    assert summary["next"].startswith("bulkops retry")
    assert summary["clusters"][0]["cause"] == "no folder is named 'Nowhere'"
    assert "accounts" not in summary
    again = cli("retry", *command[5:], "--on-finish", "sh -c 'exit 4'")
    assert again.code == 1
    assert "sh ended with exit code 4" in again.err


def test_the_webhook_gets_the_summary_and_no_credentials(
    cli: Cli, sandbox: RemoteSandbox, command: tuple[object, ...], hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.answers += [503]
    monkeypatch.setenv("BULKOPS_WEBHOOK", hook.url)
    monkeypatch.setattr("bulkops.session._webhook._PAUSE_S", 0.01)
    done = cli(*command)
    assert (done.code, done.err) == (0, "")
    assert len(hook.taken) == 2, "a refusal that may pass is tried again"
    summary = json.loads(hook.taken[-1])
    assert summary["run"] == json.loads(done.out)["run"]
    assert hook.headers[-1]["Content-Type"] == "application/json"
    assert sandbox.token not in str(hook.headers) + str(hook.taken)
    assert not {"Authorization", "Cookie"} & set(hook.headers[-1])
    shown = cli("config", "show")
    assert "webhook " in shown.out
    assert hook.url not in shown.out


@pytest.mark.parametrize(("status", "words"), [(404, "it answered 404"), (302, "it answered 302")])
def test_a_webhook_that_refuses_is_told_without_its_address(
    cli: Cli, command: tuple[object, ...], hook: Hook, status: int, words: str
) -> None:
    hook.answers += [status]
    done = cli(*command, "--webhook", hook.url, "--debug", "-v")
    assert done.code == 0
    assert f"webhook call failed: {words}" in done.err
    assert len(hook.taken) == 1
    assert "canary-secret-of-the-address" not in done.err + done.out


def test_a_webhook_where_nobody_is(cli: Cli, command: tuple[object, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkops.session._webhook._PAUSE_S", 0.01)
    done = cli(*command, "--webhook", "http://127.0.0.1:1/canary-secret-of-the-address")
    assert done.code == 0
    assert "webhook call failed: cannot connect to the webhook: Connection refused" in done.err
    assert "canary" not in done.err


def test_a_webhook_that_never_answers_is_given_up(
    cli: Cli, command: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkops.cli.notify.WEBHOOK_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = cli(*command, "--webhook", f"http://127.0.0.1:{silent.getsockname()[1]}/x")
    assert done.code == 0
    assert "webhook call failed: no response within 0.1 s" in done.err


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/x",
        "ftp://127.0.0.1/x",
        "https://",
        "https://user:pass@example.com/",
        "x",
        "http://[::1/",
        "https://\u200bexample.com/",
    ],
)
def test_an_address_that_cannot_be_is_refused_before_the_run(
    cli: Cli, sandbox: RemoteSandbox, command: tuple[object, ...], address: str
) -> None:
    before = sandbox.count()
    refused = cli(*command, "--webhook", address)
    assert refused.code == 2
    assert "webhook" in refused.err
    assert "try: " in refused.err
    assert "example.com" not in refused.err
    assert sandbox.count() == before
    with pytest.raises(ConfigError):
        webhook_address(address)


def test_stderr_is_json_lines_when_asked(
    cli: Cli, sandbox: RemoteSandbox, command: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKOPS_LOG_FORMAT", "json")
    done = cli(*[word for word in command if word != "--quiet"], "--on-finish", "sh -c 'exit 3'")
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    ended = [line for line in lines if line["event"] == "account"]
    assert [(line["outcome"], line["cause"]) for line in ended] == [("changed", None)]
    assert [line["state"] for line in lines if line["event"] == "run"] == ["running", "finished"]
    assert any("exit code 3" in line["text"] for line in lines if line["event"] == "said")
    refused = cli("report", "nothing-like-this")
    (failed,) = map(json.loads, refused.err.splitlines())
    assert (failed["event"], failed["level"], failed["remedy"]) == ("failed", "error", "`bulkops runs` lists the runs")
    monkeypatch.setenv("BULKOPS_LOG_LEVEL", "warning")
    quiet = cli("retry", *command[5:])
    assert [json.loads(line)["event"] for line in quiet.err.splitlines()] == ["said"]
