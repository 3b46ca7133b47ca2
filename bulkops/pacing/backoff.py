"""Delay arithmetic. Nothing sleeps here."""

from __future__ import annotations

from random import Random


def full_jitter(attempt: int, *, base_s: float, cap_s: float, rng: Random) -> float:
    """Delay before the next attempt, drawn uniformly from [0, min(cap, base * 2**attempt)].

    Args:
        attempt: failures so far, 0-based.
        base_s, cap_s: seconds; 0 < base_s <= cap_s.
    Returns: seconds, never above cap_s.
    Raises: ValueError if base_s is not positive or cap_s below it.
    Source: Brooker 2015, "Exponential Backoff and Jitter".
    """
    if not 0 < base_s <= cap_s:
        raise ValueError(f"a backoff needs 0 < base_s <= cap_s, not {base_s} and {cap_s}")
    doublings = min(attempt, 64)  # 2**64 seconds is above any cap; a float would overflow at 1024
    return rng.uniform(0, min(cap_s, base_s * 2**doublings))
