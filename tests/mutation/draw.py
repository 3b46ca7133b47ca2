"""Draws mutations by seed. The operators are cosmic-ray's; one more removes a statement.

cosmic-ray itself runs one test command for all mutations and every mutation it finds; here a sample is drawn, and each
mutation meets the tests of its own line.
"""

from __future__ import annotations

import ast
import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Name

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("pacing", "ledger", "steps", "journal", "session", "runs", "executor", "operations")

_REPLACED: Final = frozenset(
    {"Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "BitOr_BitAnd", "BitAnd_BitOr"}
    | {"Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt"}
    | {"Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"}
)
"""Of the replacements of binary operators those that are neither a TypeError nor, like `is` by `==`, no change."""


class RemoveStatement(Operator):  # type: ignore[misc]
    """`pass` in place of a call or a `raise`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "simple_stmt" and node.children[0].type in {"atom_expr", "raise_stmt"}:
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        del index
        first = node.children[0]
        node.children[0] = Name("pass", first.start_pos, prefix=first.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def _operators() -> dict[str, Operator]:
    found: dict[str, Operator] = {"RemoveStatement": RemoveStatement()}
    for name in operator_names():
        kind, _, replaced = name.partition("/")[2].partition("Operator_")
        operator = get_operator(name)
        if not operator.arguments() and (kind not in {"ReplaceBinary", "ReplaceComparison"} or replaced in _REPLACED):
            found[name.partition("/")[2]] = operator()
    return found


@attrs.frozen
class Mutation:
    """One change of one file."""

    file: str
    """Relative to the project."""
    operator: str
    occurrence: int
    lines: tuple[int, int]
    digest: str
    """Of the file's text, so that a result is known to be of this text."""

    @property
    def key(self) -> str:
        return f"{self.file}:{self.lines[0]}:{self.operator}:{self.occurrence}:{self.digest}"

    def apply(self, source: str) -> str:
        """The mutated text."""
        changed = mutate_code(source, OPERATORS[self.operator], self.occurrence)
        if changed is None:
            raise LookupError(f"{self.key} does not fit the text")
        return str(changed)


OPERATORS: Final = _operators()


def files() -> list[Path]:
    paths = [path for room in ROOMS for path in (ROOT / "bulkops").glob(f"{room}.py")]
    return sorted(paths + [path for room in ROOMS for path in (ROOT / "bulkops" / room).rglob("*.py")])


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def draw(seed: int, count: int) -> list[Mutation]:
    """`count` mutations, each at a place of its own; a larger count continues a smaller one of the same seed."""
    places = [place for path in files() for place in _places(path)]
    chance = random.Random(seed)
    chance.shuffle(places)
    return [chance.choice(place) for place in places[:count]]


@cache
def _places(path: Path) -> list[list[Mutation]]:
    """The mutations of a file, those at the same place together."""
    source = path.read_text(encoding="utf-8")
    of_text = digest(source)
    ignored = set(_without_effect(ast.parse(source)))
    found: dict[tuple[Any, Any], list[Mutation]] = defaultdict(list)
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in OPERATORS.items():
        positions = [position for node in nodes for position in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(positions):
            if start not in ignored:
                lines = (start[0], end[0])
                found[start, end].append(Mutation(str(path.relative_to(ROOT)), name, occurrence, lines, of_text))
    return [found[place] for place in sorted(found)]


def _without_effect(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Positions in annotations, which are never evaluated, and in what only a type checker reads."""
    for node in ast.walk(tree):
        unread: Iterable[ast.AST | None] = ()
        if isinstance(node, ast.AnnAssign | ast.arg):
            unread = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            unread = [node.returns]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            unread = node.body
        elif isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases):
            unread = [node]
        for part in unread:
            if part is not None:
                yield from _positions(part)


def _positions(part: ast.AST) -> Iterator[tuple[int, int]]:
    first, last = part.lineno, part.end_lineno  # type: ignore[attr-defined]
    for line in range(first, last + 1):
        begin = part.col_offset if line == first else 0  # type: ignore[attr-defined]
        end = part.end_col_offset if line == last else 200  # type: ignore[attr-defined]
        yield from ((line, column) for column in range(begin, end))
