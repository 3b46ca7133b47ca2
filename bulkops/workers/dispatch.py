"""`Dispatcher`: delivers accounts to workers. `QueueDispatcher` does it with Procrastinate, in the journal's database.

A delivery may be lost, and may come twice: what counts are the claims in the journal. So a delivery ends as soon as the
worker has claimed the account, and the coordinator delivers again what no live worker has claimed.
"""

from __future__ import annotations

import asyncio
import logging
import math
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from bulkops.errors import ConfigError, JournalError
from bulkops.logs import get_logger
from bulkops.postgres import OUTAGE_S, DatabaseUrl, connect, conninfo_of, describe, is_outage, migrate, search_path

if TYPE_CHECKING:
    from procrastinate import App

log = get_logger("bulkops.workers")

PART: Final = "queue"
"""Of the tables in `versions`: those of Procrastinate, as its own SQL makes them."""

_TASK: Final = "bulkops.accounts"
_POLL_S: Final = 0.2
"""Seconds between two looks at an empty queue. A connection that listens would only save a part of them."""
_TOGETHER: Final = 8
"""Accounts in one delivery, at most: a delivery costs the worker and the database as much as all else of an account."""
_SPREAD: Final = 8
"""Deliveries that carry the accounts of one `send`, about: fewer would leave workers without a share."""
_AT_ONCE: Final = 4
"""Deliveries of a run at once in one worker. Their claims commit together."""
_AGAIN_S: Final = 1.0


class Dispatcher(Protocol):
    async def send(self, run_id: str, seqs: Sequence[int], *, again: bool = False) -> None:
        """Deliver these accounts, each to one of the workers of the run. `again`: before those that wait for their
        first delivery. Raises: JournalError."""
        ...

    async def waiting(self, run_id: str) -> set[int]:
        """Accounts that are not delivered yet."""
        ...

    async def forget(self, run_id: str) -> None:
        """Drop what was not delivered."""
        ...

    async def deliver(self, run_id: str, take: Callable[[int], Awaitable[object]]) -> None:
        """Call `take` with each account that is delivered to this worker, until cancelled."""
        ...


