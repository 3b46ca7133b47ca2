"""The page of messages: what a user may be told when something is wrong, from the code, with the next step of each."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from bulkops.session import remedy_for

# The sandbox's answers imitate the vendor's and are no messages of bulkops; a WouldChange ends a rehearsal, unseen.
_WITHOUT_MESSAGES: Final = frozenset({"sandbox", "testing"})
_UNSEEN: Final = frozenset({"WouldChange"})
_STATUSES: Final = (301, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503)


@attrs.frozen(order=True)
class Message:
    """`home`: the module; `kind`: an error's class, `usage`, or what the doctor looks at."""

    home: str
    kind: str
    text: str
    remedy: str


def page(sources: Path, kinds: Collection[str], cell: Callable[[str], str]) -> Iterator[str]:
    """The lines of the page. `kinds`: names of our error classes."""
    yield "# Messages"
    yield ""
    yield "All messages about problems, with the next step. `{...}` stands for a value."
    yield "A test refuses a message without a next step."
    found = sorted(set(messages(sources, kinds)))
    home = None
    for one in found:
        if one.home != home:
            home = one.home
            yield f"\n## {home}\n\n| error | message | what to do |\n| --- | --- | --- |"
        yield f"| `{one.kind}` | {cell(one.text)} | {cell(one.remedy)} |"
    yield "\n## The vendor's refusals\n"
    yield "The message has the status and the vendor's own text, on one line and without secrets."
    yield "\n| status | what to do |\n| --- | --- |"
    for status in _STATUSES:
        yield f"| {status} | {cell(remedy_for(status))} |"


def messages(sources: Path, kinds: Collection[str]) -> Iterator[Message]:
    """Each place that makes an error, refuses a value of a job file, says how a command is used, or finds a fault."""
    for path in sorted(sources.rglob("*.py")):
        home = path.relative_to(sources).with_suffix("")
        if home.parts[0] in _WITHOUT_MESSAGES:
            continue
        name = ".".join(["bulkops", *home.parts]).removesuffix(".__init__")
        for call in _calls(path.read_text(encoding="utf-8")):
            yield from _message(name, call, kinds)


@functools.cache
def _calls(source: str) -> Sequence[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]


def _message(home: str, node: ast.Call, kinds: Collection[str]) -> Iterator[Message]:
    remedy = next((word.value for word in node.keywords if word.arg == "remedy"), None)
    match node.func:
        case ast.Name(id=kind) if kind in kinds and kind not in _UNSEEN:
            yield Message(home, kind, words(node.args[0]), words(remedy))
        case ast.Attribute(attr="refuse") if len(node.args) == 3:  # of a job file: section, key, what
            yield Message(home, "ConfigError", f"{{file, line}}: {words(node.args[2])}", words(remedy))
        case ast.Attribute(value=ast.Name(id="click"), attr="UsageError"):
            yield Message(home, "usage", words(node.args[0]), "`bulkops {command} --help`")
        case ast.Attribute(value=ast.Name(id="self"), attr="fail"):
            yield Message(home, "usage", words(node.args[0]), "`bulkops {command} --help`")
        case ast.Name(id="Finding") if len(node.args) > 3:
            check, _, says, advice = node.args[:4]
            if not isinstance(advice, ast.Starred):
                yield Message(home, f"doctor: {words(check)}", words(says), words(advice))
        case _:
            pass


def words(node: ast.expr | None) -> str:
    """The text of an expression, with its variable parts in braces; alternatives with "or"."""
    match node:
        case None | ast.Constant(value=None):
            text = ""
        case ast.Constant(value=value):
            text = str(value)
        case ast.JoinedStr(values=values):
            text = "".join(words(value) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            text = words(left) + words(right)
        case ast.IfExp(body=body, orelse=orelse):
            text = " or ".join(filter(None, (words(body), words(orelse))))
        case ast.FormattedValue(value=value) | value:
            text = f"{{{ast.unparse(value)}}}"
    return text
