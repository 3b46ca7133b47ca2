"""One error of each class as a user meets it: made by the code that makes it, on this machine alone.

Those of `WITHOUT_EXAMPLE` have none. Addresses and ids that differ each time are replaced.
"""

from __future__ import annotations

import asyncio
import functools
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs

import bulkops
from bulkops.client import Account, session_of
from bulkops.errors import BulkopsError, OutcomeUnknown
from bulkops.journal import Journal
from bulkops.operations import StartRecipes, UpgradePlan
from bulkops.operations.restore import check_same, describe
from bulkops.runs import read_accounts
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.session import RequestContext
from bulkops.settings import Settings, Tuning

WITHOUT_EXAMPLE: Final = frozenset(
    {"BulkopsError", "ApiError", "TransportError", "RunError", "ReaderGone", "ProcessReplaced"}
)
"""Bases, one that ends a run without a failure, and one that needs a database."""

_TOKEN: Final = "wrkaus-example"  # noqa: S105 - of nobody
_HOST: Final = "https://www.workato.com"
_ONCE: Final = Tuning(unlimited=True, max_rate=None, backoff_base_s=1e9, backoff_cap_s=1e9, max_body_bytes=1000)
"""No backoff is short enough for a second attempt, and the first one may take its time."""
_QUICK: Final = attrs.evolve(_ONCE, backoff_base_s=0.001, backoff_cap_s=0.001)
_IMPATIENT: Final = attrs.evolve(_ONCE, attempt_timeout_s=0.1)

_ANSWERS: Final = {
    "BadRequest": (400, b'{"message": "can\'t modify running recipe"}'),
    "Unauthorized": (401, b'{"message": "Unauthorized"}'),
    "Forbidden": (403, b'{"message": "Access denied"}'),
    "NotFound": (404, b'{"message": "Not found"}'),
    "Conflict": (409, b'{"message": "is being changed by somebody else"}'),
    "Invalid": (422, b'{"errors": {"name": ["is too long"]}}'),
    "RateLimited": (429, b'{"message": "Too many requests"}'),
    "ServerError": (500, b'{"id": "5b7c", "message": "Internal server error"}'),
    "StatusError": (200, b'{"success": false, "message": "the plan does not allow it"}'),
    "DecodeError": (200, b'{"id": "seven", "name": "Acme"}'),
    "BodyTooLarge": (200, b'{"id": 7, "name": "' + b"x" * 2000 + b'"}'),
}


@functools.cache
def examples() -> Mapping[str, BulkopsError]:
    """By class name. Takes about a second; sends nothing beyond this machine."""
    return asyncio.run(_examples())


def shown(text: str) -> str:
    """Without what is another each time."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", _HOST, text)
    text = re.sub(r"\b\d{8}-\d{6}-\w{4}\b", "RUN", text)
    text = re.sub(r"attempt \d+, request [0-9a-f]{8}-", "attempt 1, request 3f2a91c4-", text)
    text = re.sub(r"in \d+\.\d s", "in 1.2 s", text)
    text = re.sub(r"process \d+", "process 4711", text)
    return re.sub(r"/\S*/bulkops-errors-\w+", "/home/ana/rollout", text)


async def _examples() -> dict[str, BulkopsError]:
    found = {name: await _of_answer(*answer) for name, answer in _ANSWERS.items()}
    found |= {
        "ConnectFailed": await _of_handler(None),
        "ConnectionLost": await _of_handler(_cut),
        "RequestTimeout": await _of_handler(_silent, tuning=_IMPATIENT),
        "OutcomeUnknown": await _of_handler(_cut, creates=True),
    }
    with tempfile.TemporaryDirectory(prefix="bulkops-errors-") as home:
        place = Path(home)
        found |= {
            "ConfigError": _caught(lambda: Settings.from_env(environ={})),
            "InputError": _caught(lambda: read_accounts(_written(place / "accounts.csv", "id\n4100231\nAcme Ltd\n"))),
            "PlanError": _caught(lambda: read_accounts(_written(place / "twice.csv", "id\n7\n8\n7\n"))),
            "JournalMismatch": _caught(
                lambda: check_same(UpgradePlan(plan_id="b"), describe(UpgradePlan(plan_id="a")))
            ),
            "JournalError": await _awaited(_open_journal(place / "nowhere")),
            "JournalCorrupt": await _awaited(_open_journal(await _damaged(place / "damaged"))),
            **await _of_a_run(place / "journal"),
        }
    return found


# -- the API's ----------------------------------------------------------------------------------------------------

_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _of_answer(status: int, body: bytes) -> BulkopsError:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(f"{head}\r\n".encode() + body)

    return await _of_handler(answer, tuning=_QUICK if status == 429 else _ONCE)


async def _cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _of_handler(handler: _Handler | None, *, creates: bool = False, tuning: Tuning = _ONCE) -> BulkopsError:
    """What a client raises whose server does this; None: nobody listens."""
    async with _listening(handler) as url, bulkops.Workato(token=_TOKEN, host=url, tuning=tuning) as workato:
        account = workato.account(4100231)
        return await _awaited(account.folders.create("CRM") if creates else workato.customers.get(4100231))


@asynccontextmanager
async def _listening(handler: _Handler | None) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if handler is not None:
                await handler(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    if handler is None:
        server.close()
    try:
        yield url
    finally:
        server.close()


# -- those of runs and the journal --------------------------------------------------------------------------------


async def _of_a_run(directory: Path) -> dict[str, BulkopsError]:
    found: dict[str, BulkopsError] = {}

    async def start(ctx: bulkops.Context) -> None:
        found["TaskUnknown"] = await _awaited(_lost(ctx))
        found["TaskFailed"] = await _awaited(StartRecipes(folder="CRM").apply(ctx))
        raise found["TaskFailed"]

    async with Sandbox(SandboxSettings(customers=1, time_scale=1000, quotas="off")) as vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")
        async with bulkops.Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
            planned = Account(session_of(workato), RequestContext(account="4100231", read_only=True))
            found["WouldChange"] = await _awaited(planned.folders.create("CRM"))
            failed = await bulkops.run(start, accounts=[4100231], workato=workato, journal=directory)
            stopped = bulkops.StopSignal()
            stopped.drain()
            halted = await bulkops.run(start, accounts=[4100231], workato=workato, journal=directory, stop=stopped)
    found["RunFailed"] = _caught(failed.raise_for_failures)
    found["RunAborted"] = _caught(halted.raise_for_failures)
    async with Journal.open(directory) as journal, journal.lock_run(failed.run_id):
        found["RunLocked"] = await _awaited(_lock(journal, failed.run_id))
    return found


async def _lock(journal: Journal, run_id: str) -> None:
    async with journal.lock_run(run_id):
        pass


async def _lost(ctx: bulkops.Context) -> None:
    async def send() -> None:
        raise OutcomeUnknown("the line went dead", call="", method="POST", path="/api/keys")

    await ctx.step("create-key", send, check="look at the account's keys")


async def _open_journal(directory: Path) -> None:
    async with Journal.open(directory, read_only=True) as journal:
        await journal.list_runs()


async def _damaged(directory: Path) -> Path:
    async with Journal.open(directory):
        pass
    file = directory / "journal.sqlite3"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    return directory


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _caught(call: Callable[[], object]) -> BulkopsError:
    try:
        call()
    except BulkopsError as error:
        return error
    raise AssertionError("this should have failed")


async def _awaited(awaitable: Awaitable[object]) -> BulkopsError:
    try:
        await awaitable
    except BulkopsError as error:
        return error
    raise AssertionError("this should have failed")
