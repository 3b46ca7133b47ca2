"""Inventory -> journal -> executor -> report: what `bulkops.run()` and the command line both call."""

from bulkops.run.api import resume, retry, run
from bulkops.run.control import Control
from bulkops.run.inventory import Inventory, from_values, read_accounts, select
from bulkops.run.jobs import Job, load_job
from bulkops.run.policy import Policy, overshoot

__all__ = [
    "Control",
    "Inventory",
    "Job",
    "Policy",
    "from_values",
    "load_job",
    "overshoot",
    "read_accounts",
    "resume",
    "retry",
    "run",
    "select",
]
