"""`bulkops config show`: each setting with its source: flag > environment > job file > client file > default."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
from click.core import ParameterSource

from bulkops.cli.click_ext import LEVEL_VARIABLE, WEBHOOK_VARIABLE, Noun, Verb, log_level, option
from bulkops.cli.listing import aligned
from bulkops.cli.options import journal_option, policy_options
from bulkops.cli.options.from_parameters import variable_of
from bulkops.cli.options.types import FileName
from bulkops.cli.options.values import PolicyFlags
from bulkops.cli.terminal import FORMAT_VARIABLE, one_line, put

if TYPE_CHECKING:
    from bulkops.journal import Location
    from bulkops.rate_limit import Limit
    from bulkops.runs import Policy
    from bulkops.settings import Tuning

DEFAULT: Final = "default"


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
    from bulkops.runs import Policy, load_job

    said = load_job(job).policy if job is not None else {}
    flags = policy.filled(said)
    settings = _settings_of(
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


@attrs.frozen
class _Setting:
    """`value`: as text for people, secrets masked; `source`: a flag, a variable, a file, or "default"."""

    name: str
    value: str
    source: str


def _settings_of(
    policy: Policy, tuning: Tuning, *, sources: Mapping[str, str], client_file: str | None, journal: Location
) -> Iterator[_Setting]:
    """Every setting of a run. `sources`: of those from a flag, a variable or the job file. Raises: ConfigError when
    WORKATO_HOST is not a host.
    """
    from bulkops.catalogue import QUOTAS
    from bulkops.cli import event_loop
    from bulkops.hosts import TOKEN_VARIABLE, base_url
    from bulkops.masking import MASK
    from bulkops.parameters import parameters_of
    from bulkops.runs import Policy
    from bulkops.settings import HOST_VARIABLE, Tuning

    yield _from_variable("host", HOST_VARIABLE, base_url(os.environ.get(HOST_VARIABLE) or "us"))
    token = os.environ.get(TOKEN_VARIABLE)
    yield _Setting("token", MASK if token else "not set", f"environment {TOKEN_VARIABLE}" if token else "nowhere")
    yield _Setting("journal", str(journal), sources.get("journal", DEFAULT))
    yield _Setting("client_file", client_file or "none", sources.get("client_file", DEFAULT))
    for one in parameters_of(Policy):
        yield _Setting(one.name, _text(getattr(policy, one.name)), sources.get(one.key, DEFAULT))
    own = tuning.to_mapping()
    for field in attrs.fields(Tuning):
        if field.name != "quotas":
            source = client_file if field.name in own and client_file else DEFAULT
            yield _Setting(field.name, _text(getattr(tuning, field.name)), sources.get(field.name, source))
    yield _from_variable("webhook", WEBHOOK_VARIABLE, MASK if os.environ.get(WEBHOOK_VARIABLE) else "none")
    yield _from_variable("log level", LEVEL_VARIABLE, log_level())
    yield _from_variable("log format", FORMAT_VARIABLE, os.environ.get(FORMAT_VARIABLE) or "text")
    yield _from_variable("event loop", event_loop.VARIABLE, os.environ.get(event_loop.VARIABLE) or event_loop.ASYNCIO)
    for name, limits in sorted({**QUOTAS, **tuning.quotas}.items()):  # last, because there are many
        source = client_file if name in tuning.quotas and client_file else DEFAULT
        yield _Setting(f"quotas.{name}", ", ".join(map(_limit, limits)), source)


def _from_variable(name: str, variable: str, value: str) -> _Setting:
    return _Setting(name, value, f"environment {variable}" if os.environ.get(variable) else DEFAULT)


def _text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def _limit(limit: Limit) -> str:
    apart = f" per {limit.key}" if limit.key else ""
    return f"{limit.requests} in {limit.window_s:g} s{apart}"


def _as_table(settings: list[_Setting]) -> str:
    rows = [("SETTING", "VALUE", "SOURCE"), *((s.name, one_line(s.value), one_line(s.source)) for s in settings)]
    return "".join(f"{line}\n" for line in aligned(rows))


def _as_json(settings: Any) -> str:
    data = {each.name: {"value": each.value, "source": each.source} for each in settings}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
