"""The page of the public API: the names of `import bulkops`, its modules, and the nouns behind a client."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final

import bulkops
from bulkops import Operation, events, operations, resources
from bulkops.parameters import parameters_of

WIDTH: Final = 100
_SECTIONS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Running", ("Fleet", "run", "select", "read_accounts", "Policy", "StopSignal", "Inventory")),
    ("Outcomes", ("Report", "Outcome")),
    ("A client", ("Workato", "Account", "Settings", "Tuning", "Limit", "Secret")),
    (
        "An operation of your own",
        (
            "operation",
            "Operation",
            "Ensure",
            "parameter",
            "Context",
            "Intent",
            "StepRow",
            "BulkopsError",
            "TaskFailed",
            "TaskUnknown",
        ),
    ),
    ("Any async function", ("fan_out", "TaskOutcome")),
)
"""In the order in which one meets them; modules follow. A test says when a name is forgotten."""

_PART: Final = re.compile(r"^(Args|Returns|Raises|Source):\s*(.*)$")
_ENTRY: Final = re.compile(r"^(\w[\w, *|]*): (.*)$")


def page() -> Iterator[str]:
    """The lines of the page."""
    yield "# The public API"
    yield ""
    yield "The names that `from bulkops import run, Policy` finds, with their docstrings. These names are stable,"
    yield "and so are the modules `bulkops.errors` ([errors](errors.md)), `bulkops.events`, `bulkops.operations`,"
    yield "`bulkops.testing` ([testing](../how-to/testing.md)) and `bulkops.sandbox` ([sandbox](../how-to/sandbox.md))."
    yield "A name or module with a leading underscore, or one that is not listed here, may change. Functions that wait"
    yield "are async."
    for title, names in _SECTIONS:
        yield f"\n## {title}"
        for name in names:
            yield from _thing(name, getattr(bulkops, name))
    yield "\n## bulkops.operations\n\nBuilt-in operations for `run`, chained with `>>`, and what they consist of."
    for name in sorted(set(dir(operations)) - set(dir(bulkops))):
        if callable(getattr(operations, name)):
            yield from _thing(name, getattr(operations, name))
    yield "\n## bulkops.events\n\nWhat `observe=` is called with."
    for name, event in vars(events).items():
        if inspect.isclass(event) and event.__module__ == events.__name__:
            yield from _thing(name, event)
    yield from _nouns()


def _nouns() -> Iterator[str]:
    yield "\n## The API's nouns"
    yield ""
    yield "`workato.customers`, `workato.packages`, and for one customer `workato.account(id).recipes`, `.folders` ..."
    yield "Lists are async iterators, page by page. For calls without a method use `workato.call`: [calls](calls.md)."
    for name in sorted(resources.__all__):
        noun = getattr(resources, name)
        if inspect.isclass(noun) and _verbs(noun) and name != "Pages":
            yield from _thing(name, noun, signature=False)


def _thing(name: str, thing: Any, *, signature: bool = True) -> Iterator[str]:
    yield f"\n### {name}\n"
    is_plain_error = inspect.isclass(thing) and issubclass(thing, Exception)
    if signature and not (inspect.isclass(thing) and issubclass(thing, Enum)) and not is_plain_error:
        yield from _signature(name, thing)
    yield from _text(thing)
    if inspect.isclass(thing):
        yield from _parameters(thing)
        if issubclass(thing, Enum):
            yield from _members(thing)
        for verb, member in _verbs(thing).items():
            yield f"\n#### {name}.{verb}\n"
            yield from _signature(verb, member)
            yield from _text(member)
        if properties := _properties(thing):
            yield f"\n#### {name}: what it says of itself\n"
            yield from (f"* `{verb}`: {_inert(about)}" for verb, about in properties.items())


def _parameters(cls: type[Any]) -> Iterator[str]:
    """What is declared of each parameter, as the help of its option says it."""
    declared = parameters_of(cls)
    if declared:
        yield "\n**Parameters**\n"
    for one in declared:
        facts = [one.help]
        if one.is_template and "{" not in one.help:
            facts.append("{column} is filled in.")
        if one.choices:
            facts.append(f"One of {', '.join(f'`{choice}`' for choice in one.choices)}.")
        if one.may_be_off or one.unset is not None:
            facts.append(f"None: {one.unset or 'no limit'}.")
        yield f"* `{one.name}`: {_inert(' '.join(facts))}"


def _verbs(cls: type[Any]) -> dict[str, Callable[..., Any]]:
    """Public methods that the class or one of ours above it defines, with a docstring."""
    found: dict[str, Callable[..., Any]] = {}
    for owner in reversed(cls.__mro__):
        if owner.__module__.startswith("bulkops.") and not issubclass(owner, Exception | Enum):
            for name, member in vars(owner).items():
                called = member.__func__ if isinstance(member, classmethod | staticmethod) else member
                if not name.startswith("_") and inspect.isfunction(called) and called.__doc__:
                    found[name] = called
    return found if not _is_operation(cls) or cls is Operation else {}


def _properties(cls: type[Any]) -> dict[str, str]:
    found = {name: member for owner in cls.__mro__ for name, member in vars(owner).items() if not name.startswith("_")}
    texts = {}
    for name, member in found.items():
        getter = getattr(member, "fget", None) or getattr(member, "func", None)
        if not inspect.isfunction(member) and callable(getter) and getattr(getter, "__doc__", None):
            texts[name] = " ".join(str(getter.__doc__).split())
    return {} if issubclass(cls, Exception | Enum) or _is_operation(cls) else texts


def _is_operation(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Operation)


class _Bare(str):
    """An annotation as it was written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(name: str, thing: Any) -> Iterator[str]:
    """As it is called: without self, one parameter a line where it would be too long."""
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return
    parameters = [
        parameter.replace(annotation=_bare(parameter.annotation))
        for parameter in signature.parameters.values()
        if parameter.name not in {"self", "cls"} and not parameter.name.startswith("_")
    ]
    returns = _bare(signature.return_annotation) if not inspect.isclass(thing) else inspect.Signature.empty
    text = str(signature.replace(parameters=parameters, return_annotation=returns))
    text = re.sub(r"<factory>|NOTHING|<[^<>]* at 0x[0-9a-f]+>", "...", text)
    word = "async " if inspect.iscoroutinefunction(inspect.unwrap(thing)) else ""
    line = f"{word}{name}{text}"
    if len(line) > WIDTH:
        head, tail = f"{word}{name}(", text[text.rindex(")") :]
        inner = ",\n    ".join(_each(parameters))
        line = f"{head}\n    {inner},\n{tail}"
    yield f"<!-- not run: a signature -->\n```python\n{line}\n```\n"


