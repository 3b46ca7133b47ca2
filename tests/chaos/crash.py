"""The crash kit on the main job: a sandbox, the job, patient settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bulkops.testing.crashing import CLIENT_FILE, CrashKit, CrashResult
from tests.fleet import SECRETS, SandboxProcess, fleet

ROOT = Path(__file__).parents[2]


@contextmanager
def crashing(home: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[CrashBench]:
    for name, value in (SECRETS | {"PYTHONPATH": str(ROOT)}).items():
        monkeypatch.setenv(name, value)
    with fleet(home, customers=4000, time_scale=400, quotas="off", **options) as vendor:
        vendor.client_file.write_text(CLIENT_FILE)
        vendor.rollout_command()  # writes the job file
        yield CrashBench(vendor, home)


class CrashBench:
    """Runs kits one after the other on accounts that none of them had before."""

    def __init__(self, vendor: SandboxProcess, home: Path) -> None:
        self._vendor = vendor
        self._home = home
        self._next = 4100231
        self._kits = 0

    def run(self, *, job: Path | None = None, **options: Any) -> CrashResult:
        """One kit with these options (see CrashKit), on the main job or another; its table is printed."""
        self._kits += 1
        kit = CrashKit(
            job=str(job or self._home / "crm-v1.toml"),
            url=self._vendor.url,
            token=self._vendor.token,
            client_file=self._vendor.client_file,
            home=self._home / f"kit-{self._kits}",
            **options,
        )
        result = kit.run([str(self._next + number) for number in range(1500)])
        self._next += result.used
        print(f"{options}\n{result.table()}")
        return result
