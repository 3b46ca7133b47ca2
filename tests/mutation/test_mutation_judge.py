"""A mutation counts as noticed by its own fault alone: never because the machine was slow."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.mutation.judge import Judge, Ran

TESTS = ["t.py::a", "t.py::b", "t.py::c"]
LATE = "Failed: Timeout (>30.0s) from pytest-timeout."


class Machine:
    """Runs tests as pytest -x does. `faults`: by test, how it ends in its runs with the mutation, and without it."""

    def __init__(self, faults: Mapping[str, tuple[str, str]]) -> None:
        self.faults = {test: (list(mutated), list(plain)) for test, (mutated, plain) in faults.items()}
        self.runs: list[tuple[list[str], bool]] = []

    def run(self, tests: list[str], is_mutated: bool) -> Ran:
        self.runs.append((tests, is_mutated))
        for test in tests:
            mutated, plain = self.faults.get(test, ([], []))
            ends = mutated if is_mutated else plain
            match ends.pop(0) if ends else ".":
                case "F":
                    return Ran(1, f"E   assert False\nFAILED {test} - assert False\n")
                case "T":
                    return Ran(1, f"{LATE}\nFAILED {test} - {LATE}\n")
                case "H":
                    return Ran(None)
                case "I":
                    return Ran(2, "ERROR t.py - ImportError\n")
        return Ran(0)


@pytest.mark.parametrize(
    ("faults", "verdict"),
    [
        ({}, ("survived", "")),
        ({"t.py::b": ("F", ".")}, ("noticed", "t.py::b")),
        ({"t.py::b": ("F", "F")}, ("survived", "")),  # fails in any case
        ({"t.py::a": ("F", "F"), "t.py::c": ("F", ".")}, ("noticed", "t.py::c")),
        ({"t.py::b": ("T", ".")}, ("hung", "t.py::b")),
        ({"t.py::b": ("T", "T")}, ("survived", "")),  # the machine was slow
        ({"t.py::b": ("H", ".")}, ("hung", "")),
        ({"t.py::b": ("H", "H")}, ("unclear", "")),
        ({"t.py::a": ("I", ".")}, ("noticed", "ERROR t.py - ImportError\n")),
    ],
)
def test_a_test_notices_a_mutation_when_it_passes_without_it(
    faults: dict[str, tuple[str, str]], verdict: tuple[str, str]
) -> None:
    assert Judge(Machine(faults).run, lambda _: False).verdict(TESTS) == verdict


def test_a_long_test_must_fail_twice() -> None:
    once, twice = (Judge(Machine({"t.py::b": (ends, "..")}).run, lambda _: True) for ends in ("F.", "FF"))
    assert once.verdict(TESTS) == ("survived", "")
    assert twice.verdict(TESTS) == ("noticed", "t.py::b")


def test_a_test_that_passed_without_a_mutation_is_not_run_again_but_a_late_one_is() -> None:
    machine = Machine({"t.py::b": ("FFT", "")})
    judge = Judge(machine.run, lambda _: False)
    verdicts = [judge.verdict(TESTS)[0] for _ in range(3)]
    assert verdicts == ["noticed", "noticed", "hung"]
    assert [is_mutated for _, is_mutated in machine.runs] == [True, False, True, True, False]


def test_a_name_that_begins_another_is_not_taken_for_it() -> None:
    assert Ran(1, "FAILED t.py::ab - no\n").failed(["t.py::a", "t.py::ab"]) == "t.py::ab"
