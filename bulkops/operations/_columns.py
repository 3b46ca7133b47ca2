"""Texts of an operation that each account fills in from its own row of the account file: "{email}"."""

from __future__ import annotations

from bulkops.errors import ConfigError
from bulkops.operations._filling import check_sources, columns_of, fill as fill_in, without_references
from bulkops.steps import Context


def check_words(**templates: str | None) -> None:
    """Raises: ConfigError naming the parameter, for one that is blank or has braces around no column's name. None:
    not given."""
    for name, template in templates.items():
        if template is None:
            continue
        if not template.strip():
            raise ConfigError(f"{name} is empty", remedy="give it, or leave it out")
        if set(without_references(template)) & set("{}"):
            raise ConfigError(
                f"{name} = {template!r} has braces around no column's name",
                remedy="write {column} for a column of the account file",
            )
        check_sources(template)


def columns_in(**templates: str | None) -> set[str]:
    """The columns that these texts name."""
    return {column for template in templates.values() for column in columns_of(template)}


def fill(template: str, ctx: Context) -> str:
    """The text for this account. Raises: TaskFailed when the account's row has nothing in a column."""
    return str(fill_in("str", template, ctx.params, ctx.account.id)).strip()
