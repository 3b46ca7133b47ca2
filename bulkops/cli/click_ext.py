"""Base classes of commands: examples before the usage, options in sections, -h, -v and --debug."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TextIO, TypeVar, cast

import attrs
import click

from bulkops.cli.terminal import FORMAT_VARIABLE, put, wants_color, wants_json_lines
from bulkops.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

LEVEL_VARIABLE: Final = "BULKOPS_LOG_LEVEL"
WEBHOOK_VARIABLE: Final = "BULKOPS_WEBHOOK"

DETAILED: Final = "--detailed-exitcode"
"""Option of `plan`."""

NOT_IN_RUN: Final = ("interrupted; no run was in progress", None)
"""The message of an interrupt before and after a run."""


@attrs.define
class Invocation:
    """What one call of the command line was asked to tell about itself.

    `if_interrupted`: the message of an interrupt that ends the command, and the command that goes on; `has_begun`: the
    command has begun what it was asked for, other than accounts of a run.
    """

    debug: bool = False
    verbose: bool = False
    plan: PlanFlags | None = None
    if_interrupted: tuple[str, str | None] = NOT_IN_RUN
    has_begun: bool = False


@attrs.frozen(kw_only=True)
class PlanFlags:
    """Plan mode: number of accounts to look at (None: all), or none, and the file for the plan.

    `export`: the one export of a manifest is allowed, so that its package is known; `detailed_exitcode`: whether the
    exit code tells that there are changes.
    """

    sample: int | None
    offline: bool
    save: str | None
    export: bool
    detailed_exitcode: bool = False


def note_begun() -> None:
    """From now on an error of the API is the failure of what the command was asked for."""
    click.get_current_context().ensure_object(Invocation).has_begun = True


def plan_flags() -> PlanFlags | None:
    """What `bulkops plan` was given; None outside of a plan."""
    return click.get_current_context().ensure_object(Invocation).plan


class Flag(click.Option):
    """An option that knows its section of the help."""

    def __init__(self, *args: Any, section: str = "Options", **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.section = section

    def get_help_extra(self, ctx: click.Context) -> Any:
        """Without the range of numbers, which is obvious."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """As `click.option`, with a section of the help, and with the default in it."""
    default = settings.get("default")
    shown = isinstance(default, str | int | float) and default != "" and default is not False
    return click.option(*names, cls=Flag, **{"show_default": shown, **settings})


class _Exemplary(click.Command):
    """`examples`: command lines without the word bulkops, the most usual first."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.examples = tuple(examples)
        self.params.extend(about_itself())

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, self.examples)
        super().format_help(ctx, formatter)


class Verb(_Exemplary):
    """A command."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                sections.setdefault(getattr(param, "section", "Options"), []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)

    def invoke(self, ctx: click.Context) -> Any:
        start_logging(ctx.ensure_object(Invocation))
        return super().invoke(ctx)


class Noun(_Exemplary, click.Group):
    """A group of verbs under one word."""


class Commands(Mapping[str, click.Command]):
    """Commands by name, each made when it is asked for: a command line needs one of them."""

    def __init__(self, makers: Mapping[str, Callable[[], click.Command]]) -> None:
        self._makers = makers
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Not wrapped, so that an example can be copied."""
    formatter.write_heading("Example" if len(examples) == 1 else "Examples")
    for example in examples:
        formatter.write(f"  bulkops {example}\n")
    formatter.write_paragraph()


def log_level() -> str:
    """The level that the environment asks for, else the usual one: progress output replaces the log for people."""
    return os.environ.get(LEVEL_VARIABLE) or ("info" if wants_json_lines() else "warning")


def start_logging(invocation: Invocation) -> None:
    """Log to stderr at the level of -v or of the environment. Raises: ConfigError naming the variable."""
    from bulkops.logs import configure

    level = "debug" if invocation.verbose else log_level()
    form = os.environ.get(FORMAT_VARIABLE) or "text"
    if form not in {"text", "json"}:
        raise ConfigError(
            f"{FORMAT_VARIABLE} must be text or json, not {form!r}", remedy=f"correct or unset {FORMAT_VARIABLE}"
        )
    try:
        configure(
            level,
            json=form == "json",
            stream=cast("TextIO", _Stderr()),
            colors=wants_color(sys.stderr),
            secrets=known_secrets(),
        )
    except ValueError as error:
        raise ConfigError(f"{LEVEL_VARIABLE}: {error}", remedy=f"correct or unset {LEVEL_VARIABLE}") from error


def known_secrets() -> tuple[str, ...]:
    """Texts that must not be printed anywhere."""
    from bulkops.hosts import TOKEN_VARIABLE

    return tuple(filter(None, (os.environ.get(name, "") for name in (TOKEN_VARIABLE, WEBHOOK_VARIABLE))))


class _Stderr:
    """stderr as it is when a line is written: the live view puts lines above itself by standing in for it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def show_and_end(text: Callable[[click.Context], str]) -> Callable[[click.Context, click.Parameter, bool], None]:
    """The callback of a flag that prints a text and ends the command. Those of click call a full disk a bug."""

    def show(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            put(f"{text(ctx)}\n")
            ctx.exit()

    return show


def about_itself() -> list[click.Parameter]:
    """-v and --debug: noted in the `Invocation`, not handed to the command; and --help."""

    def note(field: str) -> Callable[[click.Context, click.Parameter, bool], None]:
        def store(ctx: click.Context, _: click.Parameter, value: bool) -> None:
            if value:
                setattr(ctx.ensure_object(Invocation), field, True)

        return store

    verbose = f"Log every request to stderr (same as {LEVEL_VARIABLE}=debug)."
    show_help = show_and_end(click.Context.get_help)
    return [
        Flag(names, is_flag=True, expose_value=False, is_eager=True, callback=callback, help=about)
        for names, callback, about in (
            (["-v", "--verbose"], note("verbose"), verbose),
            (["--debug"], note("debug"), "Show the traceback of an error."),
            (["-h", "--help"], show_help, "Show this message and exit."),
        )
    ]
