"""A job: operations with their parameters, accounts and policy, in one TOML file or as FILE.py:NAME."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.errors import BulkopsError, ConfigError
from bulkops.operations import OPERATIONS, Chain, Operation, as_operation, load_from_file
from bulkops.runs.job_file import JobFile
from bulkops.runs.policy import Policy
from bulkops.settings import Tuning

SELECTION_KEYS: Final[Mapping[str, tuple[type, ...]]] = {
    "accounts": (str,),
    "exclude": (str,),
    "limit": (int,),
    "only_new": (bool,),
    "where": (dict,),
}
POLICY_KEYS: Final[Mapping[str, tuple[type, ...]]] = {
    "concurrency": (int,),
    "max_failures": (int, str),
    "strict_failures": (bool,),
    "on_halt": (str,),
    "breaker": (int, str),
    "waves": (str,),
    "soak": (str, int, float),
    "approve": (bool,),
    "if_running": (str,),
    "client_file": (str,),
    "max_rate": (int, float, str),
}
WHERE_KEYS: Final = ("plan_id", "name", "external_id")
_PATHS: Final = frozenset({"accounts", "exclude", "client_file"})


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

    Raises: InputError or ConfigError naming file, line, key and what to do.
    """
    file, colon, name = reference.rpartition(":")
    if colon and file.endswith(".py"):
        source = f"{Path(file).resolve()}:{name}"
        return Job(operation=as_operation(load_from_file(source)), source=source)
    if reference.endswith(".py"):
        raise ConfigError(f"{reference} is a Python file: which function?", remedy="write FILE.py:NAME")
    if Path(reference).suffix.lower() == ".zip":
        path = shlex.quote(reference)
        raise ConfigError(
            f"{reference} is a package, not a job file",
            remedy=f"`bulkops import-package {path} --folder NAME --accounts FILE` imports it, "
            f"`bulkops init {path}` writes a job for it",
        )
    job = JobFile.read(Path(reference))
    job.check_keys("", job.data, {"selection", "policy", "operation"})
    selection = _section(job, "selection", SELECTION_KEYS)
    policy = _section(job, "policy", POLICY_KEYS)
    _check_selection(job, selection)
    _check_policy(job, policy)
    return Job(operation=_operations(job), selection=selection, policy=policy)


def _section(job: JobFile, name: str, keys: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    section = job.data.get(name, {})
    if not isinstance(section, dict):
        job.refuse("", name, "this must be a table", remedy=f"write [{name}] on a line of its own")
    job.check_keys(name, section, keys)
    for key, value in section.items():
        job.check_kind(name, key, value, keys[key])
    return {
        key: job.resolve(value) if key in _PATHS and value not in {"all", "-"} else value
        for key, value in section.items()
    }


def _check_selection(job: JobFile, selection: Mapping[str, Any]) -> None:
    for key in ("accounts", "exclude"):
        if key in selection and selection[key] not in {"all", "-"} and not Path(selection[key]).is_file():
            job.refuse("selection", key, f"there is no file {selection[key]}", remedy="check the path")
    if selection.get("limit", 1) < 1:
        job.refuse("selection", "limit", f"{selection['limit']} is below 1", remedy="write 1 or more")
    for key, value in selection.get("where", {}).items():
        if key not in WHERE_KEYS or not isinstance(value, str):
            known = ", ".join(WHERE_KEYS)
            job.refuse("selection", "where", f"{key} = {value!r} selects nothing", remedy=f"use text for {known}")


def _check_policy(job: JobFile, policy: Mapping[str, Any]) -> None:
    """Each value alone, as the run will check it: the first mistake is the one that is named."""
    for key, value in policy.items():
        try:
            if key == "client_file":
                Tuning.from_file(value)
            elif key == "max_rate":
                Tuning.from_mapping({key: value}, source=job.path.name)
            elif value != "off" or key != "breaker":
                given: dict[str, Any] = {{"soak": "soak_s"}.get(key, key): value}
                if key == "strict_failures":
                    given["max_failures"] = policy.get("max_failures", 0)  # the limit may come as a flag
                Policy(**given)
        except (BulkopsError, TypeError) as error:
            what = error.message if isinstance(error, BulkopsError) else f"{value!r} is not of the right kind"
            remedy = error.remedy if isinstance(error, BulkopsError) else None
            job.refuse("policy", key, what, remedy=remedy or "correct the value")


def _operations(job: JobFile) -> Operation:
    rows = job.data.get("operation")
    if not isinstance(rows, list) or not rows:
        job.refuse("operation", "", "there is no operation", remedy='write [[operation]] with use = "import-package"')
    made = [_operation(job, f"operation {n}", row) for n, row in enumerate(rows, start=1)]
    return made[0] if len(made) == 1 else Chain(tuple(made))


def _operation(job: JobFile, section: str, row: object) -> Operation:
    if not isinstance(row, dict) or not isinstance(row.get("use"), str):
        job.refuse(section, "use", "it does not say what to do", remedy='write use = "import-package"')
    cls = OPERATIONS.get(row["use"])
    if cls is None:
        near = difflib.get_close_matches(row["use"], OPERATIONS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(sorted(OPERATIONS))}"
        job.refuse(section, "use", f"there is no operation {row['use']!r}", remedy=remedy)
    declared: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)  # type: ignore[arg-type]  # all in the registry are
    fields = {field.metadata.get("key", field.name): field for field in declared if field.init}
    job.check_keys(section, {key: value for key, value in row.items() if key != "use"}, fields)
    values: dict[str, Any] = {}
    for key, field in fields.items():
        if key in row:
            job.check_kind(section, key, row[key], (field.metadata.get("type", str),))
            values[str(field.alias)] = job.resolve(row[key]) if field.metadata.get("is_path") else row[key]
        elif field.default is attrs.NOTHING:
            job.refuse(section, "", f"{key} is missing", remedy=f"write {key} = ...")
    try:
        return cls(**values)
    except BulkopsError as error:
        path_key = next((key for key, field in fields.items() if field.metadata.get("is_path") and key in row), "use")
        job.refuse(section, path_key, error.message, remedy=error.remedy or "correct it")
