"""Crashes at every step of an operation, with a table of effects that are done twice or missing.

    kit = CrashKit(job="rollout.toml", url=..., token=..., client_file=..., home=tmp_path)
    result = kit.run(accounts)
    assert result.sound, result.table()

Against a sandbox only: every trial changes accounts of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.testing._points import Mode

SERVER_TIMEOUT_S: Final = 3.0
"""Long enough for a sandbox on a machine that has other things to do: it must not act on a request after it."""

CLIENT_FILE: Final = f"""
server_timeout_s = {SERVER_TIMEOUT_S}
attempt_timeout_s = 20.0
first_poll_s = 0.05
import_deadline_s = 30.0
backoff_base_s = 0.05
backoff_cap_s = 1.0
max_rate = "off"
quotas = "off"
"""
"""A client that is in no hurry, and a sandbox without quotas: crashes are the subject."""

_TIME_SCALE: Final = 400

_DEADLINE_S: Final = 600.0

_ARRIVAL_S: Final = 0.5

Effects = Counter[tuple[str, str]]
"""(kind, key) of what happened to one account, and how often."""


@attrs.frozen(kw_only=True)
class Trial:
    """One run that was killed and resumed to its end. `killed`: the points at which, in order; `twice` and `missing`:
    effects beyond and short of the uninterrupted run's, with their account."""

    accounts: Sequence[str]
    home: str
    starts: int
    killed: Sequence[str]
    ended: str
    error: str | None
    outcomes: Mapping[str, int]
    twice: Sequence[str] = ()
    missing: Sequence[str] = ()

    @property
    def lost(self) -> int:
        """Accounts without an answer."""
        return len(self.accounts) - sum(self.outcomes.values())


@attrs.frozen(kw_only=True)
class CrashResult:
    """`measured`: the uninterrupted run; `trials`: those that were killed at least once."""

    measured: Trial
    trials: Sequence[Trial]
    used: int
    """Accounts that the trials have had: another kit begins behind them."""

    @property
    def faults(self) -> list[str]:
        """One line for everything that is not as it must be; empty when all is well."""
        return [line for trial in (self.measured, *self.trials) for line in self._faults(trial)]

    @property
    def kills(self) -> int:
        return sum(len(trial.killed) for trial in self.trials)

    def _faults(self, trial: Trial) -> Iterator[str]:
        where = f"killed {'; then '.join(trial.killed) or 'never'} ({trial.home})"
        if trial.ended != "done":
            yield f"{where}: {trial.ended}: {(trial.error or '').strip().rpartition(chr(10))[2]}"
        elif trial.outcomes != self.measured.outcomes or trial.lost:
            yield f"{where}: ended {dict(trial.outcomes)} instead of {dict(self.measured.outcomes)}"
        yield from (f"{where}: twice: {effect}" for effect in trial.twice)
        yield from (f"{where}: missing: {effect}" for effect in trial.missing)

    def table(self) -> str:
        """Kinds of points with their trials, for people."""
        kinds: dict[str, list[Trial]] = {}
        for trial in self.trials:
            kinds.setdefault(trial.killed[0], []).append(trial)
        rows = [f"{'killed':68} trials  twice  lost"]
        for kind, trials in sorted(kinds.items()):
            twice, lost = sum(len(trial.twice) for trial in trials), sum(trial.lost for trial in trials)
            rows.append(f"{kind[:68]:68} {len(trials):6} {twice:6} {lost:5}")
        rows.append(f"{len(self.trials)} trials, {self.kills} kills, {len(self.faults)} faults")
        return "\n".join([*rows, *self.faults[:20]])


@attrs.frozen(kw_only=True)
class CrashKit:
    """One job against one sandbox.

    `job`: JOB.toml or FILE.py:NAME; `home`: a directory for the trials; `mode`: see `bulkops.testing._points.Points`;
    `only`: a pattern for the names of points; `every`: only every n-th of them; `kills`: deaths in a row, the later
    ones at points drawn from `seed`;
    `hold_s`: how late a late request is: less than the server's timeout, as the client file has it;
    `prepare`: MODULE:FUNCTION called first in each process: it may break something, to see whether the kit notices;
    `columns`: values of the account file's columns, the same for each account.
    """

    job: str
    url: str
    token: str = attrs.field(repr=False)
    client_file: Path
    home: Path
    mode: Mode = "all"
    only: str = ""
    every: int = 1
    kills: int = 1
    seed: int = 7
    hold_s: float = 0.5 * SERVER_TIMEOUT_S
    per_trial: int = 3
    parallel: int = 8
    prepare: str | None = None
    columns: Mapping[str, str] = attrs.field(factory=dict)

    def run(self, accounts: Sequence[str]) -> CrashResult:
        """Try every point, each on the next `per_trial` accounts. Raises: RuntimeError with the driver's words."""
        scenario = attrs.asdict(self, filter=lambda field, _: field.name not in {"url", "token"})
        scenario |= {"home": str(self.home), "client_file": str(self.client_file), "accounts": list(accounts)}
        done = subprocess.run(
            [sys.executable, "-m", "bulkops.testing._driver"],
            input=json.dumps(scenario),
            env={**os.environ, "WORKATO_HOST": self.url, "WORKATO_API_TOKEN": self.token},
            capture_output=True,
            text=True,
            check=False,
            timeout=_DEADLINE_S,
        )
        if done.returncode:
            raise RuntimeError(f"the driver of the crash kit failed:\n{done.stderr}")
        if self.mode == "late":
            time.sleep(self.hold_s + _ARRIVAL_S)  # the last trial may have ended before its late request arrived
        measured, *trials = (Trial(**json.loads(line)) for line in done.stdout.splitlines())
        return self._compared(measured, trials)

    def _compared(self, measured: Trial, trials: list[Trial]) -> CrashResult:
        """With what each trial did too often or not at all, by the sandbox's ledger."""
        happened = self._effects()
        expected = happened[measured.accounts[0]]

        def compare(trial: Trial) -> Trial:
            twice, missing = [], []
            for account in trial.accounts:
                twice += [f"{account} {kind} {key}" for kind, key in happened[account] - expected]
                missing += [f"{account} {kind} {key}" for kind, key in expected - happened[account]]
            return attrs.evolve(trial, twice=twice, missing=missing)

        killed = [compare(trial) for trial in trials if trial.killed]
        return CrashResult(measured=compare(measured), trials=killed, used=(1 + len(trials)) * self.per_trial)

    def _effects(self) -> dict[str, Effects]:
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}/_sandbox/ledger", headers=headers)  # noqa: S310 - a sandbox's
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
            rows: list[dict[str, Any]] = json.load(reply)["effects"]
        found: dict[str, Effects] = {}
        for row in rows:
            found.setdefault(str(row["account"]), Counter())[row["kind"], row["key"]] += 1
        return _Default(found)


class _Default(dict[str, Effects]):
    def __missing__(self, account: str) -> Effects:
        return Counter()


@contextmanager
def sandbox_process(home: Path, *, customers: int) -> Iterator[tuple[str, str, Path]]:
    """A sandbox in a process of its own, which outlives every crash: its url, its token, a client file."""
    flags = ["--customers", str(customers), "--time-scale", str(_TIME_SCALE), "--quotas", "off", "--json"]
    command = [sys.executable, "-m", "bulkops", "sandbox", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own words
    with process:
        try:
            assert process.stdout is not None  # noqa: S101 - tells the type checker
            said = json.loads(process.stdout.readline())
            client_file = home / "client.toml"
            client_file.write_text(CLIENT_FILE)
            yield said["url"], said["token"], client_file
        finally:
            process.terminate()
