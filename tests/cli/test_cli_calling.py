"""`calls`, `call` and `each`: any call of the API from the command line, on a sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any, cast

import pytest

from bulkops.catalogue import CALLS
from bulkops.cli.app import bulkops
from bulkops.cli.click_ext import Verb
from bulkops.client import Workato
from bulkops.operations import Each
from tests.cli.conftest import CUSTOMERS, Cli, RemoteSandbox, Start, without_a_reader

FOLDERS = "managed_users.folders"
FIRST = "4100231"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{int(FIRST) + n},T{n},\n" for n in range(CUSTOMERS))
    (tmp_path / "tiers.csv").write_text(f"id,tier,blank\n{rows}")
    return tmp_path


@pytest.fixture
def run(cli: Cli, sandbox: RemoteSandbox, here: Path) -> Cli:
    """`run("each", ...)` over the account file tiers.csv."""
    return lambda *words: cli(*words, "--accounts", "tiers.csv", "--client-file", sandbox.client_file)


def lines(text: Any) -> Any:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["calls", "call", "each"])
def test_help_shows_examples_first_that_parse(cli: Cli, name: str) -> None:
    result = cli(name, "--help")
    assert result.out.splitlines()[0] == "Examples:"
    for example in cast("Verb", bulkops.commands[name]).examples:
        first, *words = example.split()
        assert first == name
        bulkops.commands[name].make_context(name, words)
        called = next(iter(words), "managed_users.list")
        assert called in CALLS or name == "calls"


# calls


def test_calls_lists_them_all(cli: Cli) -> None:
    result = cli("calls")
    assert (result.code, result.err) == (0, "")
    assert [line.split()[0] for line in result.out.splitlines()] == list(CALLS)
    assert "managed_users.upgrade" in result.out
    assert "(deprecated: managed_users.update with plan_id)" in result.out
    assert "Start a genie. (inferred from similar calls)" in result.out


def test_calls_finds_by_every_word(cli: Cli) -> None:
    result = cli("calls", "Tags", "delete")
    assert [line.split()[0] for line in cli("calls", "tags").out.splitlines()] == [
        f"{scope}{noun}"
        for scope in ("managed_users.", "")
        for noun in (*(f"tags.{verb}" for verb in ("list", "create", "update", "delete")), "tags_assignments.update")
    ]
    assert [line.split()[0] for line in result.out.splitlines()] == ["managed_users.tags.delete", "tags.delete"]
    result = cli("calls", "managed_users.tags.delete")
    assert "quota" in result.out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            f"{FOLDERS}.create",
            [
                "POST /api/managed_users/{managed_user_id}/folders",
                "assumed.customer.folders: 60 a minute (assumed",
                "reconcile_first: never sent again",
                "List folders with the parent_id",
                "bulkops call managed_users.folders.create --account A -p name=...",
            ],
        ),
        ("managed_users.api_clients.create", ["deprecated  use managed_users.api_clients_v2.create"]),
        ("managed_users.imports.create", ["1000 a minute and 500 an hour for each workspace", "--body FILE"]),
        ("managed_users.environment_roles.list", ["10 a second", "--all-pages", "also at     /api/v2/managed_users/"]),
        ("managed_users.agentic.genies.start", ["inferred from similar calls; no page shows its response"]),
        ("managed_users.list", ["confidence  documented by the vendor\n"]),
        ("managed_users.projects.build", ["note        Private beta"]),
        ("recipes.poll_now", ["concerns this call alone"]),
        ("managed_users.member_invitations.create", ["1 in 1200 s for each email"]),
    ],
)
def test_one_call_is_shown_in_full(cli: Cli, name: str, words: Any) -> None:
    result = cli("calls", name)
    assert result.code == 0
    for each in words:
        assert each in " ".join(result.out.split()) or each in result.out


def test_every_call_can_be_shown(cli: Cli) -> None:
    for name in CALLS:
        assert cli("calls", name).code == 0


def test_a_word_that_nothing_has_is_answered_with_the_nearest(cli: Cli) -> None:
    result = cli("calls", "managed_users.folder.create")
    assert result.code == 2
    assert "did you mean managed_users.folders.create" in result.err


# call


def test_a_read_answers_json_without_its_envelope(cli: Cli, sandbox: RemoteSandbox) -> None:
    result = cli("call", "managed_users.list", "-p", "per_page=5")
    assert (result.code, result.err) == (0, "")
    assert [str(row["id"]) for row in json.loads(result.out)] == [str(int(FIRST) + n) for n in range(5)]
    every = cli("call", "managed_users.list", "-p", "per_page=5", "--all-pages", "--jsonl")
    assert len(lines(every.out)) == CUSTOMERS
    assert len(json.loads(cli("call", "managed_users.list", "--all-pages").out)) == CUSTOMERS
    one = cli("call", "managed_users.get", "--account", "EORG-2", "--jsonl")
    assert lines(one.out)[0]["external_id"] == "ORG-2"


def test_a_write_needs_yes_where_nobody_can_be_asked(cli: Cli, sandbox: RemoteSandbox) -> None:
    command = ("call", f"{FOLDERS}.create", "--account", "EORG-1", "-p", "name=CRM")
    before = sandbox.count()
    refused = cli(*command)
    assert (refused.code, refused.out) == (2, "")
    assert "  try: check the call and its parameters, then add --yes\n" in refused.err
    assert sandbox.count() == before
    done = cli(*command, "--yes")
    assert done.code == 0
    assert json.loads(done.out)["name"] == "CRM"
    assert [effect["key"] for effect in sandbox.effects("folder.created")] == ["CRM"]


def test_the_body_comes_from_a_file_or_stdin(cli: Cli, background: Start, sandbox: RemoteSandbox, here: Path) -> None:
    (here / "folder.json").write_text('{"name": "From a file"}')
    done = cli("call", f"{FOLDERS}.create", "--account", FIRST, "--body", "folder.json", "--yes")
    assert json.loads(done.out)["name"] == "From a file"
    folder = json.loads(done.out)["id"]
    (here / "crm.zip").write_bytes(b"PK")
    sent = cli(
        *("call", "managed_users.imports.create", "--account", FIRST, "-p", f"folder_id={folder}"),
        *("--body", "crm.zip", "--yes"),
    )
    assert sent.code == 0, sent.err
    assert json.loads(sent.out)["id"]
    reading, writing = os.pipe()
    os.write(writing, b'{"name": "From a pipe"}')
    os.close(writing)
    words = ("call", f"{FOLDERS}.create", "--account", FIRST, "--body", "-", "--yes")
    piped = background(*words, env=sandbox.access, streams={0: reading})
    out, err = piped.communicate(300)
    assert piped.wait() == 0, err
    assert json.loads(out)["name"] == "From a pipe"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("managed_users.folder.create",), "did you mean 'managed_users.folders.create'"),
        ((f"{FOLDERS}.create", "--account", "1", "-p", "nme=x"), "did you mean 'name'"),
        ((f"{FOLDERS}.create", "--account", "1"), "needs name"),
        ((f"{FOLDERS}.create", "-p", "name=x"), "acts on one customer"),
        ((f"{FOLDERS}.create", "--account", "ORG-1", "-p", "name=x"), "EORG-7 for ORG-7"),
        ((f"{FOLDERS}.create", "--account", "1", "-p", "name"), "is not NAME=VALUE"),
        ((f"{FOLDERS}.create", "--account", "1", "-p", "name=a", "-p", "name=b"), "name is given twice"),
        ((f"{FOLDERS}.create", "--account", "1", "--body", "nowhere.json"), "cannot read the body nowhere.json"),
        ((f"{FOLDERS}.create", "--account", "1", "--body", "tiers.csv"), "the body is not valid JSON"),
        (("managed_users.list", "-p", "per_page=many"), "per_page must be a whole number"),
        (("managed_users.list", "--account", "1"), "leave out the account"),
        (("managed_users.list", "--all-pages", "--body", "tiers.csv"), "leave out --body or --all-pages"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_sent(
    cli: Cli, sandbox: RemoteSandbox, here: Path, words: Any, said: str
) -> None:
    before = sandbox.count()
    result = cli("call", *words, "--yes")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert sandbox.count() == before


def test_an_error_of_the_vendor_is_one_line(cli: Cli, sandbox: RemoteSandbox) -> None:
    result = cli("call", "managed_users.get", "--account", "ENOBODY")
    assert (result.code, result.out) == (1, "")
    assert "404 Not found" in result.err


@pytest.mark.parametrize("faults", [{}, {"error": 1.0}, {"reset": 1.0}])
def test_a_call_is_not_told_to_retry_a_run(cli: Cli, sandbox: RemoteSandbox, here: Path, faults: Any) -> None:
    """There is none: what to do about an answer is said without a command."""
    sandbox.ask("faults", faults)
    (here / "client.toml").write_text("call_timeout_s = 0.5\n" + sandbox.client_file.read_text())
    twice = ("-p", "name=CRM", "-p", f"parent_id={'9' * 6}")
    for words in ((f"{FOLDERS}.create", *twice, "--yes"), ("managed_users.recipes.get", "-p", "recipe_id=1")):
        failed = cli("call", *words, "--account", FIRST, "--client-file", "client.toml")
        assert (failed.code, failed.out) == (1, "")
        assert "\n  try: " in failed.err
        assert "bulkops" not in failed.err


# each


def test_reads_stream_one_line_an_account(run: Cli) -> None:
    result = run("each", f"{FOLDERS}.list")
    assert result.code == 0
    rows = lines(result.out)
    assert sorted(row["account"] for row in rows) == [str(int(FIRST) + n) for n in range(CUSTOMERS)]
    assert all(row["result"] == [] for row in rows)
    assert f"{CUSTOMERS} unchanged" in result.err


def test_a_reader_that_has_seen_enough_fails_no_account(background: Start, here: Path, sandbox: RemoteSandbox) -> None:
    words = ["each", "managed_users.recipes.list", "--accounts", sandbox.accounts, "--concurrency", "2", "--yes"]
    words += ["--client-file", sandbox.client_file]
    done = background(*words, env=sandbox.access, streams={1: without_a_reader()})
    _, err = done.communicate(30)
    assert done.wait() == 130, err
    assert "reason: stdout was closed" in err
    assert " failed" not in err
    assert err.splitlines()[-1].startswith("resume with: bulkops resume ")
    assert err.count("resume with") == 1


def test_a_reader_that_has_seen_enough_ends_the_pages(background: Start, here: Path, sandbox: RemoteSandbox) -> None:
    words = ("call", "managed_users.list", "-p", "per_page=1", "--all-pages", "--jsonl")
    client_file = ("--client-file", sandbox.client_file)
    done = background(*words, *client_file, env=sandbox.access, streams={1: without_a_reader()})
    _, err = done.communicate(60)
    assert (done.wait(), err) == (0, "")
    assert sandbox.count() < CUSTOMERS


def test_a_file_from_the_vendor_goes_to_a_full_disk(
    cli: Cli, background: Start, here: Path, sandbox: RemoteSandbox
) -> None:
    exported = json.loads(cli("call", "packages.export", "-p", "manifest_id=12", "--yes").out)
    package = ("-p", f"package_id={exported['id']}")
    while json.loads(cli("call", "packages.get", *package).out)["status"] != "completed":
        time.sleep(0.05)
    words = ("call", "packages.download", *package, "--client-file", sandbox.client_file)
    done = background(*words, env=sandbox.access, streams={1: os.open("/dev/full", os.O_WRONLY)})
    _, err = done.communicate(60)
    assert done.wait() == 1
    assert err.splitlines()[0] == "error: cannot write to stdout: No space left on device"


def test_answers_go_to_a_file_of_ones_own(run: Cli, here: Path) -> None:
    words = ("each", "managed_users.get", "-o", "answers.jsonl", "--json")
    for times in (1, 2):
        result = run(*words)
        assert result.outcomes == {"unchanged": CUSTOMERS}
        assert len(lines((here / "answers.jsonl").read_text())) == times * CUSTOMERS  # appended
    assert stat.S_IMODE(os.stat(here / "answers.jsonl").st_mode) == 0o600


def test_writes_take_their_parameters_from_columns(run: Cli, sandbox: RemoteSandbox) -> None:
    result = run("each", f"{FOLDERS}.create", "-p", "name={tier} of {account}", "--yes", "--json")
    assert result.outcomes == {"changed": CUSTOMERS}
    keys = sorted(effect["key"] for effect in sandbox.effects("folder.created"))
    assert keys == sorted(f"T{n} of {int(FIRST) + n}" for n in range(CUSTOMERS))


def test_each_in_a_job_file(run: Cli, sandbox: RemoteSandbox, here: Path) -> None:
    (here / "tiers.toml").write_text(
        f"""
