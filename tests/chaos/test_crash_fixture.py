"""What a user of `bulkops.testing` writes to have her own operation crashed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bulkops.testing import CrashResult

pytest_plugins = ["bulkops.testing"]

GOOD = """
async def tidy(ctx):
    async def create():
        return {"id": (await ctx.account.folders.create("Mine")).id}

    async def probe(intent):
        found = [folder.id async for folder in ctx.account.folders.list() if folder.name == "Mine"]
        return {"id": found[0]} if found else None

    await ctx.step("create", create, probe=probe)
"""

CARELESS = """
async def tidy(ctx):
    await ctx.account.folders.create("Mine")
"""

FROM_COLUMN = """
import bulkops

@bulkops.operation(columns=["region"])
async def tidy(ctx):
    name, folders = ctx.params["region"], ctx.account.folders
    await ctx.ensure("create", find=lambda: folders.find(name), do=lambda: folders.create(name))
"""


def test_an_operation_that_reads_a_column(
    crash_points: Callable[..., CrashResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    (tmp_path / "tidy.py").write_text(FROM_COLUMN)
    job, only = f"{tmp_path / 'tidy.py'}:tidy", "folders.create has left"
    result = crash_points(job, per_trial=1, only=only, columns={"region": "North"})
    assert result.measured.outcomes == {"changed": 1}
    assert (len(result.trials), result.faults) == (1, [])


@pytest.mark.parametrize(
    ("text", "only", "count", "is_sound"),
    [(GOOD, "folders.create", 4, True), (CARELESS, "folders.create has left", 1, False)],
    ids=["good", "careless"],
)
def test_an_operation_of_ones_own(
    crash_points: Callable[..., CrashResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    only: str,
    count: int,
    is_sound: bool,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    (tmp_path / "tidy.py").write_text(text)
    result = crash_points(f"{tmp_path / 'tidy.py'}:tidy", per_trial=1, only=only)
    print(result.table())
    assert len(result.trials) == count
    assert (result.faults == []) is is_sound
    assert bool(sum(len(trial.twice) for trial in result.trials)) is not is_sound
