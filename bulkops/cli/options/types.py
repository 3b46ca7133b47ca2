"""Parameter types that click does not have. Values that the library checks stay text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from bulkops.errors import ConfigError
from bulkops.parameters import OFF
from bulkops.secret import Secret

if TYPE_CHECKING:
    from bulkops.journal import Location

DEFAULT_JOURNAL: Final = "./.bulkops"


class JournalLocation(click.ParamType["Location", Any]):
    """A `Location` of `bulkops.journal`, which is imported when a command runs."""

    name = "journal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Location:
        from bulkops.journal import Location

        try:
            return Location.of(value)
        except ConfigError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="dir")]


class OrOff(click.ParamType[Any, Any]):
    """What `inner` takes, or the word `off`."""

    def __init__(self, inner: click.ParamType[Any, Any]) -> None:
        self.inner = inner
        self.name = f"{inner.name} or off"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return OFF if str(value).lower() == OFF else self.inner.convert(value, param, ctx)


class _Name(click.ParamType[str, Any]):
    """Text that the shell completes. What it names is looked up where it is used."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)


class FileName(_Name):
    """A file's name."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class CallName(_Name):
    """A call's id."""

    name = "call"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from bulkops.catalogue import CALLS

        return [CompletionItem(name, help=call.summary) for name, call in CALLS.items() if name.startswith(incomplete)]


class RunName(_Name):
    """A run's id, the start of it, `latest` or `previous`; completed from the journal, newest first."""

    name = "run"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        import asyncio

        from bulkops.errors import BulkopsError
        from bulkops.journal import Journal
        from bulkops.journal.queries import NAMES

        async def known() -> list[CompletionItem]:
            async with Journal.open(str(ctx.params.get("journal") or "."), read_only=True) as journal:
                runs = [CompletionItem(run.run_id, help=run.title) for run in await journal.list_runs()]
            return [CompletionItem(name, help=one.help) for name, one in zip(NAMES, runs, strict=False)] + runs

        try:
            runs = asyncio.run(known())
        except BulkopsError:  # completion must not print an error
            return []
        return [run for run in runs if str(run.value).startswith(incomplete)]


class Hidden(click.ParamType[Secret, Any]):
    """A text that is kept as a secret from here on."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Secret:
        return value if isinstance(value, Secret) else Secret(str(value).strip())


class Assignment(click.ParamType[tuple[str, str], Any]):
    """NAME=VALUE; the value is whatever follows the first =."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.strip():
            self.fail(f"{value!r} is not NAME=VALUE.", param, ctx)
        return name.strip(), text


def once(assignments: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pairs by name. Raises: UsageError for a duplicate name, because the choice would be arbitrary."""
    found: dict[str, str] = {}
    for name, text in assignments:
        if name in found:
            raise click.UsageError(f"{name} is given twice.", ctx=click.get_current_context(silent=True))
        found[name] = text
    return found


class PositiveNumber(click.ParamType[float, Any]):
    """A finite number above 0."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number.", param, ctx)
        if not (number > 0 and math.isfinite(number)):
            self.fail(f"{value} is not a finite number above 0.", param, ctx)
        return number
