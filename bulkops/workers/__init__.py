"""Workers: processes on several machines that work on runs of a journal in PostgreSQL."""

from bulkops.workers.operation import local_only
from bulkops.workers.worker import Worker

__all__ = ["Worker", "local_only"]
