"""Connections to PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from bulkops.errors import ConfigError, JournalError
from bulkops.logs import get_logger
from bulkops.postgres.failures import describe, is_outage
from bulkops.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    import psycopg

log = get_logger("bulkops.postgres")

OUTAGE_S: Final = 90.0
"""Seconds to wait for a database that restarts or fails over, until the run ends and can be resumed. The docs promise a
minute, and a server takes a while to start."""
_TELL_AFTER_S: Final = 1.0
"""Seconds. Nothing is sent meanwhile, and a command that says nothing seems to hang."""
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 1.0
_OLDEST: Final = 140000

_CONNECT: Final = {
    "application_name": "bulkops",
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds: a host that vanishes counts as an outage, not as a slow commit
}
"""Settings of a connection, where the URL has none."""

_SETTINGS: Final = """
SELECT set_config('search_path', %s, false),
  set_config('idle_in_transaction_session_timeout', '2s', false),
  CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END,
  current_setting('server_version_num')::int
"""
"""A stopped process must not hold rows that others need, and a commit must be durable when it returns."""


_NO_SETTINGS: Final[Mapping[str, str]] = {}


def connect(database: DatabaseUrl, *, settings: Mapping[str, str] = _NO_SETTINGS) -> psycopg.Connection[Any]:
    """A connection in autocommit mode whose search path is the schema of bulkops. Blocks: call it in a thread.

    `settings`: more settings of the session.

    Raises: JournalError in words; ConfigError without psycopg.
    """
    driver = require_driver()
    try:
        return _connected(driver, database, settings)
    except driver.Error as error:
        raise describe(error, database) from None


def connect_again(
    database: DatabaseUrl,
    *,
    part: str,
    settings: Mapping[str, str] = _NO_SETTINGS,
    patience_s: float = OUTAGE_S,
    give_up: Callable[[], bool] = lambda: False,
) -> psycopg.Connection[Any]:
    """As `connect`, and waits up to `patience_s` for a database that is down, or until `give_up` says so.

    `part`: "journal" or "ledger", for the warning while it waits.
    """
    driver = require_driver()
    began, wait_s, is_told = time.monotonic(), _FIRST_WAIT_S, False
    while True:
        try:
            connection = _connected(driver, database, settings)
        except driver.Error as error:
            away_s = time.monotonic() - began
            if not is_outage(error) or give_up() or away_s + wait_s > patience_s:
                raise describe(error, database) from None
            if away_s > _TELL_AFTER_S and not is_told:
                is_told = True
                reason = describe(error, database).message
                log.warning("database.away", part=part, reason=reason, waits_up_to_s=patience_s)
        else:
            if is_told:
                log.warning("database.back", part=part, after_s=round(time.monotonic() - began, 1))
            return connection
        time.sleep(wait_s)
        wait_s = min(_LONGEST_WAIT_S, 2 * wait_s)


async def connect_async(database: DatabaseUrl) -> psycopg.AsyncConnection[Any]:
    """As `connect`, for the event loop."""
    driver = require_driver()
    try:
        conninfo = _conninfo(driver, database)
        connection: psycopg.AsyncConnection[Any] = await driver.AsyncConnection.connect(conninfo, autocommit=True)
        try:
            cursor = await connection.execute(_SETTINGS, (search_path(database),))
            _check_version(await cursor.fetchone(), database)
        except BaseException:
            await connection.close()
            raise
    except driver.Error as error:
        raise describe(error, database) from None
    return connection


def _connected(driver: Any, database: DatabaseUrl, settings: Mapping[str, str]) -> psycopg.Connection[Any]:
    connection: psycopg.Connection[Any] = driver.Connection.connect(_conninfo(driver, database), autocommit=True)
    try:
        _check_version(connection.execute(_SETTINGS, (search_path(database),)).fetchone(), database)
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    except BaseException:
        connection.close()
        raise
    return connection


def search_path(database: DatabaseUrl) -> str:
    """The search path of every connection: the schema of bulkops."""
    return f"{database.schema}, pg_temp"  # named last: a temporary table must not stand in for one of ours


def conninfo_of(database: DatabaseUrl) -> str:
    """What libpq connects with, with the password and our settings. Raises: ConfigError for an invalid URL."""
    return _conninfo(require_driver(), database)


def _conninfo(driver: Any, database: DatabaseUrl) -> str:
    try:
        given = driver.conninfo.conninfo_to_dict(database.conninfo.reveal())
    except driver.ProgrammingError as error:  # its text may repeat the URL, and its password
        detail = str(error).partition('"')[0].rstrip(": ")
        raise ConfigError(f"the database URL {database} is not valid: {detail}", remedy="correct the URL") from None
    made: str = driver.conninfo.make_conninfo(**{**_CONNECT, **given})
    return made


def _check_version(row: tuple[Any, ...] | None, database: DatabaseUrl) -> None:
    if row is None or row[-1] < _OLDEST:
        found = "of an unknown version" if row is None else row[-1] // 10000
        raise JournalError(
            f"the database {database.place} is PostgreSQL {found}, but bulkops needs 14 or newer",
            remedy="upgrade the server",
        )


def require_driver() -> Any:
    """psycopg. Raises: ConfigError when it is not installed."""
    try:
        import psycopg  # noqa: PLC0415 - an extra
        import psycopg.conninfo  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "PostgreSQL needs psycopg, which is not installed", remedy="pip install 'bulkops[postgres]'"
        ) from None
    return psycopg
