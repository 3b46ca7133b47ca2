"""Between two waves: may the next one start? Pass, fail, or inconclusive, which pauses the run (contract C7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import TypeAlias

import anyio
import attrs

from bulkops.executor import Wave
from bulkops.outcome import TROUBLED, Outcome
from bulkops.runs.policy import Policy


class GateVerdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


Judgement: TypeAlias = tuple[GateVerdict, str]
"""A verdict and why, in words."""


@attrs.frozen(kw_only=True)
class WaveResult:
    """What a check or a person decides on. `outcomes`: of the wave's accounts, all seven; `run_id`: for its report."""

    run_id: str
    wave: Wave
    outcomes: Mapping[Outcome, int]

    @property
    def troubled(self) -> int:
        return sum(self.outcomes[outcome] for outcome in TROUBLED)


Check: TypeAlias = Callable[[WaveResult], Awaitable[bool | None]]
"""True: go on; False: halt; None: cannot tell, so the run pauses."""


@attrs.frozen(kw_only=True)
class Gate:
    """The rules between two waves, cheapest first: failures, soak time, the caller's check, a person's approval.

    `approve`: asks a person; None where nobody can be asked: the run pauses and `resume --approve` goes on.
    `approved`: a person has said yes to the gate behind the wave that ends at this place, whatever it would say.
    """

    policy: Policy
    check: Check | None = None
    approve: Check | None = None
    approved: int | None = None

    async def judge(self, result: WaveResult) -> Judgement:
        """The verdict and why, in words."""
        wave = result.wave
        named = f"wave {wave.number} of {wave.of}"
        if self.approved == wave.end:
            return GateVerdict.PASS, f"going on after {named} was approved"
        if result.troubled == wave.size:
            return GateVerdict.FAIL, f"no account of {named} succeeded"
        allowed = self.policy.allowed_failures(wave.size) if self.policy.counts_by_wave else None
        if allowed is not None and result.troubled > allowed:
            return GateVerdict.FAIL, f"{result.troubled} accounts of {named} failed, more than the {allowed} allowed"
        await anyio.sleep(self.policy.soak_s)
        return await self._ask_check(result, named) or await self._ask_person(result, named)

    async def _ask_check(self, result: WaveResult, named: str) -> Judgement | None:
        answer = await self.check(result) if self.check is not None else True
        if answer is None:
            return GateVerdict.INCONCLUSIVE, f"the check after {named} cannot tell"
        return None if answer else (GateVerdict.FAIL, f"the check after {named} failed")

    async def _ask_person(self, result: WaveResult, named: str) -> Judgement:
        answer: bool | None = True
        if self.policy.approve:
            answer = await self.approve(result) if self.approve is not None else None
        if answer is None:
            return GateVerdict.INCONCLUSIVE, f"{named} has ended, and the next waits for approval"
        if not answer:
            return GateVerdict.FAIL, f"nobody approved of going on after {named}"
        return GateVerdict.PASS, f"the gate after {named} is passed"
