"""The files that `bulkops init` writes: a complete job, its credentials, and an example package."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs

from bulkops.errors import InputError
from bulkops.operations import Package

EXAMPLE: Final = Path(__file__).parents[1] / "_demo" / "crm-v1.zip"

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


@attrs.frozen(kw_only=True)
class Starter:
    """`package`: a path, or None for the example; `folder`: what the package is imported into."""

    directory: Path
    package: Path | None
    folder: str

    def write(self) -> list[Path]:
        """Write the files; their paths, the job first. A file that already has the same content is left alone.

        Raises: InputError, before anything is written, for a file with other content, an unreadable package, or a
            directory that cannot be written.
        """
        package = Package.load(self.package or EXAMPLE)
        job, credentials, example = (self.directory / name for name in ("rollout.toml", "connections.toml", "crm.zip"))
        contents = {job: self._job(job, credentials, package).encode()}
        if package.connections:
            contents[credentials] = _credentials(package.connections, made_up=self.package is None).encode()
        if self.package is None:
            contents[example] = package.data
        try:
            missing = [path for path, content in contents.items() if not _holds(path, content)]
            self.directory.mkdir(parents=True, exist_ok=True)
            for path in missing:
                _write(path, contents[path])
        except OSError as error:
            raise InputError(f"cannot write {error.filename}: {error.strerror}", remedy="check --directory") from error
        return list(contents)

    def _job(self, job: Path, credentials: Path, package: Package) -> str:
        path = "crm.zip" if self.package is None else os.path.relpath(self.package, self.directory)
        authorize = _AUTHORIZE.format(credentials=_quoted(credentials.name)) if package.connections else ""
        return _JOB.format(job=job.name, package=_quoted(path), folder=_quoted(self.folder), authorize=authorize)


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
