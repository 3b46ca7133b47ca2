"""The ledger in PostgreSQL: processes of several machines take slots from common rows."""

from bulkops.ledger.postgres.database import make_tables
from bulkops.ledger.postgres.lease import PostgresLease, PostgresLedger

__all__ = ["PostgresLease", "PostgresLedger", "make_tables"]
