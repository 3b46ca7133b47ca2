"""Write what says what the code says: the reference pages, and the table of the command line.

python -m docs.generate            write docs/reference/* and bulkops/cli/options/from_parameters.json
python -m docs.generate --check    exit 1 and name the pages that are not in step
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from bulkops import errors
from bulkops.catalogue import CALLS, QUOTAS
from bulkops.exit_codes import exit_code_of_error
from bulkops.rate_limit import Limit
from bulkops.sandbox.assumptions import Assumptions, in_toml
from docs import api_page, command_table, error_examples, job_schema, messages_page
from tests.docs import promises

ROOT: Final = Path(__file__).parents[1]
REFERENCE: Final = ROOT / "docs/reference"
TABLE: Final = "bulkops/cli/options/from_parameters.json"
SOURCES: Final = Path(errors.__file__).parent
_NOTE: Final = "<!-- Written by `python -m docs.generate`: change the code, not this page. -->"


@functools.cache
def pages() -> Mapping[str, str]:
    """The text of each generated page, by file name."""
    from docs import cli_page  # noqa: PLC0415 - reads the table, which `main` renews first

    makers: dict[str, Callable[[], Iterator[str]]] = {
        "api.md": api_page.page,
        "cli.md": cli_page.commands,
        cli_page.COMMON_PAGE: cli_page.common,
        "job.md": job_schema.page,
        "errors.md": _errors,
        "messages.md": _messages,
        "quotas.md": _quotas,
        "calls.md": _calls,
        "assumptions.md": _assumptions,
        "promises.md": _promises,
    }
    written = {name: "\n".join([_NOTE, "", *make(), ""]) for name, make in makers.items()}
    return written | {"job.schema.json": job_schema.schema()}


def _errors() -> Iterator[str]:
    yield "# Errors"
    yield ""
    yield "Every error that bulkops raises on purpose is a `bulkops.BulkopsError`. `str(error)` is one line: what"
    yield "failed, then what to do. `error.cause` is the same text for every account with the same problem,"
    yield "`error.remedy` is what to do, and `bulkops retry --failure-class` takes `error.failure_class`."
    tree = inspect.getdoc(errors) or ""
    _, _, rest = tree.partition("\n\n")
    drawn, _, after = rest.partition("\n\n")
    yield f"\n```text\n{inspect.cleandoc(drawn)}\n```\n\n{after}\n"
    yield "The exit code is that of a command which the error ends. Of an API error it is 1 when the vendor may have"
    yield "acted on a change."
    yield ""
    yield "| error | failure class | exit code | about |"
    yield "| --- | --- | --- | --- |"
    for kind in _error_classes():
        about = " ".join((vars(kind).get("__doc__") or _about(drawn, kind.__name__)).split())
        about = about.partition(" Args:")[0]
        yield f"| `{kind.__name__}` | `{kind.failure_class}` | {_exit_code(kind)} | {_cell(about)} |"
    yield ""
    yield "## Examples"
    yield ""
    yield "One example of each, with its cause and remedy. The messages that bulkops can"
    yield "raise are [all listed](messages.md)."
    yield ""
    yield "| error | message | cause | remedy |"
    yield "| --- | --- | --- | --- |"
    raised = error_examples.examples()
    for kind in _error_classes():
        error = raised.get(kind.__name__)
        if error is not None:
            said = (str(error), error.cause, error.remedy or "")
            yield f"| `{kind.__name__}` | {' | '.join(_cell(error_examples.shown(text)) for text in said)} |"


def _error_classes() -> list[type[errors.BulkopsError]]:
    return [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.BulkopsError) and value.__module__ == errors.__name__
    ]


def _about(tree: str, name: str) -> str:
    """What the tree says beside the name; several on one line are parted by slashes."""
    for line in tree.splitlines():
        for entry in line.lstrip("│├└─ ").split(" / "):
            first, _, about = entry.partition(" ")
            if first == name:
                return about.strip()
    return ""


def _exit_code(kind: type[errors.BulkopsError]) -> int:
    """Of an instance without members. An error of the API is one of a read, unless that cannot be."""
    error = kind.__new__(kind)
    vars(error)["is_read"] = kind is not errors.OutcomeUnknown
    return exit_code_of_error(error)


def _messages() -> Iterator[str]:
    return messages_page.page(SOURCES, {kind.__name__ for kind in _error_classes()}, _cell)


def _quotas() -> Iterator[str]:
    yield "# The vendor's quotas"
    yield ""
    yield "Quotas as documented by the vendor. Names that begin with `assumed` have no"
    yield "published figure; their default is 60 per minute. A [client file](../configuration.md)"
    yield "replaces any of them. Embedded quotas count per partner workspace: all customers and all tokens share one."
    yield "More about them: [vendor facts, section 6](vendor.md#6-quotas)."
    yield ""
    yield "| quota | limits | calls |"
    yield "| --- | --- | ---: |"
    for name, limits in sorted(QUOTAS.items()):
        calls = sum(call.quota == name for call in CALLS.values())
        yield f"| `{name}` | {', '.join(map(_limit, limits))} | {calls} |"


def _limit(limit: Limit) -> str:
    window = {1.0: "second", 60.0: "minute", 3600.0: "hour"}.get(limit.window_s, f"{limit.window_s:g} s")
    return f"{limit.requests:,} a {window}" + (f" for each {limit.key}" if limit.key else "")


def _calls() -> Iterator[str]:
    yield "# The vendor's calls"
    yield ""
    yield "Each call with its quota, and what happens after an unknown outcome: *idempotent* and"
    yield "*safe_to_retry* calls are sent again; before a *reconcile_first* call is sent again, bulkops probes."
    yield ""
    yield "The last column says what names the call: a page of the vendor (*documented*), the code of a client"
    yield "(*client*), or only similar calls (*inferred*). `?`: no page shows how its response is wrapped."
    yield ""
    yield "| call | request | quota | after an unknown outcome | known from |"
    yield "| --- | --- | --- | --- | --- |"
    for call in CALLS.values():
        known = f"{call.confidence}{' ?' if call.assumes_envelope else ''}"
        yield f"| `{call.id}` | `{call.method} {call.path}` | `{call.quota}` | {call.retry.value} | {known} |"


def _assumptions() -> Iterator[str]:
    yield "# What the sandbox assumes"
    yield ""
    yield "The vendor's documents leave these points open. [A page](vendor.md) has what is known, and how to find"
    yield "out the rest. The sandbox takes the first choice, unless the TOML file of"
    yield "`bulkops sandbox --assumptions FILE` has another one, with a line for each difference. A reliable client"
    yield "works with every choice."
    yield ""
    yield "| assumption | choices, the default first | about |"
    yield "| --- | --- | --- |"
    for name, choices, about in Assumptions.table():
        listed = ", ".join(f"`{in_toml(choice)}`" for choice in choices)
        yield f"| `{name}` | {listed if len(choices) > 1 else listed + ' or another number'} | {_cell(about)} |"
    yield ""
    yield "Three tables say what differs call by call."
    yield "[`bulkops doctor --learn`](../how-to/first-contact.md) writes them:"
    yield ""
    yield "```text"
    yield "[envelopes]"
    yield '"managed_users.folders.list" = "items"    # the wrapper of a reply, in the words of `bulkops calls`'
    yield "[page_sizes]"
    yield '"managed_users.list" = 50                 # the most rows that a page has'
    yield '[members."managed_users.recipes.list"]'
    yield 'description = "missing"                   # a member that is not there'
    yield 'copy_count = "string"                     # or of another type: null, integer, object ...'
    yield "```"


def _promises() -> Iterator[str]:
    listed, _ = promises.load()
    yield "# Promises and their tests"
    yield ""
    yield "Each sentence of README, the concepts and the how-to guides that promises behavior, with the tests that fail"
    yield "when it is no longer true. A test compares this list with the pages."
    for page in dict.fromkeys(one.page for one in listed):
        yield f"\n## {page.removeprefix('docs/')}\n"
        if page.startswith("docs/"):
            yield f"[The page](../{page.removeprefix('docs/')}).\n"
        yield "| promise | tests |\n| --- | --- |"
        for one in listed:
            if one.page == page:
                tests = (f"`{file}::{test.rpartition('::')[2]}`" for test in one.tests for file in promises.find(test))
                yield f"| {_cell(one.sentence.replace('**', ''))} | {' '.join(tests)} |"


def _cell(text: str) -> str:
    """On one line, and inert: a bar ends a cell, an angle bracket begins a tag, an underscore slants."""
    pieces = " ".join(text.split()).replace("|", "\\|").split("`")
    for place in range(0, len(pieces), 2):  # every other piece is code, in which nothing needs escaping
        for mark, entity in (("<", "&lt;"), ("*", "\\*"), ("_", "\\_")):
            pieces[place] = pieces[place].replace(mark, entity)
    return "`".join(pieces)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        sys.stdout.write(f"{__doc__}\n")
        return 2
    table = {TABLE: command_table.table()}
    if not arguments:
        _write(table)
    made = table | {f"docs/reference/{name}": text for name, text in pages().items()}
    if not arguments:
        _write(made)
        return 0
    stale = [name for name, text in made.items() if not _is(ROOT / name, text)]
    for name in stale:
        sys.stdout.write(f"{name} is not in step: run python -m docs.generate\n")
    return 1 if stale else 0


def _write(texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text, encoding="utf-8")


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
