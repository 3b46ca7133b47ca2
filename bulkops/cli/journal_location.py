"""`JournalLocation`: the value of --journal: where the journal is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from bulkops.errors import ConfigError

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
