"""Rules and gates: what stops a run, and what lets the next wave start."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bulkops.errors import STILL_UNKNOWN, PlanError
from bulkops.journal import AccountResult, EventRow
from bulkops.outcome import Outcome
from bulkops.runs.halting import Gate, GateVerdict, HaltRules, WaveResult, waiting_gate
from bulkops.runs.policy import Policy
from bulkops.runs.waves import Wave
from tests.virtual_time import run_virtual

FAILED = AccountResult(outcome=Outcome.FAILED, failure_class="x", cause="y")
CHANGED = AccountResult(outcome=Outcome.CHANGED)
UNKNOWN = AccountResult(outcome=Outcome.UNKNOWN, failure_class="x", cause="y")
STAYS = AccountResult(outcome=Outcome.UNKNOWN, failure_class=STILL_UNKNOWN, cause="y")


def test_a_count_holds_for_the_whole_run() -> None:
    rules = HaltRules(Policy(max_failures=2, breaker=None), 10, [0, 1])
    rules.enter(Wave(2, 2, 5, 10))
    assert rules.judge(CHANGED) is None
    assert rules.judge(FAILED) == "3 accounts failed or unknown, more than the 2 allowed"


def test_a_percentage_counts_anew_with_each_wave() -> None:
    rules = HaltRules(Policy(max_failures="50%", breaker=None), 10, [0, 1, 2])
    rules.enter(Wave(1, 2, 3, 5))
    assert rules.judge(FAILED) is None
    assert rules.judge(FAILED) is not None
    rules.enter(Wave(2, 2, 5, 10))
    assert [rules.judge(FAILED) for _ in range(2)] == [None, None]
    assert rules.judge(FAILED) is not None


def test_a_limit_that_is_passed_already_is_refused() -> None:
    with pytest.raises(PlanError, match="more than the 2 allowed; retry the failed and resume the unknown ones first"):
        HaltRules(Policy(max_failures=2), 10, [0, 1, 2])
    rules = HaltRules(Policy(max_failures="10%"), 10, [0])
    with pytest.raises(PlanError, match="more than the 0 allowed"):
        rules.enter(Wave(1, 2, 0, 5))


def test_the_breaker_counts_across_waves() -> None:
    rules = HaltRules(Policy(breaker=3), 10, [])
    assert [rules.judge(FAILED) for _ in range(2)] == [None, None]
    rules.enter(Wave(2, 2, 5, 10))
    assert "3 accounts in a row" in str(rules.judge(FAILED))


def test_the_breaker_ignores_accounts_that_no_request_can_settle() -> None:
    rules = HaltRules(Policy(breaker=2, max_failures=4), 10, [])
    assert rules.judge(UNKNOWN) is None
    assert [rules.judge(STAYS) for _ in range(2)] == [None, None]
    assert "2 accounts in a row" in str(rules.judge(UNKNOWN))
    assert "5 accounts failed or unknown" in str(rules.judge(STAYS))


@pytest.mark.parametrize("ended", [[STAYS] * 3, [UNKNOWN], [UNKNOWN, STAYS, UNKNOWN], [UNKNOWN, CHANGED, STAYS]])
@pytest.mark.parametrize("then", [STAYS, CHANGED, AccountResult(outcome=Outcome.CANCELLED), FAILED])
def test_the_breaker_halts_a_successor_at_the_same_account(ended: list[AccountResult], then: AccountResult) -> None:
    first = HaltRules(Policy(breaker=2), 10, [])
    for ending in ended:
        first.judge(ending)
    assert HaltRules(Policy(breaker=2), 10, [], ended).judge(then) == first.judge(then)
    assert (first.judge(then) is None) or then is FAILED


def judge(gate: Gate, **outcomes: int) -> tuple[GateVerdict, str, float]:
    wave = Wave(1, 3, 0, sum(outcomes.values()))
    counts = dict.fromkeys(Outcome, 0) | {Outcome(name): count for name, count in outcomes.items()}

    behind = Wave(2, 3, wave.end, wave.end + 4)
    result = WaveResult(run_id="r", wave=wave, outcomes=counts, next_wave=behind, starting=behind.size)

    async def main() -> tuple[GateVerdict, str, float]:
        verdict, why = await gate.judge(result)
        return verdict, why, asyncio.get_running_loop().time()

    return run_virtual(main())


def answering(answer: bool | None) -> Any:
    async def ask(_: WaveResult) -> bool | None:
        return answer

    return ask


@pytest.mark.parametrize(
    ("gate", "verdict", "words"),
    [
        (Gate(policy=Policy()), GateVerdict.PASS, "passed"),
        (Gate(policy=Policy(), check=answering(True)), GateVerdict.PASS, "passed"),
        (Gate(policy=Policy(), check=answering(False)), GateVerdict.FAIL, "check after wave 1 of 3 failed"),
        (Gate(policy=Policy(), check=answering(None)), GateVerdict.INCONCLUSIVE, "cannot tell"),
        (Gate(policy=Policy(approve=True)), GateVerdict.INCONCLUSIVE, "waits for approval"),
        (Gate(policy=Policy(approve=True), approve=answering(True)), GateVerdict.PASS, "passed"),
        (Gate(policy=Policy(approve=True), approve=answering(False)), GateVerdict.FAIL, "was no: wave 2 did not start"),
        (Gate(policy=Policy(approve=True), approve=answering(None)), GateVerdict.INCONCLUSIVE, "waits for approval"),
        (Gate(policy=Policy(approve=True), check=answering(None), approved=5), GateVerdict.PASS, "wave 2 was approved"),
    ],
)
def test_verdicts(gate: Gate, verdict: GateVerdict, words: str) -> None:
    found, why, _ = judge(gate, changed=4, failed=1)
    assert found is verdict
    assert words in why


def test_a_wave_in_which_nothing_succeeded_fails_its_gate() -> None:
    assert judge(Gate(policy=Policy()), failed=3, unknown=2)[:2] == (
        GateVerdict.FAIL,
        "no account of wave 1 of 3 succeeded",
    )


def test_an_approval_is_good_for_one_gate() -> None:
    gate = Gate(policy=Policy(approve=True), approved=1)
    assert judge(gate, changed=1)[0] is GateVerdict.PASS
    assert judge(gate, changed=2)[0] is GateVerdict.INCONCLUSIVE


PASSED, REFUSED, WAITING = ({"end": 5, "verdict": verdict} for verdict in ("pass", "fail", "inconclusive"))


@pytest.mark.parametrize(
    ("judged", "unfinished", "gate"),
    [
        ([WAITING], range(5, 20), 5),
        ([REFUSED], range(5, 20), 5),
        ([REFUSED], [3, 7], 5),  # an unknown account of the first wave is looked at before its gate
        ([REFUSED, PASSED], range(5, 20), None),
        ([PASSED], range(8, 20), None),
        ([PASSED], range(10, 20), 10),  # killed after the second wave, before its gate was judged
        ([], range(5, 20), 5),
        ([], range(20), None),
        ([], [], None),
    ],
)
def test_the_gate_at_which_a_run_stopped(judged: Any, unfinished: Any, gate: Any) -> None:
    events = [EventRow(at=0.0, kind="gate", data=data) for data in judged]
    assert waiting_gate(events, Policy(waves="5").cut(20), unfinished) == gate


def test_soaking_takes_its_time() -> None:
    verdict, _, elapsed_s = judge(Gate(policy=Policy(soak_s="10m")), changed=1)
    assert verdict is GateVerdict.PASS
    assert elapsed_s == pytest.approx(600, abs=0.1)
