"""Inventory -> journal -> executor -> report: what `bulkops.run()` and the command line both call."""

from bulkops.runs.api import resume, retry, run
from bulkops.runs.control import Control
from bulkops.runs.inventory import Inventory, from_values, read_accounts, select
from bulkops.runs.jobs import Job, load_job
from bulkops.runs.policy import Policy, overshoot

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
