"""`bulkops config show`: the settings of a run, with their sources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bulkops.cli.click_ext import Noun, Verb, option
from bulkops.cli.click_types import FileName
from bulkops.cli.declared import variable_of
from bulkops.cli.flags import PolicyFlags
from bulkops.cli.options import journal_option, policy_options
from bulkops.cli.terminal import one_line, put

if TYPE_CHECKING:
    from bulkops.cli.config_sources import Setting
    from bulkops.journal import Location


@click.group("config", cls=Noun, examples=["config show", "config show rollout.toml --max-rate 20"])
def config() -> None:
    """Show the settings."""


@config.command("show", cls=Verb, examples=["config show", "config show rollout.toml --max-rate 20"])
@click.argument(
    "job",
    metavar="[JOB.toml]",
    required=False,
    type=FileName(),
    help="Job file; flags and variables override its policy.",
)
@policy_options
@journal_option
@option("--json", "as_json", section="Output", is_flag=True, help="JSON output.")
def show(job: str | None, journal: Location, as_json: bool, *, policy: PolicyFlags) -> int:
    """Show each setting with its value and its source.

    Flags override variables, which override the job file, the client file and the defaults. The token is masked. Sends
    nothing.
    """
    from bulkops.cli.config_sources import settings_of
    from bulkops.runs import Policy, load_job

    said = load_job(job).policy if job is not None else {}
    flags = policy.filled(said)
    settings = settings_of(
        flags.over(Policy()),
        flags.tune(),
        sources=_sources(click.get_current_context(), said, job),
        client_file=flags.given.get("client_file"),
        journal=journal,
    )
    put(_as_json(settings) if as_json else _as_table(list(settings)), json=as_json)
    return 0


def _sources(ctx: click.Context, said: Mapping[str, Any], job: str | None) -> dict[str, str]:
    """Values of flags, variables and the job file, by parameter name."""
    sources = {name: str(job) for name in said}
    for param in ctx.command.params:
        if not isinstance(param, click.Option) or param.name is None:
            continue
        flag = param.opts[0]
        match ctx.get_parameter_source(param.name):
            case ParameterSource.COMMANDLINE:
                sources[param.name] = f"flag {flag}"
            case ParameterSource.ENVIRONMENT:
                sources[param.name] = f"environment {variable_of(flag)}"
            case _:
                pass
    return sources


def _as_table(settings: list[Setting]) -> str:
    rows = [("SETTING", "VALUE", "SOURCE"), *((s.name, one_line(s.value), one_line(s.source)) for s in settings)]
    name_width, value_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "".join(f"{name:<{name_width}}  {value:<{value_width}}  {source}\n" for name, value, source in rows)


def _as_json(settings: Any) -> str:
    data = {each.name: {"value": each.value, "source": each.source} for each in settings}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
