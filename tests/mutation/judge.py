"""Whether tests notice a mutation: pure, whatever runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

PASSED: Final = frozenset({0, 5})
"""Exit codes of pytest; 5: the recorded tests are gone."""


_FAILED: Final = ("FAILED ", "ERROR ")


@attrs.frozen
class Ran:
    """How a run of tests ended."""

    code: int | None
    """pytest's exit code; None when it did not end in time."""
    said: str = ""

    @property
    def is_late(self) -> bool:
        return self.code is None or "from pytest-timeout" in self.said

    def failed(self, tests: list[str]) -> str | None:
        """The first test that failed, by itself or in its set-up."""
        named = {row.split(" - ")[0].partition(" ")[2] for row in self.said.splitlines() if row.startswith(_FAILED)}
        return next((test for test in tests if test in named), None)


Run: TypeAlias = Callable[[list[str], bool], Ran]
"""Runs tests in this order until one fails, with the mutation or without."""


@attrs.define
class Judge:
    """A test notices a mutation when it fails with it and passes without it, under the same time limits.

    A busy machine must not count as a test. So what was late is run again without the mutation, each time; and a test
    that takes long must fail twice, because it may wait for real time.
    """

    run: Run
    takes_long: Callable[[str], bool]
    _passing: set[str] = attrs.field(factory=set, init=False)

    def verdict(self, tests: list[str]) -> tuple[str, str]:
        """One of noticed, hung (noticed because it never ended), survived, unclear; and the test that noticed it."""
        while tests:
            ran = self.run(tests, True)
            if ran.code in PASSED:
                break
            failed = ran.failed(tests)
            if self._is_by_mutation(ran, tests if failed is None else [failed]):
                return "hung" if ran.is_late else "noticed", ran.said[-300:] if failed is None else failed
            if failed is None:
                return "unclear", ran.said[-300:]
            tests = tests[tests.index(failed) + 1 :]
        return "survived", ""

    def _is_by_mutation(self, ran: Ran, tests: list[str]) -> bool:
        if ran.is_late or not self._passing.issuperset(tests):
            if self.run(tests, False).code != 0:
                return False
            self._passing.update(tests)
        is_sure = ran.is_late or not any(map(self.takes_long, tests))
        return is_sure or self.run(tests, True).code not in PASSED
