"""The checks of `bulkops doctor`, each a list of findings."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from bulkops import __version__
from bulkops.catalogue import ACCOUNT, CALLS, QUOTAS, Call
from bulkops.cli.click_ext import WEBHOOK_VARIABLE
from bulkops.cli.doctor.findings import Finding
from bulkops.cli.doctor.write_rights import check_writes_of, fields, untold
from bulkops.cli.terminal import counted
from bulkops.client import Workato, session_of
from bulkops.errors import (
    ApiError,
    BulkopsError,
    JournalError,
    RunLocked,
    TransportError,
    Unauthorized,
)
from bulkops.forecast import by_quota
from bulkops.hosts import TOKEN_VARIABLE
from bulkops.journal import Journal, Location
from bulkops.models import Customer
from bulkops.runs import Job, hold_credential, load_job, workspace_of
from bulkops.runs.identity import ME
from bulkops.session import Reply, RequestContext, decode_list, webhook_address
from bulkops.settings import HOST_VARIABLE, Settings, Tuning

if TYPE_CHECKING:
    from bulkops.journal import Location
    from bulkops.operations import Operation

__all__ = ["Finding", "examine"]


MIN_FREE_BYTES: Final = 200 * 1024 * 1024
"""A journal takes about 10 KB an account; this is room for twenty thousand."""

MAX_SKEW_S: Final = 10.0
"""Seconds. Dates in reports and in the vendor's logs should be comparable."""

PATIENCE_S: Final = 10.0
"""Seconds per request. A run waits far longer."""

_LIST: Final = "managed_users.list"
_WITHOUT_A_JOB: Final = ("managed_users.folders.list", "managed_users.recipes.list", "managed_users.connections.list")
"""Calls that every built-in operation makes."""


async def examine(
    job_name: str | None, *, journal: Location, client_file: str | None, check_writes: bool
) -> AsyncIterator[Finding]:
    """One finding after the other, the cheap ones first. Sends at most one request a call looked at.

    `client_file` None: the job's, if it names one. Nothing is sent when settings are missing, or while a run uses the
    quotas.
    """
    yield _versions()
    if journal.directory is not None:
        for finding in _disk(journal.directory):
            yield finding
    yield await _journal(journal)
    if address := os.environ.get(WEBHOOK_VARIABLE):
        yield _webhook(address)
    job: Job | None = None
    if job_name is not None:
        try:
            job = load_job(job_name)
        except BulkopsError as error:
            yield Finding.of("job", error)
        else:
            yield Finding("job", "ok", f"{job_name}: {job.operation.title}")
    operation = job.operation if job is not None else None
    client_file = client_file or (job.policy.get("client_file") if job is not None else None)
    try:
        tuning = Tuning.beside(client_file)
        yield _quotas(tuning, operation)
        settings = Settings.from_env(tuning=tuning)
    except BulkopsError as error:
        yield Finding.of("settings", error)
        return
    yield Finding("settings", "ok", f"{settings.url} ({_source(HOST_VARIABLE)}), a token from {TOKEN_VARIABLE}")
    async for finding in _vendor(settings, operation, journal, check_writes=check_writes):
        yield finding


def _versions() -> Finding:
    parts = [f"bulkops {__version__}", f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    parts += [f"{name} {version(name)}" for name in ("aiohttp", "anyio", "msgspec")]
    return Finding("versions", "ok", ", ".join(parts))


def _webhook(address: str) -> Finding:
    """Check the webhook's URL without sending a request to it."""
    try:
        webhook_address(address)
    except BulkopsError as error:
        return Finding.of("webhook", error)
    return Finding("webhook", "ok", f"the URL in {WEBHOOK_VARIABLE} is valid; nothing was sent to it")


def _disk(journal: Path) -> Iterator[Finding]:
    """Whether the journal can be written: in its directory, or where that would be made."""
    place = journal.absolute()
    while not os.access(place, os.F_OK):
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK) or not place.is_dir():
        yield Finding("disk", "fix", f"cannot write in {place}", "choose another --journal DIR")
        return
    free = shutil.disk_usage(place).free
    says = f"{free / 2**30:.1f} GiB free at {place}"
    if free < MIN_FREE_BYTES:
        yield Finding("disk", "fix", says, f"free {MIN_FREE_BYTES >> 20} MiB, or choose another --journal DIR")
    else:
        yield Finding("disk", "ok", says)


async def _journal(location: Location) -> Finding:
    if not location.exists():
        return Finding("journal", "ok", f"the first run creates {location}")
    try:
        async with Journal.open(location, read_only=True) as journal:
            runs = len(await journal.list_runs())
            unfinished = await journal.newest_unfinished()
            busy = unfinished is not None and await journal.is_locked(unfinished.run_id)
    except JournalError as error:
        return Finding.of("journal", error)
    says = f"{counted(runs, 'run')} in {location}"
    if unfinished is None or busy:
        return Finding("journal", "ok", says)
    return Finding(
        "journal",
        "note",
        f"{says}; {unfinished.run_id} is unfinished",
        f"bulkops resume {unfinished.run_id}{location.flag}",
    )


def _quotas(tuning: Tuning, operation: Operation | None) -> Finding:
    """Source of the quotas, and the accounts per hour that they permit the job."""
    if tuning.unlimited:
        return Finding("quotas", "note", "the client file removes every limit", "use such a file with a sandbox only")
    source = f"{len(tuning.quotas)} of {len(QUOTAS)} from the client file" if tuning.quotas else "as documented"
    if tuning.share < 1:
        source += f", {tuning.share:.0%} of each used"
    tightest = _tightest(tuning, _costs(operation)[1]) if operation is not None else None
    if tightest is None:
        return Finding("quotas", "ok", source)
    quota, seconds = tightest
    return Finding("quotas", "ok", f"{source}; {quota} permits at most {3600 / seconds:,.0f} accounts an hour")


