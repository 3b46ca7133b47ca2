"""Edits of the package by meaning: in which definition, what stands there, what shall stand there instead.

Code is compared as a syntax tree, so that neither its layout nor the module that holds it plays a part.
"""

from __future__ import annotations

import ast
import functools
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Edit:
    """`within`: a function, method, class or constant, by its dotted name inside its module.

    `old`: an expression; statements that follow one another; or, where it is no Python, a part of a text, such as SQL.
    `new`: the same in its place; "" removes statements.
    """

    within: str
    old: str
    new: str

    def made_in(self, package: Path) -> tuple[Path, str]:
        """The file and its new text. Raises: LookupError when `old` is not there exactly once."""
        name = self.within.rpartition(".")[2]
        defining = (f"def {name}(", f"class {name}", f"\n{name}")
        found = []
        for file in _files(package, "*.py"):
            text = _text(file, file.stat().st_mtime_ns)
            if any(line in f"\n{text}" for line in defining):
                found += [(file, text[:at] + self._new(text, at) + text[end:]) for at, end in self._spans(text)]
        for file in _files(package, "*.sql"):
            text = _text(file, file.stat().st_mtime_ns)
            begin = text.find(f"CREATE FUNCTION {self.within}(")
            end = text.find("$$;", begin)
            if begin >= 0 and text.count(self.old, begin, end) == 1:
                found.append((file, text[:begin] + text[begin:end].replace(self.old, self.new) + text[end:]))
        if len(found) != 1:
            raise LookupError(f"{self.within} has {self.old!r} {len(found)} times")
        return found[0]

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        starts = [0]
        for line in text.encode().splitlines(keepends=True):
            starts.append(starts[-1] + len(line))

        def offset(line: int, column: int) -> int:
            return len(text.encode()[: starts[line - 1] + column].decode())

        for scope in _definitions(_tree(text), self.within):
            for first, last in self._matches(scope):
                start = offset(first.lineno, first.col_offset)
                end = offset(last.end_lineno or 0, last.end_col_offset or 0)
                if isinstance(first, ast.Constant) and self._is_text:
                    within = text[start:end].find(self.old)
                    start, end = start + within, start + within + len(self.old)
                yield start, end

    def _matches(self, scope: ast.AST) -> Iterator[tuple[ast.stmt, ast.stmt] | tuple[ast.expr, ast.expr]]:
        if self._is_text:
            for node in ast.walk(scope):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and self.old in node.value:
                    yield node, node
            return
        wanted = ast.parse(self.old).body
        if self.new and len(wanted) == 1 and isinstance(wanted[0], ast.Expr):
            sought, kind = ast.dump(wanted[0].value), type(wanted[0].value)
            for node in ast.walk(scope):
                if isinstance(node, ast.expr) and type(node) is kind and ast.dump(node) == sought:
                    yield node, node
            return
        for node in ast.walk(scope):
            for _, statements in ast.iter_fields(node):
                if isinstance(statements, list) and statements and isinstance(statements[0], ast.stmt):
                    yield from _runs_of(statements, wanted)

    @property
    def _is_text(self) -> bool:
        try:
            ast.parse(self.old)
        except SyntaxError:
            return True
        return False

    def _new(self, text: str, at: int) -> str:
        indent = text[text.rfind("\n", 0, at) + 1 : at]
        return textwrap.indent(self.new or "pass", indent).removeprefix(indent) if not indent.strip() else self.new


def _definitions(tree: ast.AST, within: str) -> Iterator[ast.AST]:
    name, _, rest = within.partition(".")
    for node in ast.iter_child_nodes(tree):
        names: list[str] = []
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        if name in names:
            yield from _definitions(node, rest) if rest else iter([node])


def _runs_of(statements: list[ast.stmt], wanted: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    for at in range(len(statements) - len(wanted) + 1):
        run = statements[at : at + len(wanted)]
        if all(type(a) is type(b) and ast.dump(a) == ast.dump(b) for a, b in zip(run, wanted, strict=True)):
            yield run[0], run[-1]


@functools.cache
def _files(package: Path, pattern: str) -> list[Path]:
    """An edit changes files; it neither adds nor removes one."""
    return sorted(package.rglob(pattern))


@functools.cache
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


@functools.cache
def _text(file: Path, _modified_ns: int) -> str:
    return file.read_text(encoding="utf-8")