def _each(parameters: list[inspect.Parameter]) -> Iterator[str]:
    marked = False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not marked:
            marked = True
            if not any(one.kind is one.VAR_POSITIONAL for one in parameters):
                yield "*"
        yield re.sub(r"<factory>|NOTHING|<[^<>]* at 0x[0-9a-f]+>", "...", str(parameter))


def _bare(annotation: Any) -> Any:
    if annotation is inspect.Parameter.empty:
        return annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation).replace("~", "")
    text = re.sub(r"Optional\[([^\[\]]+)\]", r"\1 | None", text)  # as typing shows it, of a struct's member
    return _Bare(re.sub(r"\b(?:bulkops\.[\w.]+\.|typing\.|collections\.abc\.|pathlib\.)(?=\w)", "", text))


def _text(thing: Any) -> Iterator[str]:
    """The docstring as Markdown: its parts (Args, Raises) as lists, its examples as they are."""
    if "__doc__" in vars(thing) and not thing.__doc__:
        return
    part = is_session = False
    before = ""
    for line in (inspect.getdoc(thing) or "").splitlines():
        named = _PART.match(line)
        if named is not None:
            part = True
            if before.strip():
                yield ""
            before = line
            yield f"**{named[1]}** {_inert(named[2])}".rstrip() + ("\n" if not named[2] else "")
            continue
        before = line
        is_session = line.startswith(">>> ") or (is_session and bool(line.strip()))
        if is_session:
            yield f"    {line}"
            continue
        part = part and (line.startswith("    ") or not line.strip())
        entry = (
            _ENTRY.match(line.strip()) if part and line.startswith("    ") and not line.startswith("     ") else None
        )
        if entry is not None:
            yield f"* `{entry[1]}`: {_inert(entry[2])}"
        elif part and line.strip():
            yield f"  {_inert(line.strip())}"
        else:
            yield line if line.startswith("    ") else _inert(line)


def _members(enum: type[Enum]) -> Iterator[str]:
    """Each value with the text that stands below it in the source."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(enum))).body
    name = ""
    yield ""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield f"* `{enum.__name__}.{name}`: {_inert(' '.join(str(node.value.value).split()))}"


def _inert(text: str) -> str:
    """Outside code: an angle bracket begins a tag, an asterisk and an underscore slant."""
    pieces = text.split("`")
    for place in range(0, len(pieces), 2):
        for mark, entity in (("<", "&lt;"), ("*", "\\*"), ("_", "\\_")):
            pieces[place] = pieces[place].replace(mark, entity)
    return "`".join(pieces)
