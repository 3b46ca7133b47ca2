"""A class operation is another one when its fields or the code that it acts by are something else."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

import bulkops
from bulkops import Context, Secret, parameter
from bulkops.errors import ConfigError, JournalMismatch
from bulkops.journal import Journal, parts_of
from bulkops.operations import CreateFolder
from bulkops.operations._base import _AROUND
from bulkops.operations._function_digest import code_of
from bulkops.operations.functions import load_from_file
from bulkops.report.run_settings import operations
from bulkops.runs import earlier_runs, undo_of
from bulkops.runs.costs import known_of
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.here import client_of


class Own(bulkops.Operation):
    name: ClassVar[str] = "own"

    async def apply(self, ctx: Context) -> None:
        """Nothing."""


@attrs.frozen
class Fields(Own):
    word: str
    _private: tuple[str, ...] = ()
    where: Path = Path("here")
    kinds: frozenset[str] = frozenset()
    seen: list[str] = attrs.field(factory=list, eq=False)
    api_token: str = ""
    password: Secret = attrs.field(factory=lambda: Secret(""))


@attrs.frozen
class Declared(Own):
    api_token: str = attrs.field(metadata=parameter("Token."))
    credentials: Path = attrs.field(default=Path("c.toml"), metadata=parameter("Credentials.", file=True))
    password: str = attrs.field(default="{env:PASSWORD}", metadata=parameter("Where the password is."))
    api_key: str = attrs.field(default="k-{1}", metadata=parameter("Key."))


@dataclasses.dataclass
class Data(Own):
    word: str


class Plain(Own):
    def __init__(self, word: str) -> None:
        self.word = word
        self._cache = object()


def test_parameters_are_the_fields() -> None:
    one = Fields("A", private=("x",), kinds=frozenset({"b", "a"}), api_token="t-1", password=Secret("s-1"))
    assert one.parameters() == {
        "word": "A",
        "private": ("x",),
        "where": "here",
        "kinds": ["a", "b"],
        "api_token": "***",
        "password": "***",
    }
    assert Data("A").parameters() == Plain("A").parameters() == {"word": "A"}


def test_a_declared_parameter_with_a_secrets_name_is_masked_too() -> None:
    """Only a path and a reference say where the secret is, and do not have it."""
    assert Declared("t-1").parameters() == {
        "api_token": "***",
        "credentials": "c.toml",
        "password": "{env:PASSWORD}",
        "api_key": "***",
    }


@pytest.mark.parametrize("kind", [Fields, Data, Plain])
def test_other_fields_are_another_operation(kind: Any) -> None:
    assert kind("A").digest == kind("A").digest != kind("B").digest


def test_a_rotated_secret_is_no_other_operation() -> None:
    assert Fields("A", api_token="one").digest == Fields("A", api_token="two").digest


@pytest.mark.parametrize("value", [object(), math.nan, {"deep": [math.inf]}])
def test_a_field_that_is_no_data_is_told_with_what_to_do(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"parameter 'word' of operation Fields is not JSON data.*`parameters`"):
        Fields(value).parameters()


async def test_resume_with_other_fields_is_refused(tmp_path: Path) -> None:
    """Op("A") and Op("B") were equal: the second finished what the first had begun."""
    control = bulkops.StopSignal()
    control.drain("stopped")
    async with (
        Sandbox(SandboxSettings(customers=2, time_scale=2000, quotas="off")) as vendor,
        client_of(vendor) as workato,
    ):
        await bulkops.run(Fields("A"), accounts=[4100231], workato=workato, journal=tmp_path, stop=control)
        with pytest.raises(JournalMismatch):
            await bulkops.Fleet(workato, journal=tmp_path).resume(operation=Fields("B"))
        report = await bulkops.Fleet(workato, journal=tmp_path).resume(operation=Fields("A"))
    assert report is not None
    assert report.ok


@attrs.frozen
class Namesake(Own):
    """Its parameters have the names of what a chain and an import record."""

    operations: tuple[str, ...] = ("a", "b")
    contents: int = 1
    manifest: int = 2

    def parameters(self) -> Mapping[str, Any]:
        return {"operations": self.operations, "contents": 1, "manifest": 2, "since": date(2026, 1, 1)}


async def test_parameters_named_like_those_of_a_chain_are_its_own(tmp_path: Path) -> None:
    """They ended every later run of that journal."""
    made = Namesake()
    async with (
        Sandbox(SandboxSettings(customers=2, time_scale=2000, quotas="off")) as vendor,
        client_of(vendor) as workato,
    ):
        done = await bulkops.run(made, accounts=[4100231], workato=workato, journal=tmp_path)
    for wanted, found in ((made, done.run_id), (CreateFolder(folder="A"), None)):
        earlier = await earlier_runs(wanted, host=vendor.url, workspace=None, journal=tmp_path)
        known = await known_of(wanted, host=vendor.url, journal=tmp_path)
        assert earlier.newest == known.done_by == found
    with pytest.raises(ConfigError, match="'own' is a function of a script"):
        await undo_of(done.run_id, journal=tmp_path)
    async with Journal.open(tmp_path, read_only=True) as journal:
        record = await journal.get_run(done.run_id)
    ((title, settings),) = operations(record.operation)
    assert (title, dict(settings)["operations"]) == ("own", '["a", "b"]')


PART = {"name": "create-folder", "parameters": {"folder": "A"}, "digest": "d"}


@pytest.mark.parametrize("source", [None, "job.py:it"])
@pytest.mark.parametrize(
    ("name", "parameters", "parts"),
    [
        ("chain", {"operations": [PART]}, [PART]),
        ("rollout", {"operations": [PART], "folder": "A"}, [PART]),
        ("rollout", {"operations": ["a"]}, None),
        ("rollout", {"folder": "A"}, None),
        ("own", {"operations": [PART]}, None),
    ],
)
def test_a_recorded_chain_is_known_by_its_name_and_its_parts(
    source: str | None, name: str, parameters: dict[str, Any], parts: object
) -> None:
    assert parts_of({"name": name, "parameters": parameters, "digest": "d", "source": source}) == parts


JOB = """
from functools import cached_property
from typing import ClassVar
import attrs
import bulkops
from bulkops.operations import Ensure, EnsureOne

