"""A sandbox and a command line as real processes: what the bars are shown with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import attrs

from tests import patience
from tests.processes import Process

DEMO = Path(__file__).parent.parent / "bulkops" / "_demo"
PACKAGE, PACKAGE_2, CREDENTIALS = DEMO / "crm-v1.zip", DEMO / "crm-v2.zip", DEMO / "connections.toml"
API_PACKAGE = DEMO / "crm-api.zip"

SECRETS = {"DEMO_CRM_KEY": "canary-credential-5d1e", "DEMO_SHOP_KEY": "canary-credential-77aa"}
"""What the example package's connections.toml takes from the environment."""


def main_job_text(package: Path = PACKAGE, importing: str = "") -> str:
    """The operations of a job file: import, authorize, start. `importing`: more keys of the import."""
    return f"""\
[[operation]]
use = "import-package"
package = "{package}"
folder = "CRM"
{importing}[[operation]]
use = "authorize-connections"
from = "{CREDENTIALS}"
[[operation]]
use = "start-recipes"
folder = "CRM"
"""


def clean_environment() -> dict[str, str]:
    """This process's, without what a developer may have set."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("WORKATO_", "BULKOPS_"))}


@attrs.define
class SandboxProcess:
    """A running sandbox and the journal of one client beside it."""

    url: str
    token: str
    home: Path
    process: Process | None = None
    _started: list[Process] = attrs.field(factory=list, init=False, repr=False)

    @property
    def client_file(self) -> Path:
        return self.home / "client.toml"

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, {"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def ledger(self) -> list[dict[str, Any]]:
        effects: list[dict[str, Any]] = self.ask("ledger")["effects"]
        return effects

    def kinds(self) -> Counter[str]:
        return Counter(effect["kind"] for effect in self.ledger())

    def requests(self) -> dict[str, Any]:
        counted: dict[str, Any] = self.ask("requests")
        return counted

    def refused(self) -> int:
        return sum(quota["refused"] for quota in self.requests()["quotas"].values())

    def twice(self) -> list[tuple[Any, ...]]:
        """Effects that happened more than once to one account under one key."""
        counts = Counter((effect["account"], effect["kind"], effect["key"]) for effect in self.ledger())
        return [key for key, count in counts.items() if count > 1]

    @property
    def access(self) -> dict[str, str]:
        return {"WORKATO_API_TOKEN": self.token, "WORKATO_HOST": self.url}

    def environment(self, **extra: str) -> dict[str, str]:
        return clean_environment() | self.access | {"XDG_STATE_HOME": str(self.home)} | SECRETS | extra

    def start(self, *arguments: str, **environment: str) -> Process:
        """A process that ends with the sandbox at the latest, so that none is left of a test that fails."""
        self._started.append(Process(arguments, env=self.environment(**environment), cwd=self.home))
        return self._started[-1]

    def cli(self, *arguments: str, timeout_s: float = 300, **environment: str) -> Ended:
        with closing(Process(arguments, env=self.environment(**environment), cwd=self.home)) as process:
            try:
                out, err = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)
                raise
            return Ended(process.wait(), out, err)

    def close(self) -> None:
        for process in self._started:
            process.close()

    def rollout(self, *arguments: str, package: Path = PACKAGE, **environment: Any) -> Ended:
        """The main job as a job file: import, authorize, start."""
        return self.cli(*self.rollout_command(*arguments, package=package), **environment)

    def rollout_command(self, *arguments: str, package: Path = PACKAGE) -> Sequence[str]:
        job = self.home / f"{package.stem}.toml"
        job.write_text(main_job_text(package, "restart_recipes = true\n"))
        selection = () if "--accounts" in arguments else ("--accounts", "all")
        return ("run", str(job), *selection, *self.policy, "--json", *arguments)

    @property
    def policy(self) -> tuple[str, ...]:
        return ("--client-file", str(self.client_file), "--journal", str(self.journal), "--yes")


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.out)
        return report

    @property
    def outcomes(self) -> dict[str, int]:
        """Only those that are not zero."""
        return {key: count for key, count in self.report["outcomes"].items() if count}


def wait_until(process: Process, counted: Callable[[], int], goal: int, *, every_s: float = 0.01) -> None:
    """Until so many are counted, by when the process must not have ended."""
    while process.poll() is None and counted() < goal:
        time.sleep(every_s)
    assert process.poll() is None, process.communicate()


@contextmanager
def caught(holds: Callable[[], object], *processes: Process | None) -> Iterator[None]:
    """The processes are stopped inside, from a moment at which it holds: what is on its way stays so for the next
    signal, however fast or busy the machine is.

    Workers need a lease that outlasts it. So does the sandbox: what it does to a request after it should have given
    it up, no client expects.
    """

    def send(number: signal.Signals) -> None:
        for process in processes:
            assert process is not None
            process.send_signal(number)

    def is_caught() -> bool:
        if not holds():
            return False
        send(signal.SIGSTOP)
        if holds():
            return True
        send(signal.SIGCONT)
        return False

    patience.wait_until(is_caught)
    try:
        yield
    finally:
        send(signal.SIGCONT)


def kill(process: Process) -> None:
    process.kill()
    process.communicate()


@contextmanager
def fleet(home: Path, **options: object) -> Iterator[SandboxProcess]:
    """A sandbox process with `bulkops sandbox` options by name: fleet(tmp_path, customers=20, time_scale=200)."""
    flags = []
    for key, value in options.items():
        name = key.replace("_", "-")
        flags.append(f"--{'' if value else 'no-'}{name}" if isinstance(value, bool) else f"--{name}={value}")
    arguments = ("sandbox", "--json", "--client-file", str(home / "client.toml"), *flags)
    with closing(Process(arguments, env=os.environ, cwd=Path.cwd())) as process:
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(process.communicate()[1])
            said: Mapping[str, str] = json.loads(line)
            with closing(SandboxProcess(said["url"], said["token"], home, process)) as vendor:
                yield vendor
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=300)