def _costs(operation: Operation) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Requests of an account that is already done, and of one that needs everything."""
    from bulkops.operations.foreseen import Foreseen

    return operation.look_cost(Foreseen()), operation.cost(Foreseen())


def _tightest(tuning: Tuning, cost: Mapping[str, float]) -> tuple[str, float] | None:
    """The quota that bounds the job, and the seconds that it makes each account take; None when none is known."""
    requests = by_quota({call_id: count for call_id, count in cost.items() if call_id in CALLS})
    seconds = {
        quota: count * limit.window_s / (limit.requests * tuning.share)
        for quota, count in requests.items()
        for limit in tuning.quotas.get(quota, QUOTAS.get(quota, ()))
        if limit.key is None  # counted apart for each account: it does not bound the fleet
    }
    return max(seconds.items(), key=lambda item: item[1], default=None)


@asynccontextmanager
async def alone_on_credential(settings: Settings, journal: Location) -> AsyncIterator[Workato]:
    """A client that gives up early on a host that does not answer. Raises: RunLocked; JournalError."""
    patience_s = min(PATIENCE_S, settings.tuning.call_timeout_s)
    settings = attrs.evolve(settings, tuning=attrs.evolve(settings.tuning, call_timeout_s=patience_s))
    async with (
        Workato.from_settings(settings) as workato,
        hold_credential(session_of(workato), "of bulkops doctor", journal=journal),
    ):
        yield workato


async def _vendor(
    settings: Settings, operation: Operation | None, journal: Location, *, check_writes: bool
) -> AsyncIterator[Finding]:
    """Token, clock and rights, as far as reads show them."""
    try:
        async with alone_on_credential(settings, journal) as workato:
            async for finding in _asked(workato, operation, check_writes=check_writes):
                yield finding
    except RunLocked as error:
        yield Finding("vendor", "note", f"not checked: {error.message}", "run doctor again when that run has ended")
    except JournalError as error:
        yield Finding.of("vendor", error)


async def _asked(workato: Workato, operation: Operation | None, *, check_writes: bool) -> AsyncIterator[Finding]:
    scope = RequestContext(read_only=True)
    try:
        reply = await session_of(workato).send(CALLS[_LIST], scope=scope, query={"page": 1, "per_page": 100})
        customers = decode_list(reply, Customer)
    except Unauthorized as error:
        yield Finding.of("token", error)
        return
    except ApiError as error:
        if isinstance(error, TransportError):
            yield Finding("vendor", "fix", error.message, error.remedy or f"check {HOST_VARIABLE} and the network")
        else:
            yield Finding.of("rights", error)
        return
    yield Finding("token", "ok", "the vendor accepts it")
    yield _clock(scope.server_date, reply)
    yield Finding(
        "accounts", "ok", f"{len(customers)}{' or more' if len(customers) >= 100 else ''} at {workato.settings.url}"
    )
    yield await _workspace(workato)
    needed = (
        _WITHOUT_A_JOB
        if operation is None
        else tuple(dict.fromkeys(call for cost in _costs(operation) for call in cost))
    )
    if customers:
        for call in _readable(needed):
            yield await _try_call(workato, call, str(customers[0].id))
    writes = [call_id for call_id in needed if call_id in CALLS and not CALLS[call_id].is_read]
    told = check_writes_of(workato, writes) if check_writes else untold(writes)
    async for finding in told:
        yield finding


async def _workspace(workato: Workato) -> Finding:
    """The token's workspace, which resume, retry and undo compare with the run's."""
    try:
        workspace = await workspace_of(workato)
    except ApiError as error:
        return Finding.of("workspace", error)
    if workspace is None:
        return Finding(
            "workspace",
            "note",
            "unknown: this token may not read it, so resume, retry and undo cannot check that it is the run's",
            f"allow the API client's role {CALLS[ME].path}",
        )
    return Finding("workspace", "ok", f"the token belongs to workspace {workspace}")


def _readable(needed: tuple[str, ...]) -> list[Call]:
    """Reads that need nothing but an account."""
    calls = [CALLS[call_id] for call_id in needed if call_id in CALLS]
    return [call for call in calls if call.is_read and fields(call.path) == {ACCOUNT}]


async def _try_call(workato: Workato, call: Call, account: str) -> Finding:
    try:
        scope = RequestContext(account=account, read_only=True)
        await session_of(workato).send(call, scope=scope, path={ACCOUNT: account})
    except ApiError as error:
        return Finding.of("rights", error)
    return Finding("rights", "ok", f"{call.id} answers for account {account}")


def _clock(server_date: str | None, reply: Reply) -> Finding:
    """By the reply's Date header, which has whole seconds and was written while the reply was on its way."""
    try:
        there = parsedate_to_datetime(server_date or "").replace(tzinfo=UTC)
    except ValueError:
        return Finding("clock", "note", "the response has no readable Date header", "check the clock by hand")
    off_by_s = (datetime.now(UTC) - there).total_seconds()
    if abs(off_by_s) <= MAX_SKEW_S + reply.elapsed_s:
        return Finding("clock", "ok", f"within {MAX_SKEW_S:g} s of the vendor's")
    word = "ahead of" if off_by_s > 0 else "behind"
    return Finding("clock", "fix", f"this clock is {abs(off_by_s):.0f} s {word} the vendor's", "set the clock (NTP)")


def _source(variable: str) -> str:
    return variable if os.environ.get(variable) else "default"