WORD = "order"

def matches(name):
    return WORD in name

class Base(bulkops.Operation):
    async def verify(self, ctx):
        await super().verify(ctx)
        ctx.detail["verified"] = 1

@attrs.frozen(slots=False)
class Pause(Base):
    name: ClassVar[str] = "pause"
    limit: ClassVar[int] = 3

    @property
    def title(self):
        return "pause it"

    @cached_property
    def wanted(self):
        return "wanted"

    @staticmethod
    def told():
        return "told"

    async def apply(self, ctx):
        ctx.detail["it"] = matches("x")

    async def undo(self, ctx, done):
        ctx.detail["undone"] = 1

class Elsewhere(bulkops.Operation):
    pass

class Kept(EnsureOne):
    name = "kept"

    async def ensured(self, ctx):
        return Ensure(step="kept")

    async def restored(self, ctx, done):
        return Ensure(step="let go")
"""


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("", "", True),
        ('matches("x")', 'matches("y")', False),
        ('"order"', '"invoice"', False),
        ("WORD in name", "WORD == name", False),
        ('"verified"] = 1', '"verified"] = 2', False),
        ("limit: ClassVar[int] = 3", "limit: ClassVar[int] = 4", False),
        ('return "wanted"', 'return "other"', False),
        ('return "told"', 'return "other"', False),
        ('"undone"] = 1', '"undone"] = 2', True),
        ('return "pause it"', 'return "stop it"', True),
        ("    pass", "    x = 1", True),
    ],
)
def test_the_code_that_it_acts_by_is_part_of_it(tmp_path: Path, old: str, new: str, is_same: bool) -> None:
    assert is_same_with(tmp_path, "Pause", old, new) is is_same


@pytest.mark.parametrize(("old", "new", "is_same"), [('"kept")', '"held")', False), ('"let go"', '"dropped"', True)])
def test_what_restores_a_desired_state_may_be_corrected(tmp_path: Path, old: str, new: str, is_same: bool) -> None:
    assert is_same_with(tmp_path, "Kept", old, new) is is_same


def is_same_with(tmp_path: Path, name: str, old: str, new: str) -> bool:
    """Whether the class of JOB is the same operation when `new` stands for `old`."""
    digests: list[str] = []
    for text in (JOB, JOB.replace(old, new) if old else JOB):
        assert not old or old in JOB
        place = tmp_path / str(len(digests))  # a file that was moved is the same
        place.mkdir()
        (place / "job.py").write_text(text)
        kind: Any = load_from_file(f"{place / 'job.py'}:{name}")
        digests.append(kind().digest)
    return digests[0] == digests[1]


def test_a_class_of_bulkops_is_its_parameters_alone() -> None:
    """Another version of bulkops goes on with the run."""
    assert code_of(CreateFolder, without=_AROUND) is None
    assert code_of(Own, without=_AROUND) is not None
