"""C7: when nothing new may start, accounts without an effect are let go at once; those that have begun finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

import bulkops
from bulkops import Outcome, Policy, TaskFailed, Workato
from bulkops.client import scope_of
from bulkops.events import AccountEnded, AccountStarted, Event
from bulkops.journal import Journal, RunState, StepState
from bulkops.operations import Operation
from bulkops.operations.foreseen import Foreseen
from bulkops.outcome import TROUBLED
from bulkops.rate_limit import Limit
from bulkops.report import Report
from bulkops.runs import StopSignal
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Settings, Tuning
from bulkops.steps import log_of

pytestmark = pytest.mark.timeout(60)

IDS = [str(4100231 + n) for n in range(30)]
BEGUN = 4
"""Accounts that have begun an effect when the run halts: the first ones of the inventory."""
FOLDERS = "assumed.customer.folders"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=len(IDS), time_scale=400, quotas="off")) as running:
        yield running


def touched(sandbox: Sandbox) -> set[str]:
    return {str(effect["account"]) for effect in sandbox.effects()}


def client(sandbox: Sandbox, **tuning: Any) -> Workato:
    made = Tuning.from_toml(sandbox.client_file, source="client file")
    return Workato(token=sandbox.token, host=sandbox.url, tuning=attrs.evolve(made, **tuning))


class TwoFolders(Operation):
    """A read, then two effects. Only the first accounts get that far before `halted`; the others are kept reading.

    `cause`: called when so many have begun and all others have read.
    """

    name: ClassVar[str] = "two-folders"

    def __init__(self, cause: Callable[[], object] = lambda: None, *, begun: int = BEGUN) -> None:
        self.cause = cause
        self.begun = begun
        self.halted = asyncio.Event()
        self._ready = 0

    def parameters(self) -> dict[str, Any]:
        return {}

    def cost(self, foreseen: Foreseen) -> dict[str, float]:
        return {"managed_users.folders.list": 1, "managed_users.folders.create": 2}

    async def apply(self, ctx: bulkops.Context) -> None:
        await ctx.account.folders.list().collect()
        if scope_of(ctx.account).seq >= self.begun and not self.halted.is_set():
            self._is_ready()
            await asyncio.sleep(3600)
        await ctx.step("first", lambda: self.create(ctx, "first"))
        self._is_ready()
        await self.halted.wait()
        await ctx.step("second", lambda: self.create(ctx, "second"))

    def _is_ready(self) -> None:
        self._ready += 1
        if self._ready == len(IDS) and not self.halted.is_set():
            self.cause()

    @staticmethod
    async def create(ctx: bulkops.Context, name: str) -> dict[str, int]:
        return {"id": (await ctx.account.folders.create(name)).id}

    def observe(self, event: Event) -> None:
        if getattr(event, "state", None) == "draining":
            self.halted.set()


def check_let_go(report: Report, sandbox: Sandbox, reason: str, *, changed: int = BEGUN, failed: int = 0) -> None:
    outcomes = report.outcomes
    assert (outcomes[Outcome.CHANGED], outcomes[Outcome.FAILED]) == (changed, failed), str(report)
    assert outcomes[Outcome.NOT_ATTEMPTED] == len(IDS) - changed - failed
    assert touched(sandbox) == set(IDS[:changed])
    assert reason in (report.reason or "")
    rows = [row for row in report.accounts if row.outcome == "not_attempted" and row.reason is not None]
    assert {row.reason for row in rows} <= {report.reason}


async def check_resumed(operation: object, sandbox: Sandbox, workato: Workato, journal: Path, effects: int = 2) -> None:
    done = await bulkops.Fleet(workato, journal=journal).resume(operation=operation)
    assert done is not None
    assert done.outcomes[Outcome.CHANGED] == len(IDS), str(done)
    assert len(sandbox.effects()) == effects * len(IDS)


async def test_a_first_interrupt(sandbox: Sandbox, tmp_path: Path) -> None:
    control = StopSignal()
    operation = TwoFolders(control.drain)
    async with client(sandbox) as workato:
        report = await bulkops.run(
            operation, accounts=IDS, workato=workato, journal=tmp_path, stop=control, observe=operation.observe
        )
        assert (report.state, report.exit_code) == (RunState.INTERRUPTED, 130)
        check_let_go(report, sandbox, "interrupted")
        await check_resumed(operation, sandbox, workato, tmp_path)


async def test_the_deadline_of_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    operation = TwoFolders()
    async with client(sandbox, run_timeout_s=1.5) as workato:
        report = await bulkops.run(
            operation, accounts=IDS, workato=workato, journal=tmp_path, observe=operation.observe
        )
    assert (report.state, report.exit_code) == (RunState.HALTED, 3)
    check_let_go(report, sandbox, "deadline")


async def test_the_deadline_waits_for_nobody_when_the_api_is_silent(sandbox: Sandbox, tmp_path: Path) -> None:
    """An account that has begun is not waited for without end: it is cancelled, and resume goes on."""
    operation = TwoFolders()  # whose halt is not told: the accounts that have begun never end
    async with client(sandbox, run_timeout_s=3, attempt_timeout_s=0.5) as workato:
        report = await bulkops.run(operation, accounts=IDS, workato=workato, journal=tmp_path)
        assert report.state is RunState.HALTED
        assert report.outcomes[Outcome.CANCELLED] == BEGUN, str(report)
        operation.halted.set()
        await check_resumed(operation, sandbox, workato, tmp_path)


@pytest.mark.parametrize(("policy", "words"), [({"max_failures": 0}, "more than the 0"), ({"breaker": 1}, "in a row")])
async def test_limit_and_breaker(sandbox: Sandbox, tmp_path: Path, policy: dict[str, Any], words: str) -> None:
    class OneFails(TwoFolders):
        async def apply(self, ctx: bulkops.Context) -> None:
            if scope_of(ctx.account).seq == len(IDS) - 1 and not self.halted.is_set():
                self._is_ready()
                await failing.wait()
                raise TaskFailed("it does not want to", failure_class="unwilling")
            await super().apply(ctx)

    failing = asyncio.Event()
    operation = OneFails(failing.set)
    async with client(sandbox) as workato:
        report = await bulkops.run(
            operation,
            accounts=IDS,
            workato=workato,
            journal=tmp_path,
            observe=operation.observe,
            policy=Policy(**policy),
        )
    assert (report.state, report.exit_code) == (RunState.HALTED, 3)
    check_let_go(report, sandbox, words, failed=1)


class OneFolder(Operation):
    """One effect with a probe, of which every request meets `faults`."""

    name: ClassVar[str] = "one-folder"

    def __init__(self, sandbox: Sandbox, faults: str | None) -> None:
        self.sandbox = sandbox
        self.faults = faults

    def parameters(self) -> dict[str, Any]:
        return {}

    async def apply(self, ctx: bulkops.Context) -> None:
        async def probe(_: object) -> dict[str, int] | None:
            found = await ctx.account.folders.find("A")
            return None if found is None else {"id": found.id}

        self.sandbox.set_faults(self.faults)
        await ctx.step("make", lambda: TwoFolders.create(ctx, "A"), probe=probe)


async def test_the_breaker_halts_a_resume_of_unknown_accounts_in_an_outage(sandbox: Sandbox, tmp_path: Path) -> None:
    short = {"server_timeout_s": 0.01, "call_timeout_s": 0.3, "backoff_base_s": 0.01, "backoff_cap_s": 0.05}
    async with client(sandbox, **short) as workato:
        report = await bulkops.run(
            OneFolder(sandbox, "reset=1"),
            accounts=IDS[:4],
            workato=workato,
            journal=tmp_path,
            policy=Policy(breaker=None, concurrency=1),
        )
        assert report.outcomes[Outcome.UNKNOWN] == 4, str(report)
        sandbox.set_faults(None)
        fleet = bulkops.Fleet(workato, journal=tmp_path, policy=Policy(breaker=2, concurrency=1))
        again = await fleet.resume(operation=OneFolder(sandbox, "error=1"))
        assert again is not None
        assert again.state == RunState.HALTED
        assert "2 accounts in a row ended with one cause: outcome-unknown" in str(again.reason)


async def test_a_token_that_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """Those that have begun cannot finish without a token: they are cancelled, every effect known."""

    class Refused(TwoFolders):
        async def apply(self, ctx: bulkops.Context) -> None:
            if scope_of(ctx.account).seq == len(IDS) - 1 and not self.halted.is_set():
                self._is_ready()
                await revoked.wait()
                await ctx.account.folders.list().collect()
            await super().apply(ctx)

    revoked = asyncio.Event()

    def revoke() -> None:
        sandbox.set_token("another")
        revoked.set()

    old = sandbox.token
    operation = Refused(revoke)
    async with client(sandbox) as workato:
        report = await bulkops.run(
            operation, accounts=IDS, workato=workato, journal=tmp_path, observe=operation.observe
        )
    assert (report.state, report.exit_code) == (RunState.AUTH_FAILED, 4)
    outcomes = report.outcomes
    assert (outcomes[Outcome.CANCELLED], outcomes[Outcome.NOT_ATTEMPTED]) == (BEGUN, len(IDS) - BEGUN), str(report)
    sandbox.set_token(old)
    async with client(sandbox) as workato:
        await check_resumed(operation, sandbox, workato, tmp_path)


async def test_a_gate_lets_nothing_of_the_next_wave_begin(sandbox: Sandbox, tmp_path: Path) -> None:
    async def no(_: object) -> bool:
        return False

    operation = TwoFolders()
    operation.halted.set()
    async with client(sandbox) as workato:
        report = await bulkops.run(
            operation, accounts=IDS, workato=workato, journal=tmp_path, policy=Policy(waves="4,rest"), check=no
        )
    assert (report.state, report.exit_code) == (RunState.HALTED, 3)
    check_let_go(report, sandbox, "check after wave 1 of 2 failed")


async def test_an_account_whose_intent_is_being_written_has_begun(sandbox: Sandbox, tmp_path: Path) -> None:
    """The halt comes between the intent and its commit: the effect happens, and is known."""
    control = StopSignal()

    async def one(ctx: bulkops.Context) -> None:
        def halt() -> None:
            if log_of(ctx).unresolved is None:  # the intent has not been handed to the journal yet
                asyncio.get_running_loop().call_soon(halt)
            else:
                control.drain()

        halt()
        await ctx.step("first", lambda: TwoFolders.create(ctx, "first"))

    async with client(sandbox) as workato:
        report = await bulkops.run(one, accounts=IDS[:1], workato=workato, journal=tmp_path, stop=control)
    assert report.outcomes[Outcome.CHANGED] == 1, str(report)
    assert touched(sandbox) == {IDS[0]}


async def test_an_effect_that_may_have_happened_is_not_given_up(sandbox: Sandbox, tmp_path: Path) -> None:
    """A step may act elsewhere than at the API: whatever does not wait for a quota may have acted."""
    control = StopSignal()
    halted = asyncio.Event()

    async def elsewhere() -> bool:
        asyncio.get_running_loop().call_later(0.3, halted.set)  # later than a halt looks again
        control.drain()
        await halted.wait()
        return True

    async def one(ctx: bulkops.Context) -> None:
        await ctx.step("elsewhere", elsewhere)

    async with client(sandbox) as workato:
        report = await bulkops.run(one, accounts=IDS[:1], workato=workato, journal=tmp_path, stop=control)
    assert report.outcomes[Outcome.CHANGED] == 1, str(report)


@pytest.mark.parametrize("in_step", [True, False])
async def test_an_effect_whose_request_waits_for_its_quota_is_given_up(
    sandbox: Sandbox, tmp_path: Path, in_step: bool
) -> None:
    """Its intent is written, and nothing has left: waiting a minute for a slot only to begin would be no halt."""
    control = StopSignal()
    intents = 0

    async def one(ctx: bulkops.Context) -> None:
        nonlocal intents
        intents += 1
        if intents == 3:
            asyncio.get_running_loop().call_later(0.3, control.drain)
        if in_step:
            await ctx.step("first", lambda: TwoFolders.create(ctx, "first"))
        else:
            await TwoFolders.create(ctx, "first")

    settings = Settings.from_env(environ={"WORKATO_API_TOKEN": sandbox.token, "WORKATO_HOST": sandbox.url})
    tuning = Tuning(quotas={FOLDERS: (Limit(1, 600.0),)})
    began = asyncio.get_running_loop().time()
    async with Workato.from_settings(attrs.evolve(settings, tuning=tuning)) as workato:
        report = await bulkops.run(one, accounts=IDS[:3], workato=workato, journal=tmp_path, stop=control)
    assert asyncio.get_running_loop().time() - began < 60
    assert report.state is RunState.INTERRUPTED
    assert (report.outcomes[Outcome.CHANGED], report.outcomes[Outcome.NOT_ATTEMPTED]) == (1, 2), str(report)
    async with Journal.open(tmp_path, read_only=True) as journal:
        for seq in (1, 2):
            steps = await journal.steps(report.run_id, seq)
            assert [row.state for row in steps.values()] == [StepState.FAILED]


async def test_a_resumed_account_with_an_effect_finishes(sandbox: Sandbox, tmp_path: Path) -> None:
    first = TwoFolders()
    async with client(sandbox, run_timeout_s=0.5, attempt_timeout_s=0.5) as workato:
        await bulkops.run(first, accounts=IDS, workato=workato, journal=tmp_path)
    control = StopSignal()
    again = TwoFolders(control.drain)
    async with client(sandbox) as workato:
        report = await bulkops.Fleet(workato, journal=tmp_path, stop=control, observe=again.observe).resume(
            operation=again
        )
    assert report is not None
    check_let_go(report, sandbox, "interrupted")


async def test_on_halt_stop_leaves_a_chain_between_its_operations(sandbox: Sandbox, tmp_path: Path) -> None:
    control = StopSignal()
    first, second = TwoFolders(control.drain), Second()
    chain = first >> second
    async with client(sandbox) as workato:
        report = await bulkops.run(
            chain,
            accounts=IDS,
            workato=workato,
            journal=tmp_path,
            stop=control,
            observe=first.observe,
            policy=Policy(on_halt="stop"),
        )
        assert report.exit_code == 130
        cancelled = [row for row in report.accounts if row.outcome == "cancelled"]
        assert [row.account for row in cancelled] == IDS[:BEGUN]
        assert {row.reason for row in cancelled} == {"stopped between operations: interrupted"}
        assert {row.remedy for row in cancelled} == {"`bulkops resume` continues"}
        assert len(sandbox.effects()) == 2 * BEGUN
        await check_resumed(chain, sandbox, workato, tmp_path, effects=3)


class Second(Operation):
    name: ClassVar[str] = "third-folder"

    async def apply(self, ctx: bulkops.Context) -> None:
        await ctx.step("third", lambda: TwoFolders.create(ctx, "third"))


@pytest.mark.parametrize("limit", [0, 3, "20%"])
async def test_strict_failures_are_never_overshot(sandbox: Sandbox, tmp_path: Path, limit: int | str) -> None:
    allowed = 6 if limit == "20%" else int(limit)
    started: set[str] = set()
    failed = 0
    worst: list[int] = []

    def observe(event: Event) -> None:
        nonlocal failed
        if isinstance(event, AccountStarted):
            started.add(event.account)
            worst.append(failed + len(started))
        elif isinstance(event, AccountEnded):
            started.discard(event.account)
            failed += event.outcome in TROUBLED

    async def fails_late(ctx: bulkops.Context) -> None:
        await ctx.step("first", lambda: TwoFolders.create(ctx, "first"))
        if scope_of(ctx.account).seq % 2:
            raise TaskFailed("it does not want to", failure_class="unwilling")

    async with client(sandbox) as workato:
        report = await bulkops.run(
            fails_late,
            accounts=IDS,
            workato=workato,
            journal=tmp_path,
            observe=observe,
            policy=Policy(max_failures=limit, strict_failures=True),
        )
    assert report.exit_code == 3
    assert report.outcomes[Outcome.FAILED] == allowed + 1
    assert max(worst) == allowed + 1, "even if all that are in progress failed, the limit would hold but for one"