[[operation]]
use = "each"
call = "{FOLDERS}.create"
params = {{ name = "{{tier}}" }}
"""
    )
    result = run("run", "tiers.toml", "--yes", "--json")
    assert result.outcomes == {"changed": CUSTOMERS}
    assert len(sandbox.effects("folder.created")) == CUSTOMERS


def test_a_plan_of_a_write_sends_nothing(run: Cli, sandbox: RemoteSandbox) -> None:
    before = sandbox.count()
    result = run("plan", "each", f"{FOLDERS}.create", "-p", "name={tier}")
    assert result.code == 0
    assert f"{CUSTOMERS} accounts: each: managed_users.folders.create name={{tier}}" in result.out
    assert sandbox.count() == before + 1  # whose token it is


def test_a_lost_answer_is_unknown_and_says_where_to_look(run: Cli, cli: Cli, sandbox: RemoteSandbox) -> None:
    sandbox.ask("faults", {"malformed": 1.0})
    result = run("each", f"{FOLDERS}.create", "-p", "name=CRM", "--breaker", "off", "--yes", "--json")
    sandbox.ask("faults", {})
    assert result.code == 1
    assert result.outcomes == {"unknown": CUSTOMERS}
    assert "List folders with the parent_id" in json.loads(result.out)["accounts"][0]["remedy"]
    assert len(sandbox.effects("folder.created")) == CUSTOMERS
    again = cli("resume", "--yes", "--json", "--client-file", sandbox.client_file)
    assert again.outcomes == {"unknown": CUSTOMERS}
    assert len(sandbox.effects("folder.created")) == CUSTOMERS  # nothing was sent again


def test_a_column_that_is_empty_fails_the_account_with_nothing_sent(run: Cli, sandbox: RemoteSandbox) -> None:
    before = sandbox.count()
    result = run("each", f"{FOLDERS}.create", "-p", "name={blank}", "--breaker", "off", "--yes", "--json")
    assert result.outcomes == {"failed": CUSTOMERS}
    assert json.loads(result.out)["accounts"][0]["failure_class"] == "column-missing"
    assert sandbox.count() == before + 1  # whose token it is


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("managed_users.list",), "use `bulkops call managed_users.list`"),
        (("managed_users.delete",), "each cannot delete customers"),
        ((f"{FOLDERS}.create",), "needs name"),
        ((f"{FOLDERS}.create", "-p", "nme={tier}"), "did you mean 'name'"),
        ((f"{FOLDERS}.list", "--json"), "add -o FILE"),
        ((f"{FOLDERS}.list", "-o", "no/such/place.jsonl"), "cannot write"),
        (("managed_users.imports.create", "-p", "folder_id=1"), "use `bulkops import-package`"),
        (("managed_users.api_keys.create", "-p", "api_client_id=1", "-p", "name=k", "-p", "active=true"), "-o FILE"),
        (
            ("managed_users.connections.update", "-p", "connection_id=1", "-p", 'input={"key": "s3cret"}'),
            "take input from {env:NAME}",
        ),
        (("managed_users.tags.create", "-p", "title={env:NOT_THERE}"), "environment variable NOT_THERE is not set"),
        (("managed_users.tags.create", "-p", "title={file:not-there}"), "/not-there: No such file"),
    ],
)
def test_what_cannot_be_for_any_account_is_told_before(run: Cli, sandbox: RemoteSandbox, words: Any, said: str) -> None:
    before = sandbox.count()
    result = run("each", *words, "--yes")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert sandbox.count() == before


def test_a_credential_from_the_environment_reaches_the_vendor_and_not_the_journal(
    run: Cli, sandbox: RemoteSandbox, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_KEY", 'canary-"key"')
    result = run(
        *("each", "managed_users.connections.update", "-p", "connection_id=1"),
        *("-p", 'input={"api_key": "{env:CRM_KEY}", "plan": "{tier}"}', "--breaker", "off", "--yes", "--json"),
    )
    assert result.outcomes == {"failed": CUSTOMERS}  # there is no such connection
    kept = b"".join(path.read_bytes() for path in (here / ".bulkops").rglob("*") if path.is_file())
    assert b"canary" not in kept
    assert b"{env:CRM_KEY}" in kept


async def test_each_is_an_operation_of_the_library(here: Path, sandbox: RemoteSandbox) -> None:
    from bulkops.runs import run as run_operation

    token, url = sandbox.token, sandbox.url
    operation = Each(f"{FOLDERS}.create", params={"name": "{tier}"}, output="made.jsonl")
    assert Each.from_parameters(operation.parameters()) == operation
    async with Workato(token=token, host=url) as workato:
        report = await run_operation(operation, accounts=[{"id": FIRST, "tier": "Gold"}], workato=workato)
    assert {outcome.value: n for outcome, n in report.outcomes.items() if n} == {"changed": 1}
    assert lines((here / "made.jsonl").read_text())[0]["result"]["name"] == "Gold"


def test_a_call_takes_part_in_the_ledger(cli: Cli, sandbox: RemoteSandbox, here: Path) -> None:
    """What it sent, a later process respects, and so does a run beside it."""
    assert cli("call", "managed_users.get", "--account", FIRST, "--client-file", sandbox.client_file).code == 0
    (ledger,) = Path(os.environ["XDG_STATE_HOME"]).rglob("ledger.sqlite3")
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        left = connection.execute("SELECT p.label, s.quota FROM processes p JOIN slots s USING (process_id)").fetchall()
    assert ("of bulkops call", CALLS["managed_users.get"].quota) in left
