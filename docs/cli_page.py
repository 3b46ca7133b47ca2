"""The pages of the command line: what each command has of its own, and the options that many commands share."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Final

import click

from bulkops.cli.app import bulkops
from bulkops.cli.click_ext import Flag

WIDTH: Final = 100
COMMON_PAGE: Final = "common-options.md"
_FULL: Final = "create-folder"
"""A command that takes every common option, and none of its own in their sections."""

_SECTIONS: Final = {
    "Selection": "Which accounts a run works on. In a job file: `[selection]`.",
    "Policy": "How many accounts at once, and when the run stops. In a job file: `[policy]`; `client_file` too.",
    "Output": "Where the run is recorded, and what is printed.",
}
_EVERYWHERE: Final = ("-v, --verbose", "--debug", "-h, --help")


def commands() -> Iterator[str]:
    """The page of all commands."""
    yield "# The command line"
    yield ""
    yield f"What `--help` says, without the [options that many commands share]({COMMON_PAGE}). `-v`, `--debug` and"
    yield "`--help` work with every command."
    yield from _command(bulkops, None, "bulkops")


def common() -> Iterator[str]:
    """The page of the options that many commands share."""
    yield "# Common options"
    yield ""
    yield "Options that many commands share. Flags override environment variables, which override a job file, which"
    yield "overrides a client file: see [configuration](../configuration.md)."
    full = bulkops.commands[_FULL]
    ctx = _context(full, click.Context(bulkops, info_name="bulkops"), _FULL)
    for section, about in _SECTIONS.items():
        yield f"\n## {section}\n"
        yield about
        yield "\n| option | meaning | variable |\n| --- | --- | --- |"
        for option in _options(full):
            if option.section == section:
                yield _row(option, ctx)
    yield "\n## Every command\n"
    yield "| option | meaning |\n| --- | --- |"
    for param in full.get_params(ctx):
        record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
        if record is not None and record[0] in _EVERYWHERE:
            yield f"| `{record[0]}` | {_cell(record[1])} |"


def _row(option: Flag, ctx: click.Context) -> str:
    names, about = option.get_help_record(ctx) or ("", "")
    variable = f"`{option.envvar}`" if isinstance(option.envvar, str) else ""
    return f"| `{_cell(names)}` | {_cell(about)} | {variable} |"


def _command(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    shared = [option for option in _options(command) if _is_common(option)]
    own = copy.copy(command)
    own.params = [param for param in command.params if param not in shared and not _is_everywhere(param)]
    own.add_help_option = False
    ctx = _context(own, parent, name)
    yield f"\n## {ctx.command_path}\n"
    yield f"```text\n{own.get_help(ctx).rstrip()}\n```"
    if shared:
        yield f"\nAlso: {'; '.join(_links(shared))}."
    if isinstance(command, click.Group) and name == "plan":
        yield from _plan(command)
    elif isinstance(command, click.Group):
        for inner in command.list_commands(ctx):
            found = command.get_command(ctx, inner)
            if found is not None:
                yield from _command(found, ctx, inner)


def _plan(command: click.Group) -> Iterator[str]:
    """What every `plan COMMAND` has beside the command's own options."""
    ctx = click.Context(command, info_name="plan")
    full = command.get_command(ctx, _FULL)
    yield "\nPut `plan` before any of these commands and its options. Additional options:\n"
    yield "| option | meaning |\n| --- | --- |"
    for option in _options(full) if full is not None else ():
        if option.section == "Plan":
            names, about = option.get_help_record(ctx) or ("", "")
            yield f"| `{_cell(names)}` | {_cell(about)} |"


def _context(command: click.Command, parent: click.Context | None, name: str) -> click.Context:
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    return click.Context(command, parent=parent, info_name=name, **settings)


def _options(command: click.Command) -> list[Flag]:
    return [param for param in command.params if isinstance(param, Flag)]


def _is_common(option: Flag) -> bool:
    return any(_is_same(option, one) for one in _options(bulkops.commands[_FULL]) if one.section in _SECTIONS)


def _is_same(option: Flag, other: Flag) -> bool:
    return (option.section, option.opts, option.help) == (other.section, other.opts, other.help)


def _is_everywhere(param: click.Parameter) -> bool:
    return {"--verbose", "--debug", "--help"} & set(param.opts) != set()


def _links(shared: list[Flag]) -> Iterator[str]:
    """The sections of the common options, with the names where a command takes only some of one."""
    for section in _SECTIONS:
        every = [_name(one) for one in _options(bulkops.commands[_FULL]) if one.section == section]
        taken = [_name(one) for one in shared if one.section == section]
        missing = [name for name in every if name not in taken]
        link = f"[{section.lower()}]({COMMON_PAGE}#{section.lower()})"
        if not missing:
            yield link
        elif len(missing) < len(taken):
            yield f"{link} without {', '.join(missing)}"
        elif taken:
            yield f"{', '.join(taken)} of {link}"


def _name(option: Flag) -> str:
    return f"`{max(option.opts, key=len)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
