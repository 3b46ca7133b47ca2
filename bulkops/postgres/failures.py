"""Errors of PostgreSQL in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkops.errors import JournalError
from bulkops.masking import masked
from bulkops.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    import psycopg

_CONNECTING: Final[tuple[tuple[str, str], ...]] = (
    ("password authentication failed", "correct user and password, in the URL, PGPASSWORD or ~/.pgpass"),
    ("no password supplied", "give the password in the URL, PGPASSWORD or ~/.pgpass"),
    ("no pg_hba.conf entry", "let the server's pg_hba.conf accept this user from this host"),
    ("does not exist", "create it, or correct the URL"),
    ("translate host name", "correct the host in the URL"),
    ("resolve host", "correct the host in the URL"),
    ("too many", "raise max_connections of the server, or end other clients"),
    ("remaining connection slots", "raise max_connections of the server, or end other clients"),
    ("certificate", "check sslmode and the certificates in the URL"),
)
"""Parts of messages, which have no code before a connection is made. Source: PostgreSQL, `src/interfaces/libpq`."""

ASK_THE_OWNER: Final = "ask the owner of the schema for the privileges in the how-to guide on PostgreSQL journals"

_STATES: Final = {
    "42501": ASK_THE_OWNER,
    "53100": "free space on the server's disk",
    "25006": "connect to the primary server, not to a standby",
}
"""Remedies by SQLSTATE: insufficient privilege, disk full, read-only transaction."""

_OUTAGES: Final = ("08", "57P", "53300", "25P03", "40P01")
"""SQLSTATE prefixes: connection failures, shutdown and start-up of the server, too many connections, a transaction that
was idle for too long, and a deadlock, which ended this transaction for the sake of another.
"""
_REFUSED_FOR_GOOD: Final = ("authentication failed", "no password", "pg_hba.conf", "does not exist", "certificate")
_UNREACHABLE: Final = "check that the server runs and that the URL is correct"


def is_outage(error: psycopg.Error) -> bool:
    """Whether the database may be back soon: it restarts, or the connection was lost. A wrong password is not an
    outage.
    """
    import psycopg  # noqa: PLC0415 - an extra

    if error.sqlstate is not None:
        return error.sqlstate.startswith(_OUTAGES)
    return isinstance(error, psycopg.OperationalError) and not any(part in str(error) for part in _REFUSED_FOR_GOOD)


def describe(error: psycopg.Error, database: DatabaseUrl) -> JournalError:
    """The error as one sentence with its remedy, without passwords."""
    text = _first_line(error)
    if error.sqlstate is None or error.sqlstate.startswith("08"):
        remedy = next((words for part, words in _CONNECTING if part in text), _UNREACHABLE)
        return JournalError(f"cannot use the database {database.place}: {text}", remedy=remedy)
    remedy = _STATES.get(error.sqlstate, _UNREACHABLE if is_outage(error) else "see the server's log")
    return JournalError(f"the database {database.place} reports: {text} ({error.sqlstate})", remedy=remedy)


def _first_line(error: psycopg.Error) -> str:
    """What the server or libpq says, without the list of attempts that psycopg puts around it."""
    text = error.diag.message_primary or str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason given"]
    line = next((line for line in lines if "FATAL:" in line or "failed:" in line), lines[0])
    said = masked(line.rpartition("FATAL:")[2].strip() or line)
    return said.removeprefix("connection failed: ").removeprefix("connection is bad: ")
