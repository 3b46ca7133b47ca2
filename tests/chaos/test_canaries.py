"""Canaries for the token, for connection credentials and for what the vendor shows once, through every command, error
and log level; then looked for in all that was said and written."""

from __future__ import annotations

import itertools
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from bulkops.cli.app import bulkops, main
from tests.chaos.tally import Trials
from tests.fleet import API_PACKAGE, CREDENTIALS, PACKAGE, SECRETS, fleet

TOKEN = "canary-token-0f3b9c"
CUSTOMERS = 4
LEVELS = itertools.cycle(["debug", "info", "warning", "error", "critical"])
FORMATS = itertools.cycle(["text", "json"])

FOLDER = ("--folder", "API")
MEMBER = ("--external-id", "U-{id}")
KEYS = ("--secrets-to", "keys.jsonl")

ARGUMENTS: dict[str, tuple[object, ...]] = {
    "create-customer": ("--name", "New", "--notification-email", "n@x.example"),
    "rollout": (API_PACKAGE, *FOLDER, *KEYS, "--connections", CREDENTIALS),
    "import-package": (PACKAGE, "--folder", "CRM"),
    "authorize-connections": ("--from", CREDENTIALS),
    "start-recipes": FOLDER,
    "stop-recipes": FOLDER,
    "upgrade-plan": ("--plan", "oem_big"),
    "downgrade-plan": (),
    "add-member": ("--name", "Ana", "--role", "Admin", "--external-id", "U-1"),
    "remove-member": ("--external-id", "U-1"),
    "grant-manager": ("--manager", "ana@x.example"),
    "assign-oauth-profile": ("--profile", "322"),
    "copy": ("--from", "partner", "--folder", "CRM API"),
    "share-recipe": FOLDER,
    "share-connector": ("example_connector_1", "--version", "1"),
    "deploy-project": ("--project", "CRM", "--to", "test"),
    "grant-project-role": ("--project", "CRM", "--role", "Project editor", "--group", "All collaborators"),
    "add-to-group": ("--group", "All collaborators", "--external-id", "U-1"),
    "start-genie": ("--genie", "HR helper"),
    "stop-genie": ("--genie", "HR helper"),
    "create-folder": ("--folder", "Mine"),
    "create-connection": ("--name", "Web shop", "--from", CREDENTIALS, "--external-id", "{account}"),
    "set-properties": ("-p", "shop.key={env:DEMO_SHOP_KEY}"),
    "enable-api-platform": (*FOLDER, "--key", "Another", *KEYS),
    "enable-endpoints": FOLDER,
    "disable-endpoints": FOLDER,
    "export-package": (*FOLDER, "--into", "exported"),
    "each": ("managed_users.connections.list",),
    "run": ("job.toml",),
    "call": ("managed_users.connections.list", "--account", "4100231"),
    "calls": ("connections",),
    "doctor": ("job.toml",),
    "config show": ("job.toml",),
    "resume": (),
    "retry": (),
    "watch": (),
    "worker": (),
    "workers": (),
    "stop": (),
    "runs": (),
    "runs copy": ("latest", "--to", "copied"),
    "audit access": ("-o", "access.html"),
    "audit compare": ("before.jsonl", "now.jsonl"),
    "runs prune": ("--older-than", "90d", "--yes"),
    "history": ("4100231",),
    "show": ("--format", "json"),
    "report": ("--format", "html", "-o", "report.html"),
    "compare": ("2",),  # says which runs begin so
    "undo": (),
    "init": ("--directory", "made"),
    "completion": ("bash",),
    "delete-customer": ("--delete-everything-in-them",),
}
"""In this order."""

THEIR_OWN = {
    "sandbox": "shows the token of the sandbox that it is",
    "demo": "its own sandbox",
    "bench": "its own sandbox",
}
JOB = f'[[operation]]\nuse = "authorize-connections"\nfrom = "{CREDENTIALS}"\n'


