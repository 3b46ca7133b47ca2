"""Draws mutations by seed. The operators are cosmic-ray's; one more removes a statement.

cosmic-ray itself runs one test command for all mutations and every mutation it finds; here a sample is drawn, and each
mutation meets the tests of its own line. A place has the same rank in every draw of a seed, wherever its line moves:
a change of the code changes the sample only where its own lines are.

Not drawn, because no test can or should notice it:

* what does not compile, or compiles with a warning, and what leaves the program as it was;
* the markers `*` and `/` of a signature, which cosmic-ray takes for operators;
* annotations, overloads, protocols, type variables, type aliases and unions of types, and what `TYPE_CHECKING` guards;
* `repr=`, `slots=`, `weakref_slot=` and `kw_only=` of a class: they change how an object prints, where it keeps its
  members, and which calls mypy refuses;
* statements that only write a log line, and the removal of a cache, which costs time alone.

Drawn, though a weak test notices most of them: numbers that only shape a message, such as where a long text is cut.
What a message says is what its reader acts on.
"""

from __future__ import annotations

import ast
import hashlib
import random
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
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

_OF_CLASSES: Final = frozenset({"repr", "slots", "weakref_slot", "kw_only"})
_OF_TYPES: Final = frozenset({"TypeVar", "ParamSpec", "NewType"})
_DECORATORS: Final = frozenset({"cache", "lru_cache", "overload"})
_LOGS: Final = frozenset({"log", "logger", "_log", "_logger"})
_TYPE: Final = re.compile(r"[A-Z]$|[A-Z]\w*[a-z]\w*|str|bytes|int|float|bool|list|dict|set|tuple|frozenset|object")
"""The name of a class; that of a constant is in capitals."""


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


OPERATORS: Final = _operators()


