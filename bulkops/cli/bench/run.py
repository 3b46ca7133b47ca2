"""`bulkops bench`: target, operation, confirmation, the measured run, and the comparison."""

from __future__ import annotations

import json
import platform
import tempfile
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from bulkops import __version__
from bulkops.cli.bench.measure import Measure
from bulkops.cli.bench.result import SCHEMA, Result, compare, load, render
from bulkops.cli.bench.target import SANDBOX, sandbox, settings_for
from bulkops.cli.confirm import Consent
from bulkops.cli.options.values import PolicyFlags
from bulkops.cli.progress import RunProgress
from bulkops.cli.run_frame import display_for, run_shown, scope
from bulkops.cli.terminal import put, say
from bulkops.settings import Settings

if TYPE_CHECKING:
    from bulkops.events import Event
    from bulkops.operations import Operation
    from bulkops.runs import Inventory, Policy


@attrs.frozen(kw_only=True)
class Bench:
    """`operation`: a job file or FILE.py:NAME, None: harmless reads; `compared`: a file of an earlier result;
    `ratio`: how many times worse a figure may be."""

    host: str
    accounts: int
    operation: str | None
    time_scale: float
    seed: int
    policy: PolicyFlags
    as_json: bool
    yes: bool
    quiet: bool
    compared: str | None
    ratio: float

    async def play(self) -> int:
        """The exit code: that of the run, or 1 for a regression."""
        before = load(self.compared) if self.compared is not None else None
        operation = self._operation()
        if self.host == SANDBOX:
            async with sandbox(self.accounts, time_scale=self.time_scale, seed=self.seed) as settings:
                tuning = self.policy.tune(settings.tuning)
                result, code = await self._measured(operation, attrs.evolve(settings, tuning=tuning))
        else:
            result, code = await self._measured(operation, settings_for(self.host, self.policy.tune()))
        put((json.dumps(result, indent=1) if self.as_json else render(result)) + "\n", json=self.as_json)
        if before is None:
            return code
        found = compare(before, result, ratio=self.ratio, source=str(self.compared))
        for comparison in found:
            say(str(comparison))
        return code or int(any(comparison.is_worse for comparison in found))

    def _operation(self) -> Operation:
        if self.operation is None:
            from bulkops.cli.bench.target import Reads

            return Reads()
        from bulkops.runs import load_job

        return load_job(self.operation).operation

    async def _measured(self, operation: Operation, settings: Settings) -> tuple[Result, int]:
        from bulkops.client import Workato, session_of
        from bulkops.runs import Policy, select

        consent = Consent(yes=self.yes or self.host == SANDBOX, quiet=self.quiet, before="check --host and --accounts")
        consent.require_askable()
        policy = self.policy.over(Policy())
        progress, measure = RunProgress(display_for(quiet=self.quiet)), Measure()

        def observe(event: Event) -> None:
            progress.observe(event)
            measure.observe(event)

        async with Workato.from_settings(settings, observe=progress.observe) as lister:
            inventory = await select(lister, accounts="all", limit=self.accounts)
        # A separate session, so that the list of accounts is not measured.
        async with Workato.from_settings(settings, observe=observe) as workato:
            title = f"throughput run: {operation.title}" + (" (changes nothing)" if self.operation is None else "")
            await consent.ask(scope(policy, count=len(inventory), host=settings.url, title=title))
            began, cpu = time.monotonic(), time.process_time()
            with tempfile.TemporaryDirectory(prefix="bulkops-bench-") as journal:
                report = await run_shown(
                    operation, inventory, workato, progress, policy=policy, journal=journal, observe=observe
                )
            seconds, cpu_s = time.monotonic() - began, time.process_time() - cpu
            quotas = measure.by_quota(session_of(workato).quotas, share=settings.tuning.share)
        requests = measure.requests
        figures: dict[str, Any] = {
            "seconds": round(seconds, 3),
            "accounts_per_s": round(len(inventory) / seconds, 3),
            "requests": requests,
            "requests_per_s": round(requests / seconds, 3),
            "requests_per_account": round(requests / max(1, len(inventory)), 3),
            "refused": sum(quota["refused"] for quota in quotas.values()),
            "cpu_ms_per_request": round(1000 * cpu_s / max(1, requests), 4),
            "latency_s": measure.latencies(),
            "outcomes": {outcome.value: count for outcome, count in report.outcomes.items()},
            "quotas": quotas,
        }
        return self._about(operation, inventory, policy) | figures, report.exit_code

    def _about(self, operation: Operation, inventory: Inventory, policy: Policy) -> Result:
        """What was measured, where and with what."""
        return {
            "schema": SCHEMA,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "bulkops": __version__,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            "host": self.host,
            "time_scale": self.time_scale if self.host == SANDBOX else None,
            "operation": operation.title,
            "accounts": len(inventory),
            "concurrency": policy.concurrency,
        }
