"""`bulkops config show`: each setting with its source: flag > environment > job file > client file > default."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from bulkops.catalogue import QUOTAS
from bulkops.cli import event_loop
from bulkops.cli.click_ext import LEVEL_VARIABLE, WEBHOOK_VARIABLE
from bulkops.cli.terminal import FORMAT_VARIABLE, wants_json_lines
from bulkops.hosts import TOKEN_VARIABLE, base_url
from bulkops.limit import Limit
from bulkops.parameters import parameters_of
from bulkops.runs import Policy
from bulkops.secret import MASK
from bulkops.settings import HOST_VARIABLE, Tuning

if TYPE_CHECKING:
    from bulkops.journal import Location

DEFAULT: Final = "default"


@attrs.frozen
class Setting:
    """`value`: as text for people, secrets masked; `source`: a flag, a variable, a file, or "default"."""

    name: str
    value: str
    source: str


def settings_of(
    policy: Policy, tuning: Tuning, *, sources: Mapping[str, str], client_file: str | None, journal: Location
) -> Iterator[Setting]:
    """Every setting of a run. `sources`: of those from a flag, a variable or the job file. Raises: ConfigError when
    WORKATO_HOST is not a host.
    """
    yield _from_variable("host", HOST_VARIABLE, base_url(os.environ.get(HOST_VARIABLE) or "us"))
    token = os.environ.get(TOKEN_VARIABLE)
    yield Setting("token", MASK if token else "not set", f"environment {TOKEN_VARIABLE}" if token else "nowhere")
    yield Setting("journal", str(journal), sources.get("journal", DEFAULT))
    yield Setting("client_file", client_file or "none", sources.get("client_file", DEFAULT))
    for one in parameters_of(Policy):
        yield Setting(one.name, _text(getattr(policy, one.name)), sources.get(one.key, DEFAULT))
    own = tuning.to_mapping()
    for field in attrs.fields(Tuning):
        if field.name != "quotas":
            source = client_file if field.name in own and client_file else DEFAULT
            yield Setting(field.name, _text(getattr(tuning, field.name)), sources.get(field.name, source))
    yield _from_variable("webhook", WEBHOOK_VARIABLE, MASK if os.environ.get(WEBHOOK_VARIABLE) else "none")
    usual = "info" if wants_json_lines() else "warning"
    yield _from_variable("log level", LEVEL_VARIABLE, os.environ.get(LEVEL_VARIABLE) or usual)
    yield _from_variable("log format", FORMAT_VARIABLE, os.environ.get(FORMAT_VARIABLE) or "text")
    yield _from_variable("event loop", event_loop.VARIABLE, os.environ.get(event_loop.VARIABLE) or event_loop.ASYNCIO)
    for name, limits in sorted({**QUOTAS, **tuning.quotas}.items()):  # last, because there are many
        source = client_file if name in tuning.quotas and client_file else DEFAULT
        yield Setting(f"quotas.{name}", ", ".join(map(_limit, limits)), source)


def _from_variable(name: str, variable: str, value: str) -> Setting:
    return Setting(name, value, f"environment {variable}" if os.environ.get(variable) else DEFAULT)


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
