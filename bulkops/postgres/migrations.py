"""Versions of tables in PostgreSQL. Journal and ledger each have their own in the schema of bulkops."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from bulkops.errors import JournalError
from bulkops.postgres.failures import ASK_THE_OWNER, describe
from bulkops.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    import psycopg

_LOCK: Final = 0x62756C6B  # "bulk"
"""Advisory lock: two processes must not create the tables at once."""

_VERSIONS: Final = """
CREATE TABLE IF NOT EXISTS versions (
  part text PRIMARY KEY,
  version integer NOT NULL,
  digest text, -- of the scripts
  migrated_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


def version(connection: psycopg.Connection[Any], part: str) -> int:
    """The version of the tables of this part ("journal", "ledger"), 0 without tables."""
    return _found(connection, part)[0]


def _found(connection: psycopg.Connection[Any], part: str) -> tuple[int, str | None]:
    """The version and the digest of its scripts; None: not recorded."""
    if connection.execute("SELECT to_regclass('versions')").fetchone() == (None,):
        return 0, None
    found = "SELECT version, to_jsonb(versions) ->> 'digest' FROM versions WHERE part = %s"  # the column may be missing
    return connection.execute(found, (part,)).fetchone() or (0, None)


def migrate(
    connection: psycopg.Connection[Any],
    database: DatabaseUrl,
    part: str,
    scripts: Sequence[str],
    *,
    is_own: bool = True,
) -> None:
    """Bring the tables of this part to version `len(scripts)`. Script n leads from version n to n + 1; it creates
    unqualified names, which the search path puts into the schema. Sends nothing but queries when they are up to date,
    so a role without the right to create tables can use them. `is_own`: a script never changes, and is compared.

    Raises: JournalError when another bulkops made the tables, or when the role may not create them.
    """
    import psycopg  # noqa: PLC0415 - an extra

    try:
        found, digest = _found(connection, part)
        if found > len(scripts):
            raise _refused(
                database, part, f"has schema version {found}, but this bulkops supports version {len(scripts)}"
            )
        if is_own and found and digest != _digest(scripts[:found]):
            raise _refused(database, part, "has the tables of another build of bulkops")
        if found == len(scripts):
            return
        _require_usage(connection, database)
    except psycopg.Error as error:
        raise describe(error, database) from None
    try:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            if connection.execute("SELECT to_regnamespace(%s)", (database.schema,)).fetchone() == (None,):
                connection.execute(f"CREATE SCHEMA {database.schema}")
            connection.execute(_VERSIONS)
            for script in scripts[version(connection, part) :]:
                connection.execute(script)
            connection.execute(
                """INSERT INTO versions (part, version, digest) VALUES (%s, %s, %s) ON CONFLICT (part) DO UPDATE
                   SET version = excluded.version, digest = excluded.digest, migrated_at = clock_timestamp()""",
                (part, len(scripts), _digest(scripts)),
            )
    except psycopg.errors.InsufficientPrivilege as error:
        raise JournalError(
            f"the database {database.place} has no {part} tables of version {len(scripts)}, and this role may not "
            f"create them: {error.diag.message_primary}",
            remedy="run `bulkops runs --journal URL` once as the owner of the schema",
        ) from None
    except psycopg.Error as error:
        raise describe(error, database) from None


def _require_usage(connection: psycopg.Connection[Any], database: DatabaseUrl) -> None:
    """Raises: JournalError when the schema exists and the role may not use it. PostgreSQL then skips it in the search
    path: its tables seem missing, and new ones would be temporary."""
    usable = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = %s"
    if connection.execute(usable, (database.schema,)).fetchone() == (False,):
        raise JournalError(
            f"the database {database.place} has the schema {database.schema}, and this role may not use it",
            remedy=ASK_THE_OWNER,
        )


def _digest(scripts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(scripts).encode()).hexdigest()


def _refused(database: DatabaseUrl, part: str, why: str) -> JournalError:
    return JournalError(
        f"the {part} in {database.place} {why}",
        remedy="use the bulkops version that wrote it, or another schema: add ?schema=NAME to the URL",
    )
