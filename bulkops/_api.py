"""The public names of `import bulkops`, loaded on the first use of one. Nothing else lists them."""

from bulkops import errors as errors, events as events, operations as operations
from bulkops.client import Account as Account, Workato as Workato
from bulkops.errors import BulkopsError as BulkopsError, TaskFailed as TaskFailed, TaskUnknown as TaskUnknown
from bulkops.executor import TaskOutcome as TaskOutcome, fan_out as fan_out
from bulkops.journal import StepRow as StepRow
from bulkops.operations import Ensure as Ensure, Operation as Operation, operation as operation
from bulkops.outcome import Outcome as Outcome
from bulkops.parameters import parameter as parameter
from bulkops.report import Report as Report
from bulkops.runs import (
    Fleet as Fleet,
    Inventory as Inventory,
    Policy as Policy,
    StopSignal as StopSignal,
    read_accounts as read_accounts,
    run as run,
    select as select,
)
from bulkops.settings import Limit as Limit, Settings as Settings, Tuning as Tuning
from bulkops.steps import Context as Context, Intent as Intent
