"""Forecast of a run's end, by a simulation of executor and quotas that sends nothing."""

from __future__ import annotations

from bulkops.forecast.estimate import (
    GUESSED_LATENCY_S,
    IMPORT,
    POLL,
    SLOW_IMPORT,
    Forecast,
    RunShape,
    blended,
    by_quota,
    forecast,
    foresee,
    guessed_latency_s,
    names_of,
    opening,
    stages_of,
    way,
)
from bulkops.forecast.simulated_account import InFlightAccount, Stage

__all__ = [
    "GUESSED_LATENCY_S",
    "IMPORT",
    "POLL",
    "SLOW_IMPORT",
    "Forecast",
    "InFlightAccount",
    "RunShape",
    "Stage",
    "blended",
    "by_quota",
    "forecast",
    "foresee",
    "guessed_latency_s",
    "names_of",
    "opening",
    "stages_of",
    "way",
]
