"""The sample of mutations: repeatable, each one compiles, none where no test could notice it."""

from __future__ import annotations

import ast
import textwrap

import attrs
import pytest

pytest.importorskip("cosmic_ray", reason="only make mutation-sample installs it")

from tests.mutation.draw import Mutation, draw, mutated, places
from tests.mutation.equivalent import Equivalent, equivalents, reason

UNNOTICEABLE = {
    "annotations": "def f(x: int | None = None, *rest: A | B) -> dict[str, Literal[3]]: ...\nx: Annotated[int, 7]",
    "overloads": """
        @overload
        def f(x: int = 1, *, is_so: Literal[True] = True) -> int: ...
    """,
    "protocols": """
        class Clock(Protocol[T]):
            is_fast = True
            def now(self, places: int = 3) -> float: ...
    """,
    "type variables": "T = TypeVar('T', bound=int | None, covariant=True)",
    "type aliases": "Name: TypeAlias = A | tuple[Literal[1], ...]\nOr = A | str",
    "isinstance": "f(isinstance(x, str | bytes | attrs.AttrsInstance | list))",
    "type checking": """
        if TYPE_CHECKING:
            import x
            y = 3
    """,
    "classes": """
        class A(B, slots=True):
            x = field(repr=False)
            y = field(kw_only=True)
    """,
    "logs": "log.debug('sent', after_s=3 + 1)",
    "signatures": "def f(x, *, y): ...\ndef g(x, /): ...\ndef h(*,\n    z): ...",
    "docstrings": '"""One of 2 + 3."""\n\n\ndef f():\n    """Not 1."""\n    # 3 and 4',
}
NOTICEABLE = {
    "a flag of a class": ("@attrs.define(eq=False, slots=False)\nclass A: ...", {"eq=True"}),
    "a set": ("x = READS | WRITES", {"&"}),
    "a number": ("x: int = 1", {"2", "0"}),
    "a statement": ("report.debug(x)\n", {"pass"}),
    "a condition": ("x = 1 if y else z", {"if not y"}),
}


@pytest.mark.parametrize("source", UNNOTICEABLE.values(), ids=UNNOTICEABLE)
def test_nothing_is_drawn_where_no_test_could_notice_it(source: str) -> None:
    text = textwrap.dedent(source)
    drawn = [(place.name, name) for place in places("x.py", text) for name, _ in place.choices]
    assert [one for one in drawn if one[1] not in {"RemoveDecorator"} or "overload" in one[0]] == []


@pytest.mark.parametrize(("source", "parts"), NOTICEABLE.values(), ids=NOTICEABLE)
def test_what_can_be_noticed_is_drawn(source: str, parts: set[str]) -> None:
    changed = [mutated(source, *choice) for place in places("x.py", source) for choice in place.choices]
    assert parts <= {part for part in parts for text in changed if part in (text or "")}


def test_the_removal_of_a_cache_is_not_drawn() -> None:
    source = "@lru_cache(maxsize=9)\ndef f(): ...\n@classmethod\ndef g(): ..."
    assert {place.lines[0] for place in places("x.py", source) if "RemoveDecorator" in dict(place.choices)} == {3}


@pytest.mark.parametrize(
    ("source", "operator"),
    [
        ("f(**known)", "ReplaceBinaryOperator_Pow_Mul"),
        ("def f(x, /, *, y): ...", "ReplaceBinaryOperator_Div_Mul"),
        ("try: ...\nexcept (zipfile.BadZipFile, OSError): ...", "ExceptionReplacer"),
        ("x = y if z <= -N else w", "ReplaceUnaryOperator_USub_Not"),
    ],
)
def test_what_does_not_compile_is_no_mutation(source: str, operator: str) -> None:
    assert mutated(source, operator, 0) is None


def test_a_deleted_not_is_drawn_once() -> None:
    choices = [name for place in places("x.py", "if not x:\n    f()\n") for name, _ in place.choices]
    assert sorted(choices) == ["RemoveStatement", "ReplaceUnaryOperator_Delete_Not"]


def test_a_place_keeps_its_rank_when_its_line_moves() -> None:
    before = "x = f(1)\nx = f(1)"
    after = "import g\n\nif y:\n    x = f(1)\nx = f(1)"
    ranks = [{place.rank(7) for place in places("x.py", source)} for source in (before, after)]
    assert len(ranks[0]) == 2
    assert ranks[0] < ranks[1]


def test_a_seed_draws_the_same_mutations_and_a_larger_count_continues_them() -> None:
    assert draw(1, 5) == draw(1, 5) == draw(1, 20)[:5]
    assert draw(1, 5) != draw(2, 5)


def test_each_mutation_is_another_program_that_compiles() -> None:
    for mutation in draw(3, 40):
        compile(mutation.changed, mutation.file, "exec")
        assert ast.dump(ast.parse(mutation.changed)) != ast.dump(ast.parse(mutation.source)), mutation.key
        assert mutation.before != mutation.after


def test_a_mutation_is_explained_in_its_own_function_alone() -> None:
    source = "def f():\n    g(1)\ndef h():\n    g(1)\n"
    changed = source.replace("g(1)", "g(2)", 1)
    mutation = Mutation("x.py", "NumberReplacer", (2, 2), source, changed, "key")
    known = Equivalent(file="x.py", before="g(1)", after="g(2)", inside="f", why="So.")
    assert reason(mutation, [known]) == "So."
    assert reason(mutation, [attrs.evolve(known, inside="h")]) is None


def test_each_explained_mutation_is_of_a_line_that_is_still_there() -> None:
    assert [one for one in equivalents() if one.is_gone()] == []
    assert all(one.why.endswith(".") for one in equivalents())