@attrs.frozen
class QueueDispatcher:
    """One queue for each run, so that a worker takes accounts only of runs that it can work on."""

    _app: App
    _database: DatabaseUrl
    _takers: dict[str, Callable[[int], Awaitable[object]]] = attrs.field(factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(cls, database: DatabaseUrl) -> AsyncIterator[QueueDispatcher]:
        """Connect; the tables are made when missing. Raises: JournalError; ConfigError without Procrastinate."""
        procrastinate = require_queue()
        for chatty in ("procrastinate", "psycopg.pool"):  # `deliver` logs what fails
            logging.getLogger(chatty).setLevel(logging.CRITICAL)

        async def configure(connection: Any) -> None:
            # A delivery may be lost, so none waits for the disk.
            await connection.execute(
                "SELECT set_config('search_path', %s, false), set_config('synchronous_commit', 'off', false)",
                (search_path(database),),
            )
            await connection.commit()

        await asyncio.to_thread(make_queue_tables, database)
        connector = procrastinate.PsycopgConnector(
            pool_factory=_pool,
            conninfo=conninfo_of(database),
            configure=configure,
            min_size=1,
            max_size=10,
            timeout=OUTAGE_S,
        )
        app = procrastinate.App(connector=connector)
        dispatcher = cls(app, database)

        async def accounts(run: str, seqs: list[int]) -> None:
            await dispatcher._take(run, seqs)

        app.task(name=_TASK)(accounts)
        async with app.open_async():
            yield dispatcher

    async def send(self, run_id: str, seqs: Sequence[int], *, again: bool = False) -> None:
        """See `Dispatcher.send`."""
        task = self._app.configure_task(_TASK, queue=run_id, priority=int(again))
        size = min(_TOGETHER, max(1, math.ceil(len(seqs) / _SPREAD)))
        deliveries: list[Any] = [
            {"run": run_id, "seqs": [*seqs[place : place + size]]} for place in range(0, len(seqs), size)
        ]
        await self._patiently(lambda: task.batch_defer_async(*deliveries))

    async def waiting(self, run_id: str) -> set[int]:
        """See `Dispatcher.waiting`."""
        rows = await self._patiently(
            lambda: self._app.connector.execute_query_all_async(
                "SELECT args->'seqs' AS seqs FROM procrastinate_jobs WHERE queue_name = %(run)s AND status = 'todo'",
                run=run_id,
            )
        )
        return {seq for row in rows for seq in row["seqs"] or ()}  # NULL: a job of another program

    async def forget(self, run_id: str) -> None:
        """See `Dispatcher.forget`."""
        await self._patiently(
            lambda: self._app.connector.execute_query_async(
                "DELETE FROM procrastinate_jobs WHERE queue_name = %(run)s", run=run_id
            )
        )

    async def deliver(self, run_id: str, take: Callable[[int], Awaitable[object]]) -> None:
        """See `Dispatcher.deliver`. It waits for a database that is down."""
        self._takers[run_id] = take
        try:
            while True:
                try:
                    await self._app.run_worker_async(
                        queues=[run_id],
                        concurrency=_AT_ONCE,
                        fetch_job_polling_interval=_POLL_S,
                        abort_job_polling_interval=3600.0,
                        listen_notify=False,
                        delete_jobs="always",
                        install_signal_handlers=False,
                        shutdown_graceful_timeout=1.0,
                    )
                except Exception as error:  # noqa: BLE001 - the queue is not the truth: try again
                    if (task := asyncio.current_task()) is not None and task.cancelling():
                        raise asyncio.CancelledError from None  # its end failed too, and hid the cancellation
                    log.debug("queue.failed", run=run_id, error=type(error).__name__)
                await asyncio.sleep(_AGAIN_S)
        finally:
            del self._takers[run_id]

    async def _take(self, run: str, seqs: Sequence[int]) -> None:
        take = self._takers.get(run)
        if take is not None:
            async with asyncio.TaskGroup() as claiming:
                for seq in seqs:
                    claiming.create_task(_claimed(take, seq))

    async def _patiently(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """The answer, also when the database is down for a while. Raises: JournalError."""
        from procrastinate.exceptions import ConnectorException  # noqa: PLC0415 - an extra

        for left in range(int(OUTAGE_S / _AGAIN_S), -1, -1):
            try:
                return await ask()
            except ConnectorException as error:
                cause = _driver_error(error)
                if not left or (cause is not None and not is_outage(cause)):
                    raise _in_words(cause, self._database) from None
            await asyncio.sleep(_AGAIN_S)
        return None


def make_queue_tables(database: DatabaseUrl) -> None:
    """Make the tables of the queue if they are missing. Blocks. Raises: JournalError; ConfigError."""
    procrastinate = require_queue()
    with connect(database) as connection:
        script = procrastinate.schema.SchemaManager.get_schema()
        migrate(connection, database, PART, (script,), is_own=False)


def require_queue() -> Any:
    """Procrastinate. Raises: ConfigError when it is not installed."""
    try:
        import procrastinate  # noqa: PLC0415 - an extra
        import procrastinate.schema  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "workers need Procrastinate, which is not installed", remedy="pip install 'bulkops[postgres]'"
        ) from None
    return procrastinate


async def _claimed(take: Callable[[int], Awaitable[object]], seq: int) -> None:
    await take(seq)


def _pool(**given: Any) -> Any:
    """The pool of Procrastinate, with another check of a connection before its use: without a query."""
    from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415 - an extra

    async def check(connection: Any) -> None:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):  # the server has something to say to an idle connection: mostly that it has closed it
            await pool.check()  # all of them: the pool waits ever longer after each closed one that it meets in a query
            await pool.check_connection(connection)

    pool = AsyncConnectionPool(**given | {"check": check})
    return pool


def _driver_error(error: BaseException) -> Any:
    """The error of psycopg behind an error of Procrastinate."""
    import psycopg  # noqa: PLC0415 - an extra

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, psycopg.Error):
        cause = cause.__cause__ or cause.__context__
    return cause


def _in_words(cause: Any, database: DatabaseUrl) -> JournalError:
    if cause is None:
        return JournalError(f"cannot use the queue in {database.place}", remedy="check that the server runs")
    return describe(cause, database)
