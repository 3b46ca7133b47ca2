"""A function is another operation when what it says, or what it says it with, is something else."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

import bulkops
from bulkops.errors import ConfigError
from bulkops.operations.functions import as_operation, load_from_file


def on_plan(plan: str, *, api_key: str = "", seen: list[str] | None = None) -> Callable[..., Any]:
    async def move(ctx: bulkops.Context) -> None:
        if seen is not None:
            seen.append(api_key)
        await ctx.account.customer.update(plan_id=plan)

    return move


async def bind(ctx: bulkops.Context, plan: str = "bronze", size: int = 1) -> None:
    ctx.detail["plan"] = [plan, size]


def digest(fn: object) -> str:
    return as_operation(fn).digest


def test_what_it_takes_from_around_it_is_part_of_it() -> None:
    assert digest(on_plan("gold")) == digest(on_plan("gold"))
    assert digest(on_plan("gold")) != digest(on_plan("silver"))


def test_a_rotated_secret_and_what_it_remembers_are_not() -> None:
    seen: list[str] = []
    before = digest(on_plan("gold", api_key="one", seen=seen))
    seen.append("something")
    assert digest(on_plan("gold", api_key="two", seen=seen)) == before


def test_a_partial_is_named_by_its_function_and_told_from_another() -> None:
    made = as_operation(functools.partial(bind, plan="gold"))
    assert made.title == "bind"
    assert made.digest == digest(functools.partial(bind, plan="gold"))
    assert made.digest != digest(functools.partial(bind, plan="gold", size=2))
    assert len({made.digest, digest(functools.partial(bind, plan="silver")), digest(bind)}) == 3


JOB = """
PLAN = "gold"
COUNTED = 0

def wanted():
    return PLAN.upper()

async def move(ctx):
    global COUNTED
    COUNTED += 1
    await ctx.account.customer.update(plan_id=wanted())

async def other(ctx):
    pass
