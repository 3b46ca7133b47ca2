"""Runs: inventory -> journal -> executor -> report, for `bulkops.run()` and the command line."""

from bulkops.runs.costs import Ahead, cost_ahead, looking_cost
from bulkops.runs.credential import hold_credential
from bulkops.runs.fleet import Fleet, run
from bulkops.runs.halting import Check, StopSignal, WaveResult, most_admitted, waiting_gate
from bulkops.runs.identity import require_workspace, workspace_of
from bulkops.runs.inventory import (
    Inventory,
    check_columns,
    check_columns_of_all,
    from_values,
    read_accounts,
    select,
)
from bulkops.runs.jobs import Job, load_job
from bulkops.runs.other_workspaces import connected
from bulkops.runs.planning import AccountPlan, FleetPlan
from bulkops.runs.policy import Policy, overshoot
from bulkops.runs.previous_runs import PreviousRuns, earlier_runs, unfinished_run
from bulkops.runs.subset import Subset, pick
from bulkops.runs.undo import undo_of

__all__ = [
    "AccountPlan",
    "Ahead",
    "Check",
    "Fleet",
    "FleetPlan",
    "Inventory",
    "Job",
    "Policy",
    "PreviousRuns",
    "StopSignal",
    "Subset",
    "WaveResult",
    "check_columns",
    "check_columns_of_all",
    "connected",
    "cost_ahead",
    "earlier_runs",
    "from_values",
    "hold_credential",
    "load_job",
    "looking_cost",
    "most_admitted",
    "overshoot",
    "pick",
    "read_accounts",
    "require_workspace",
    "run",
    "select",
    "undo_of",
    "unfinished_run",
    "waiting_gate",
    "workspace_of",
]
