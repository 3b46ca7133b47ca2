"""Bounded concurrency over any async callable, independent of HTTP and Workato."""

from bulkops.executor._pool import Statistics
from bulkops.executor.fan_out import FanOut, fan_out
from bulkops.executor.task_outcome import TaskOutcome

__all__ = ["FanOut", "Statistics", "TaskOutcome", "fan_out"]
