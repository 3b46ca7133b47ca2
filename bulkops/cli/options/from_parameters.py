"""Options from declared parameters, read from a generated table, so that `--help` imports no operation.

`python -m docs.generate` writes the table, and a test compares it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
import click

from bulkops.cli.click_ext import Flag
from bulkops.cli.options.types import Assignment, FileName, OrOff, PositiveNumber
from bulkops.parameters import Parameter

Command: TypeAlias = Callable[..., int]
Decorator: TypeAlias = Callable[[Command], Command]
TABLE: Final = Path(__file__).with_name("from_parameters.json")


@attrs.frozen
class Declared:
    """A built-in operation, as data for its command."""

    help: str
    examples: tuple[str, ...]
    parameters: tuple[Parameter, ...]


@cache
def policy_parameters() -> Mapping[str, Parameter]:
    """By key."""
    return {one.key: one for one in map(_parameter, _table()["policy"])}


def operation_names() -> list[str]:
    """The built-in operations, in the order of the help."""
    return list(_table()["operations"])


@cache
def operation_named(name: str) -> Declared:
    row = _table()["operations"][name]
    return Declared(row["help"], tuple(row["examples"]), tuple(map(_parameter, row["parameters"])))


@cache
def _table() -> Any:
    return json.loads(TABLE.read_text(encoding="utf-8"))


def _parameter(row: Mapping[str, Any]) -> Parameter:
    facts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Parameter(**facts)


def variable_of(flag: str) -> str:
    """The environment variable for a flag: BULKOPS_MAX_RATE for --max-rate."""
    return f"BULKOPS_{flag.lstrip('-').replace('-', '_').upper()}"


def option_of(declared: Parameter, name: str, **attributes: Any) -> Decorator:
    """The option or argument of a parameter. An absent one is None, or empty if it is repeatable.

    `name`: of the argument that the command gets; `attributes`: of the option, before those that are declared.
    """
    first = declared.flags[0]
    kinds = set(declared.kinds)
    takes: dict[str, Any] = {"type": _type_of(declared), "metavar": declared.metavar, "required": declared.is_required}
    if declared.choices:
        del takes["metavar"]
    if not first.startswith("-"):
        shown = declared.metavar if declared.is_required else f"[{declared.metavar}]"
        return click.argument(name, **{**takes, "help": declared.help, **attributes, "metavar": shown})
    if "bool" in kinds:
        takes = {"is_flag": True, "default": None}
    elif kinds & {"list", "dict"}:
        takes["multiple"] = True
    default = declared.default_words
    about = declared.help + (f"  [default: {default}]" if default is not None else "")
    return click.option(*declared.flags, name, cls=Flag, **{**takes, "help": about, **attributes})


def _type_of(declared: Parameter) -> click.ParamType[Any, Any] | None:
    if declared.choices:
        return click.Choice(declared.choices)
    kinds = [kind for kind in declared.kinds if not (declared.may_be_off and kind == "str")]
    by_kind: dict[str, click.ParamType[Any, Any]] = {
        "dict": Assignment(),
        "int": click.IntRange(1),
        "float": PositiveNumber(),
    }
    inner = by_kind.get(kinds[0]) if len(kinds) == 1 else None
    if inner is None and (declared.is_file or declared.metavar == "FILE"):
        return FileName()
    return OrOff(inner) if inner is not None and declared.may_be_off else inner
