"""A job: operations with their parameters, accounts and policy, in one TOML file or as FILE.py:NAME."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.errors import ConfigError
from bulkops.operations import Chain, Operation, named
from bulkops.operations.fields import check_value
from bulkops.operations.functions import as_operation, load_from_file
from bulkops.parameters import Parameter, parameters_of, values_for
from bulkops.runs.job_file import JobFile
from bulkops.runs.policy import POLICY_PARAMETERS, Policy
from bulkops.selection import WHERE_KEYS, Selection
from bulkops.settings import Tuning

_SELECTION: Final = {one.key: one for one in parameters_of(Selection) if one.key}
_POLICY: Final = {one.key: one for one in POLICY_PARAMETERS}


@attrs.frozen(kw_only=True)
class Job:
    """What to run. `selection` and `policy` hold what the file sets, named as the flags; flags win over both.

    `source`: FILE.py:NAME with an absolute path when it came from Python, for `resume`.
    """

    operation: Operation
    selection: Mapping[str, Any] = attrs.field(factory=dict)
    policy: Mapping[str, Any] = attrs.field(factory=dict)
    source: str | None = None


def load_job(reference: str) -> Job:
    """Read JOB.toml or load FILE.py:NAME. A job file is checked whole; paths in it are relative to it.

    Raises: InputError or ConfigError naming file, line, column, key and what to do.
    """
    file, colon, name = reference.rpartition(":")
    if colon and file.endswith(".py"):
        source = f"{Path(file).resolve()}:{name}"
        return Job(operation=as_operation(load_from_file(source)), source=source)
    if reference.endswith(".py"):
        raise ConfigError(f"{reference} is a Python file without a function name", remedy="write FILE.py:NAME")
    if Path(reference).suffix.lower() == ".zip":
        path = shlex.quote(reference)
        raise ConfigError(
            f"{reference} is a package, not a job file",
            remedy=f"`bulkops import-package {path} --folder NAME --accounts FILE` imports it, "
            f"`bulkops init {path}` writes a job for it",
        )
    job = JobFile.read(Path(reference))
    job.check_keys("", job.data, {"selection", "policy", "operation"})
    selection = _section(job, "selection", _SELECTION)
    policy = _section(job, "policy", _POLICY)
    _check_selection(job, selection)
    _check_policy(job, policy)
    return Job(operation=_operations(job), selection=selection, policy=policy)


def _section(job: JobFile, name: str, keys: Mapping[str, Parameter]) -> dict[str, Any]:
    section = job.data.get(name, {})
    if not isinstance(section, dict):
        job.refuse("", name, "this must be a table", remedy=f"write [{name}] on a line of its own")
    job.check_keys(name, section, keys)
    for key, value in section.items():
        job.check_kind(name, key, value, keys[key].kinds)
    return {
        key: job.resolve(value) if keys[key].is_file and value not in {"all", "-"} else value
        for key, value in section.items()
    }


def _check_selection(job: JobFile, selection: Mapping[str, Any]) -> None:
    for key in ("accounts", "exclude"):
        if key in selection and selection[key] not in {"all", "-"} and not Path(selection[key]).is_file():
            job.refuse("selection", key, f"file {selection[key]} does not exist", remedy="check the path")
    if selection.get("limit", 1) < 1:
        job.refuse("selection", "limit", f"{selection['limit']} is below 1", remedy="write 1 or more")
    for key, value in selection.get("where", {}).items():
        if key not in WHERE_KEYS or not isinstance(value, str):
            known = ", ".join(WHERE_KEYS)
            job.refuse("selection", "where", f"{key} = {value!r} selects nothing", remedy=f"use text for {known}")


def _check_policy(job: JobFile, policy: Mapping[str, Any]) -> None:
    """Each value alone, as the run will check it: the first mistake is the one that is named."""
    for key, value in policy.items():
        given = {key: value}
        if key == "strict_failures":
            given["max_failures"] = policy.get("max_failures", 0)  # the limit may come as a flag
        with job.pointing_at("policy", key):
            if key == "client_file":
                Tuning.from_file(value)
            Tuning.from_mapping(values_for(Tuning, given), source=job.path.name)
            try:
                Policy(**values_for(Policy, given))
            except TypeError as error:
                raise ConfigError(f"{value!r} has the wrong type", remedy="correct the value") from error


def _operations(job: JobFile) -> Operation:
    rows = job.data.get("operation")
    if not isinstance(rows, list) or not rows:
        job.refuse(
            "operation", "", "the job has no operation", remedy='write [[operation]] with use = "import-package"'
        )
    made = [_operation(job, f"operation {n}", row) for n, row in enumerate(rows, start=1)]
    return made[0] if len(made) == 1 else Chain(tuple(made))


def _operation(job: JobFile, section: str, row: object) -> Operation:
    if not isinstance(row, dict) or not isinstance(row.get("use"), str):
        job.refuse(section, "use", "the operation has no `use`", remedy='write use = "import-package"')
    with job.pointing_at(section, "use"):
        cls = named(row["use"])
    parameters = {one.key: one for one in parameters_of(cls)}
    given = {key: value for key, value in row.items() if key != "use"}
    job.check_keys(section, given, parameters)
    values: dict[str, Any] = {}
    for key, one in parameters.items():
        if key in given:
            job.check_kind(section, key, given[key], one.kinds)
            values[one.name] = job.resolve(given[key]) if one.is_file else given[key]
            with job.pointing_at(section, key):
                check_value(one, values[one.name])
        elif one.is_required:
            job.refuse(section, "", f"{key} is missing", remedy=f"write {key} = ...")
    file = next((key for key in given if parameters[key].is_file), "use")
    with job.pointing_at(section, file):
        return cls(**values)
