"""`bulkops init` writes a job file, `bulkops completion` a script for shell completion."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.options.types import FileName
from bulkops.cli.terminal import put, say
from bulkops.errors import InputError

EXAMPLE: Final = Path(__file__).parents[2] / "_demo" / "crm-v1.zip"

SHELLS = {
    "bash": 'eval "$(bulkops completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(bulkops completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "bulkops completion fish > ~/.config/fish/completions/bulkops.fish",
}

_JOB: Final = """\
# Operations for each account, in order. The first one that fails ends that account; the others continue.
#
#   bulkops doctor {job}     check token, rights, quotas, disk
#   bulkops plan run {job}   show changes, requests and time
#   bulkops run {job}        show the number of accounts, and ask before the start

[selection]
accounts = "all"              # or a csv, json, jsonl or txt file beside this one
# exclude = "not-these.txt"
# limit = 3                   # the first three accounts, for a first try

[policy]
waves = "1,5%,rest"           # one account, then a twentieth, then the others; a gate after each wave
max_failures = "2%"           # halt when more of a wave's accounts failed; a count ("10") is for the whole run
# strict_failures = true      # never exceed that limit: fewer accounts in progress, so the run is slower
# on_halt = "stop"            # after a halt, accounts in progress stop between operations; else they finish
# soak = "10m"                # wait after each wave but the last
# approve = true              # ask before each wave but the first
# concurrency = 200           # maximum number of accounts in progress
# breaker = 20                # halt after this many accounts in a row with the same error; "off"
# client_file = "client.toml" # your own quotas and timeouts; a sandbox writes one
# max_rate = 50               # requests per second over all quotas; "off"

[[operation]]
use = "import-package"
package = {package}
folder = {folder}                # under Home; created if missing
# restart_recipes = true      # stop, update and start running recipes that the package touches
{authorize}
[[operation]]
use = "start-recipes"
folder = {folder}
"""

_AUTHORIZE: Final = """
[[operation]]
use = "authorize-connections"
from = {credentials}
"""

_CREDENTIALS: Final = """\
# Credentials for the connections that the package brings. A value is text, or a reference:
#   {{ env = "CRM_API_KEY" }}     an environment variable
#   {{ file = "key.txt" }}        a file beside this one
#   {{ env = "CRM_KEY_{{region}}" }}  a variable (or file) per account, named by a column
#   {{ column = "shop" }}         a column of the account file; not for secrets
# The fields of a connection depend on its provider. Credentials go to the vendor and nowhere else.
{tables}"""


@click.command("init", cls=Verb, examples=["init", "init crm.zip --folder CRM"])
@click.argument(
    "package",
    metavar="[PKG.zip]",
    required=False,
    type=FileName(),
    help="Your package; without it, a small example is written too.",
)
@option("--folder", default="CRM", metavar="NAME", help="Folder to import into.")
@option("--directory", default=".", metavar="DIR", help="Output directory, created if missing.")
def init(package: str | None, folder: str, directory: str) -> int:
    """Write a commented job file.

    rollout.toml imports a package, authorizes its connections (connections.toml) and starts its recipes. Files that
    exist are never overwritten.
    """
    job, *others = _write_starter(Path(directory), Path(package) if package else None, folder)
    for path in (job, *others):
        put(f"{path}\n")
    say(f"next: bulkops doctor {shlex.quote(str(job))}")
    return 0


def _write_starter(directory: Path, own: Path | None, folder: str) -> list[Path]:
    """Write a complete job, its credentials, and the example package unless there is an `own` one.

    Returns the paths, the job first. A file that already has the same content is left alone.

    Raises: InputError, before anything is written, for a file with other content, an unreadable package, or a directory
        that cannot be written.
    """
    from bulkops.operations import Package

    package = Package.load(own or EXAMPLE)
    job, credentials, example = (directory / name for name in ("rollout.toml", "connections.toml", "crm.zip"))
    authorize = _AUTHORIZE.format(credentials=_quoted(credentials.name)) if package.connections else ""
    source = "crm.zip" if own is None else os.path.relpath(own, directory)
    text = _JOB.format(job=job.name, package=_quoted(source), folder=_quoted(folder), authorize=authorize)
    contents = {job: text.encode()}
    if package.connections:
        contents[credentials] = _credentials(package.connections, made_up=own is None).encode()
    if own is None:
        contents[example] = package.data
    try:
        missing = [path for path, content in contents.items() if not _holds(path, content)]
        directory.mkdir(parents=True, exist_ok=True)
        for path in missing:
            _write(path, contents[path])
    except OSError as error:
        raise InputError(f"cannot write {error.filename}: {error.strerror}", remedy="check --directory") from error
    return list(contents)


def _credentials(connections: Sequence[str], *, made_up: bool) -> str:
    tables = []
    for name in connections:
        variable = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").upper() or "CONNECTION"
        value = '"made-up: the sandbox takes any"' if made_up else f'{{ env = "{variable}_API_KEY" }}'
        tables.append(f"\n[connections.{_quoted(name)}.input]\napi_key = {value}\n")
    return _CREDENTIALS.format(tables="".join(tables))


def _holds(path: Path, content: bytes) -> bool:
    """Whether the file exists with this content. Raises: InputError when it has other content; OSError."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return False
    if found != content:
        raise InputError(
            f"{path} already exists with different content", remedy="remove it, or give another --directory"
        )
    return True


def _write(path: Path, content: bytes) -> None:
    """Create the file for its owner alone: users put credentials into it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _quoted(text: str) -> str:
    """A TOML basic string: as in JSON, but DEL must be escaped and astral characters must not be."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@click.command("completion", cls=Verb, examples=["completion bash", "completion zsh", "completion fish"])
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(SHELLS)), help="Your shell.")
def completion(shell: str) -> int:
    """Print a script for shell completion.

    Your shell reads the script. On a terminal, the way to install it is printed too.
    """
    import sys

    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    makers = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    maker = makers[shell](click.get_current_context().find_root().command, {}, "bulkops", "_BULKOPS_COMPLETE")
    put(maker.source_template % maker.source_vars() + "\n")
    if sys.stdout.isatty():
        say(f"to install: {SHELLS[shell]}")
    return 0