"""


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("", "", True),
        ('"gold"', '"silver"', False),
        ("upper()", "lower()", False),
        ("COUNTED = 0", "COUNTED = 7", True),
        ("    pass", "    return", True),
    ],
)
def test_the_rest_of_its_file_counts_where_the_function_uses_it(
    tmp_path: Path, old: str, new: str, is_same: bool
) -> None:
    digests: list[str] = []
    for text in (JOB, JOB.replace(old, new) if old else JOB):
        place = tmp_path / str(len(digests))  # a file that was moved is the same
        place.mkdir()
        (place / "job.py").write_text(text)
        digests.append(digest(load_from_file(f"{place / 'job.py'}:move")))
    assert (digests[0] == digests[1]) is is_same


def test_a_function_without_source_is_told_by_its_code() -> None:
    made = []
    for plan in ("gold", "silver", "gold"):
        space: dict[str, Any] = {}
        exec(f"async def move(ctx):\n    ctx.detail['plan'] = '{plan}'\n", space)
        made.append(digest(space["move"]))
    assert made[0] == made[2] != made[1]


class Nameless(bulkops.Operation):
    async def apply(self, ctx: bulkops.Context) -> None:
        """Nothing."""


@attrs.frozen
class Needy(bulkops.Operation):
    name: ClassVar[str] = "needy"
    word: str


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (lambda ctx: None, "is not an async function; an operation is `async def"),
        (load_from_file, "load_from_file is not an async function"),
        (Nameless, "the operation Nameless has no name; write into the class Nameless: name ="),
        (Nameless(), "the operation Nameless has no name"),
        (Needy, "the operation Needy needs its parameters: .*'word'; name an instance in the file: it = Needy"),
        (3, "3 is not an operation"),
    ],
)
def test_what_is_no_operation_is_told_before_anything_is_sent(thing: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        as_operation(thing)


@pytest.mark.parametrize(("thing", "named"), [(load_from_file, "load_from_file"), (Needy, "Needy"), (3, "3")])
def test_only_an_operation_can_follow_in_a_chain(thing: Any, named: str) -> None:
    with pytest.raises(ConfigError, match=f"^{named} is not an operation, and cannot follow needy; decorate"):
        Needy("word") >> thing


async def nobody() -> None:
    """Takes no account."""


async def two(ctx: bulkops.Context, other: int) -> None:
    """Takes what nobody gives."""


@pytest.mark.parametrize("fn", [nobody, two])
def test_a_function_takes_one_account(fn: object) -> None:
    with pytest.raises(ConfigError, match="does not take one argument"):
        as_operation(fn)


def test_a_file_that_ends_the_process_is_a_file_that_cannot_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "ends.py"
    path.write_text("raise SystemExit(3)\n")
    with pytest.raises(ConfigError, match=r"ends.py, line 1, cannot be loaded: SystemExit: 3"):
        load_from_file(f"{path}:it")


def test_a_file_with_too_long_a_name_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Python file .*\.py does not exist; check the path in FILE\.py:NAME"):
        load_from_file(f"{tmp_path / ('d' * 300)}.py:it")


def test_a_mistake_is_placed_in_the_users_file(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text("import json\n\njson.loads('[')\n")
    with pytest.raises(ConfigError, match=r"wrong.py, line 3, cannot be loaded: JSONDecodeError"):
        load_from_file(f"{path}:it")


@pytest.fixture
def own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes back what the loaded files change in the process."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it would be valid for another text of the same second
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def wanted(directory: Path, answer: str, source: str = "from beside_it import answer") -> object:
    """The `answer` of a file in the directory that finds it in the file beside it."""
    (directory / "beside_it.py").write_text(f"answer = {answer!r}\n")
    (directory / "imports.py").write_text(f"{source}\n")
    return load_from_file(f"{directory / 'imports.py'}:answer")


@pytest.mark.usefixtures("own_modules")
def test_a_file_imports_the_files_beside_it(tmp_path: Path) -> None:
    assert wanted(tmp_path, "first") == "first"


@pytest.mark.usefixtures("own_modules")
def test_a_file_loaded_again_imports_them_as_they_are_now(tmp_path: Path) -> None:
    """A worker that had loaded the file went on with what it had imported from beside it."""
    assert wanted(tmp_path, "first") == "first"
    assert wanted(tmp_path, "second") == "second"


@pytest.mark.usefixtures("own_modules")
@pytest.mark.parametrize("source", ["from beside_it import answer", "from package.inner import answer"])
def test_a_file_imports_those_of_its_own_directory(tmp_path: Path, source: str) -> None:
    for name in ("here", "there", "here"):
        directory = tmp_path / name
        (directory / "package").mkdir(parents=True, exist_ok=True)
        (directory / "package" / "__init__.py").touch()
        (directory / "package" / "inner.py").write_text("from beside_it import answer\n")
        assert wanted(directory, name, source) == name


@pytest.mark.usefixtures("own_modules")
def test_what_the_process_imported_before_stays(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").touch()
    sys.path.append(str(tmp_path))
    ours = importlib.import_module("beside_it")
    for _ in range(2):
        assert wanted(tmp_path, "", "import beside_it as answer") is ours


@pytest.mark.usefixtures("own_modules")
def test_an_operation_says_the_same_after_another_file_is_loaded(tmp_path: Path) -> None:
    text = "class Names:\n    one: str\n\nasync def answer(ctx):\n    Names()\n"
    before = as_operation(wanted(tmp_path, "", text))
    digest = before.digest
    (tmp_path / "other.py").write_text("answer = 42\n")
    assert load_from_file(f"{tmp_path / 'other.py'}:answer") == 42
    assert before.digest == digest


@pytest.mark.usefixtures("own_modules")
def test_an_installed_package_comes_before_a_file_of_its_name(tmp_path: Path) -> None:
    """A file structlog.py beside the operation ended the command, which imports structlog itself."""
    (tmp_path / "colorsys.py").write_text("")
    sys.modules.pop("colorsys", None)
    assert wanted(tmp_path, "", "import colorsys\nanswer = colorsys.__file__") != str(tmp_path / "colorsys.py")
