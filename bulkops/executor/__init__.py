"""Bounded concurrency over any async callable, and the rules that stop it. Knows no HTTP and no Workato."""

from bulkops.executor._pool import Statistics
from bulkops.executor.fan_out import FanOut, fan_out
from bulkops.executor.stopping import Breaker, FailureLimit, Verdict
from bulkops.executor.task_outcome import TaskOutcome
from bulkops.executor.waves import Wave, Waves

__all__ = ["Breaker", "FailureLimit", "FanOut", "Statistics", "TaskOutcome", "Verdict", "Wave", "Waves", "fan_out"]