@attrs.frozen
class Mutation:
    """One change of one file."""

    file: str
    """Relative to the project."""
    operator: str
    lines: tuple[int, int]
    source: str = attrs.field(repr=False)
    """The file's text."""
    changed: str = attrs.field(repr=False)
    """The file's text with the change."""
    key: str
    """Of this change in this program: the same as long as only comments, docstrings and annotations change."""

    @property
    def room(self) -> str:
        return self.file.split("/")[1].removesuffix(".py")

    @property
    def before(self) -> str:
        """The changed lines as they are, without the common indentation of the file."""
        return self._rows()[0]

    @property
    def after(self) -> str:
        return self._rows()[1]

    @property
    def inside(self) -> str:
        """The name of the innermost function around it; empty outside of functions."""
        functions = [
            node
            for node in ast.walk(ast.parse(self.source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.lineno <= self.lines[0] <= (node.end_lineno or 0)
        ]
        return max(functions, key=lambda node: node.lineno).name if functions else ""

    def _rows(self) -> tuple[str, str]:
        old, new = self.source.splitlines(), self.changed.splitlines()
        while old and new and old[0] == new[0]:
            old, new = old[1:], new[1:]
        while old and new and old[-1] == new[-1]:
            old, new = old[:-1], new[:-1]
        return joined(old), joined(new)


def joined(rows: Iterable[str]) -> str:
    """Lines of a text without their indentation."""
    return "\n".join(re.sub(r"\s+", " ", row).strip() for row in rows)


@attrs.frozen
class Place:
    """Where mutations are possible: one stretch of a file's text."""

    file: str
    name: str
    """Its line and its column there, by text, not by number."""
    lines: tuple[int, int]
    choices: list[tuple[str, int]]
    """Operators, and which occurrence in the file each changes."""

    def mutation(self, seed: int) -> Mutation | None:
        """One of its mutations; None when no choice is another program that compiles."""
        source = (ROOT / self.file).read_text(encoding="utf-8")
        for name, occurrence in random.Random(self.rank(seed)).sample(self.choices, len(self.choices)):
            changed = mutated(source, name, occurrence)
            if changed is not None:
                key = f"{self.file}:{self.name}:{name}:{digest(changed)}"
                return Mutation(self.file, name, self.lines, source, changed, key)
        return None

    def rank(self, seed: int) -> str:
        return hashlib.sha256(f"{seed}:{self.file}:{self.name}".encode()).hexdigest()


def files() -> list[Path]:
    paths = [path for room in ROOMS for path in (ROOT / "bulkops").glob(f"{room}.py")]
    return sorted(paths + [path for room in ROOMS for path in (ROOT / "bulkops" / room).rglob("*.py")])


def draw(seed: int, count: int) -> list[Mutation]:
    """`count` mutations, each at a place of its own; a larger count continues a smaller one of the same seed."""
    found = [place for path in files() for place in places(str(path.relative_to(ROOT)), path.read_text("utf-8"))]
    drawn = (place.mutation(seed) for place in sorted(found, key=lambda place: place.rank(seed)))
    return list(islice((mutation for mutation in drawn if mutation is not None), count))


def mutated(source: str, operator: str, occurrence: int) -> str | None:
    """The text with one change; None when it is no other program, or none that compiles without a warning."""
    try:
        changed = mutate_code(source, OPERATORS[operator], occurrence)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(changed or "", operator, "exec")
    except (SyntaxError, AttributeError):  # AttributeError: cosmic-ray's, for `except module.Error`
        return None
    return changed if changed and digest(changed) != digest(source) else None


def digest(source: str) -> str:
    """Of the program: comments, docstrings, annotations and the layout of the text do not count."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [row for row in node.body if not _is_text(row)] or [ast.Pass()]
        for name in ("annotation", "returns"):
            if hasattr(node, name):
                setattr(node, name, ast.Constant(None))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def places(file: str, source: str) -> list[Place]:
    """The places of a file where a mutation may be noticed."""
    ignored = set(unnoticeable(ast.parse(source)))
    found: dict[tuple[Any, Any], list[tuple[str, int]]] = defaultdict(list)
    rows, names = source.splitlines(), _names(source)
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in OPERATORS.items():
        positions = [position for node in nodes for position in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(positions):
            is_marker = name.startswith("ReplaceBinary") and rows[end[0] - 1][end[1] :].lstrip().startswith((",", ")"))
            is_again = name == "AddNot" and rows[start[0] - 1].startswith("not ", start[1])  # as when `not` is deleted
            if start not in ignored and not is_marker and not is_again:
                found[start, end].append((name, occurrence))
    here = []
    for start, end in sorted(found):
        row = rows[start[0] - 1]
        column = start[1] - len(row) + len(row.lstrip())
        here.append(Place(file, f"{names[start[0] - 1]}:{column}", (start[0], end[0]), found[start, end]))
    return here


def _names(source: str) -> list[str]:
    """Each line's text, and how often it stood above."""
    seen: Counter[str] = Counter()
    names = []
    for row in map(str.strip, source.splitlines()):
        names.append(f"{row}:{seen[row]}")
        seen[row] += 1
    return names


def unnoticeable(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Positions (line, column) where a mutation is not drawn: see the module's docstring."""
    for node in ast.walk(tree):
        for part in _unread(node):
            first, last = part.lineno, part.end_lineno  # type: ignore[attr-defined]
            for line in range(first, last + 1):
                begin = part.col_offset if line == first else 0  # type: ignore[attr-defined]
                end = part.end_col_offset if line == last else 200  # type: ignore[attr-defined]
                yield from ((line, column) for column in range(begin, end))
        for decorator in getattr(node, "decorator_list", ()):
            if _name(decorator) in _DECORATORS:
                yield decorator.lineno, decorator.col_offset - 1  # of the @


def _unread(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a node in which nothing is drawn."""
    yield from _of_types(node)
    match node:
        case ast.keyword(arg=arg, value=value) if arg in _OF_CLASSES:
            yield value
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))) if name in _LOGS:
            yield node


def _of_types(node: ast.AST) -> Iterator[ast.AST]:
    """What only a type checker reads."""
    match node:
        case ast.AnnAssign(annotation=annotation, value=value):
            yield annotation
            if value is not None and _name(annotation) == "TypeAlias":
                yield value
        case ast.arg(annotation=annotation) if annotation is not None:
            yield annotation
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            if any(_name(decorator) == "overload" for decorator in node.decorator_list):
                yield node
            if node.returns is not None:
                yield node.returns
        case ast.If(test=test) if _name(test) == "TYPE_CHECKING":
            yield test
            yield from node.body
        case ast.ClassDef(bases=bases) if any(_name(base) == "Protocol" for base in bases):
            yield node
        case ast.Call(func=func) if _name(func) in _OF_TYPES:
            yield node
        case ast.BinOp(op=ast.BitOr()) if _is_type(node):
            yield node


def _is_type(node: ast.expr) -> bool:
    """Whether an expression names types only, joined by `|`."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and _is_type(node.left) and _is_type(node.right)
    return (isinstance(node, ast.Constant) and node.value is None) or _TYPE.fullmatch(_name(node)) is not None


def _name(node: ast.AST) -> str:
    """The last part of a name, without call or subscript."""
    match node:
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return _name(inner)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
