"""PostgreSQL: its URL, connections, and the versions of tables. Journal and ledger use the same database.

psycopg is imported with the first connection: the extra `postgres` installs it.
"""

from bulkops.postgres.connection import (
    OUTAGE_S,
    connect,
    connect_again,
    connect_async,
    conninfo_of,
    require_driver,
    search_path,
)
from bulkops.postgres.failures import describe, is_outage
from bulkops.postgres.migrations import migrate, version
from bulkops.postgres.url import DatabaseUrl, is_database_url, without_password

__all__ = [
    "OUTAGE_S",
    "DatabaseUrl",
    "connect",
    "connect_again",
    "connect_async",
    "conninfo_of",
    "describe",
    "is_database_url",
    "is_outage",
    "migrate",
    "require_driver",
    "search_path",
    "version",
    "without_password",
]
