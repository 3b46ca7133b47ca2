"""The table from which the command line makes its options, so that `--help` need not import the operations."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from typing import Any

import attrs

from bulkops.operations import OPERATIONS, Operation
from bulkops.parameters import Parameter, parameters_of
from bulkops.runs.policy import POLICY_PARAMETERS


def table() -> str:
    """JSON text: the policy's parameters, and of each operation its help, examples and parameters. A line each."""
    operations = ",\n".join(f"{json.dumps(name)}: {_operation(cls)}" for name, cls in OPERATIONS.items())
    return f'{{\n"policy": {_rows(POLICY_PARAMETERS)},\n"operations": {{\n{operations}\n}}\n}}\n'


def _operation(cls: type[Operation]) -> str:
    """The help is the first two paragraphs of the docstring."""
    first, second, *_ = (inspect.getdoc(cls) or "").split("\n\n")
    about, examples = json.dumps(f"{first}\n\n{second}"), json.dumps(cls.examples)
    return f'{{\n"help": {about},\n"examples": {examples},\n"parameters": {_rows(parameters_of(cls))}\n}}'


def _rows(declared: Iterable[Parameter]) -> str:
    return "[\n" + ",\n".join(json.dumps(_row(one)) for one in declared) + "\n]"


def _row(declared: Parameter) -> dict[str, Any]:
    """Without what is as usual."""
    usual = {field.name: field.default for field in attrs.fields(Parameter)}
    return {name: value for name, value in attrs.asdict(declared, recurse=False).items() if value != usual[name]}