def commands() -> Iterator[tuple[str, click.Command]]:
    def below(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            ctx = click.Context(command)
            if words and command.invoke_without_command:
                yield " ".join(words), command
            for name in command.list_commands(ctx):
                found = command.get_command(ctx, name)
                assert found is not None
                yield from below(found, (*words, name))
        else:
            yield " ".join(words), command

    yield from below(bulkops, ())


def arguments_for(name: str, command: click.Command, home: Path) -> list[str]:
    common = {
        "--accounts": (home / "accounts.txt",),
        "--client-file": (home / "client.toml",),
        "--journal": (home / "journal",),
        "--breaker": ("off",),
        "--yes": (),
        "-v": (),
        "--debug": (),
    }
    taken = {option for param in command.params for option in param.opts}
    known = ARGUMENTS.get(name) or ARGUMENTS[name.removeprefix("plan ")]
    flags = [part for flag, values in common.items() if flag in taken for part in (flag, *values)]
    return [str(part) for part in (*name.split(), *known, *flags)]


def said_by(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(arguments)
    out, err = capfd.readouterr()
    logger = logging.getLogger("bulkops")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
    return code, out + err


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.fault("a canary in every command, error and log level")
def test_no_canary_is_said_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], trials: Trials
) -> None:
    known = dict(commands())
    assert {name.removeprefix("plan ") for name in known} == {*ARGUMENTS, *THEIR_OWN}, "a command is left out"
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    (home / "accounts.txt").write_text("".join(f"{4100231 + n}\n" for n in range(CUSTOMERS)))
    (home / "job.toml").write_text(JOB)
    said: dict[str, str] = {}
    codes: dict[str, int] = {}
    with fleet(home, customers=CUSTOMERS, time_scale=400, quotas="off", token=TOKEN) as vendor:
        for key, value in vendor.environment().items():
            monkeypatch.setenv(key, value)

        def tell(round_: str, name: str) -> None:
            monkeypatch.setenv("BULKOPS_LOG_LEVEL", next(LEVELS))
            monkeypatch.setenv("BULKOPS_LOG_FORMAT", next(FORMATS))
            where = f"{round_}: {name}"
            codes[where], said[where] = said_by(arguments_for(name, known[name], home), capfd)

        def all_of_them(round_: str, faults: dict[str, Any]) -> None:
            vendor.ask("faults", faults)
            for name in ARGUMENTS:
                if round_ != "well" and name in {"init", "delete-customer"}:
                    continue
                for spelt in (f"plan {name}", name):
                    if spelt in known:
                        tell(round_, spelt)

        all_of_them("faults", {"error": 0.2, "reset": 0.1, "malformed": 0.2, "unauthorizable": 0.5})
        all_of_them("refused", {"expired": True})
        all_of_them("well", {})
    trials.add(len(said))
    assert set(codes.values()) <= {0, 1, 2, 3, 4}, codes
    well = [code for where, code in codes.items() if where.startswith("well")]
    assert well.count(0) > len(well) / 2, codes  # what went wrong in the rounds before is still there
    assert {codes["refused: rollout"], codes["refused: call"]} == {4}
    assert sum("attempt" in text for text in said.values()) > 10, "debug logs are on"
    keys = home / "keys.jsonl"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    shown_once = set(secrets_in(keys))
    assert len(shown_once) >= CUSTOMERS / 2
    canaries = {TOKEN, *SECRETS.values(), *shown_once}
    for where, text in said.items():
        assert [canary for canary in canaries if canary in text] == [], where
    for path in tmp_path.rglob("*"):
        if path.is_file():
            allowed = shown_once if path == keys else set()
            data = path.read_bytes()
            assert [canary for canary in canaries - allowed if canary.encode() in data] == [], path


def secrets_in(keys: Path) -> Iterator[str]:
    """The long texts of each line that look like no name: what the vendor showed once."""
    for line in keys.read_text().splitlines():
        for name, value in json.loads(line).items():
            if any(word in name for word in ("token", "secret")) and isinstance(value, str) and len(value) > 10:
                yield value
