"""Recipes as a workspace holds them: content, versions, and the jobs that polls of their triggers made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs
import msgspec

from bulkops.sandbox.package_zip import PackedRecipe

if TYPE_CHECKING:
    from bulkops.sandbox.workspace import Connection

JobStatus = Literal["succeeded", "failed", "pending"]

AUTHOR: Final = "Robin Sandbox"
AUTHOR_EMAIL: Final = "robin@sandbox.example"

_WAITS: Final = '"name":"wait_for_resume"'
"""An action of this name leaves a job pending until it is resumed."""


@attrs.define(kw_only=True)
class Job:
    """One record that the trigger found, processed. `id`: its handle too, and the token that resumes a pending one."""

    id: str
    recipe_id: int
    record: int
    started_at: str
    status: JobStatus
    completed_at: str | None = None
    error: str | None = None
    is_repeat: bool = False

    def row(self) -> dict[str, Any]:
        error, parts = self.error, None
        if error is not None:
            error_id = self.id.removeprefix("j-")
            parts = {"error_type": "Bad request", "message": error, "error_id": error_id, "input": "{}"}
        return {
            "id": self.id,
            "handle": self.id,
            "recipe_id": self.recipe_id,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "title": f"Record {self.record}",
            "status": self.status,
            "is_error": error is not None,
            "is_poll_error": False,
            "error": error,
            "error_parts": parts,
            "lines": [],
        }


def calls_in(code: Any) -> list[dict[str, Any]]:
    """The objects of a recipe's code that have a `flow_id`: they call another recipe. A stack, for endless depth."""
    found, waiting = [], [code]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found += [node] if "flow_id" in node else []
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found


def file_called(step: Mapping[str, Any]) -> str | None:
    """The file in a package that a step calls; None where it calls by number, or points at nothing readable."""
    pointer = step["flow_id"]
    file = pointer.get("zip_name") if isinstance(pointer, dict) else None
    return file if isinstance(file, str) else None


@attrs.define(kw_only=True)
class Recipe:
    """`packed`: its content, shared by all customers who imported the same bytes; `bound`: the connection id of each
    `packed.config` entry, None without a connection; `callees`: recipe ids by the files that the code calls.

    `changed_at`: when each version came, the first one first; `comments`: by version number. `records`: how many the
    source holds, `cursor`: how many of them the trigger has seen; `rests_until`: the trigger backs off until then, on
    the sandbox's clock.
    """

    id: int
    user_id: int
    folder_id: int
    packed: PackedRecipe
    bound: tuple[int | None, ...]
    created_at: str
    updated_at: str
    running: bool = False
    stopped_at: str | None = None
    changed_at: list[str] = attrs.field(factory=list)
    comments: dict[int, str] = attrs.field(factory=dict)
    jobs: list[Job] = attrs.field(factory=list)
    records: int = 0
    cursor: int = 0
    rests_until: float = 0.0
    copies: int = 0
    callees: Mapping[str, int] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.changed_at.append(self.created_at)

    @property
    def name(self) -> str:
        return self.packed.name

    @property
    def version_no(self) -> int:
        return len(self.changed_at)

    @property
    def waits(self) -> bool:
        """Whether its jobs stay pending until they are resumed."""
        return _WAITS in self.packed.code

    @property
    def code(self) -> str:
        """The JSON text that the API shows: it calls recipes by number, where the package calls them by file."""
        if not self.callees:
            return self.packed.code
        tree = msgspec.json.decode(self.packed.code)
        for step in calls_in(tree):
            step["flow_id"] = self.callees.get(file_called(step) or "", step["flow_id"])
        return msgspec.json.encode(tree).decode()

    def revise(self, packed: PackedRecipe, bound: tuple[int | None, ...], *, now: str) -> None:
        """A new version of its content."""
        self.packed, self.bound = packed, bound
        self.changed_at.append(now)
        self.updated_at = now

    def row(self, *, exclude_code: bool) -> dict[str, Any]:
        """As the API shows it, every member that the vendor's OpenAPI document requires; `code` is a JSON text of its
        own (vendor facts, section 9), and an empty one when it is left out."""
        packed = self.packed
        finished = [job.completed_at for job in self.jobs if job.completed_at is not None]
        return {
            "id": self.id,
            "user_id": self.user_id,
            "name": packed.name,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "copy_count": 1 + self.copies,
            "trigger_application": packed.trigger_application,
            "action_applications": packed.action_applications,
            "applications": packed.applications,
            "description": packed.description,
            "parameters_schema": [],
            "parameters": {},
            "webhook_url": None,
            "folder_id": self.folder_id,
            "running": self.running,
            "job_succeeded_count": self.count("succeeded"),
            "job_failed_count": self.count("failed"),
            "lifetime_task_count": self.count("succeeded"),
            "last_run_at": finished[-1] if finished else None,
            "stopped_at": self.stopped_at,
            "version_no": self.version_no,
            "stop_cause": None,
            "config": [
                {**entry.members, "account_id": bound} for entry, bound in zip(packed.config, self.bound, strict=True)
            ],
            "trigger_closure": None,
            "code": "" if exclude_code else self.code,
            "author_name": AUTHOR,
            "version_author_name": AUTHOR,
            "version_author_email": AUTHOR_EMAIL,
            "version_comment": self.comments.get(self.version_no),
        }

    def count(self, status: str) -> int:
        return sum(job.status == status for job in self.jobs)

    def version_id(self, version_no: int) -> int:
        """One row of numbers for each recipe: nobody has ten thousand versions."""
        return self.id * 10_000 + version_no

    def version_row(self, version_no: int) -> dict[str, Any]:
        """The first is version 1."""
        at = self.changed_at[version_no - 1]
        return {
            "id": self.version_id(version_no),
            "version_no": version_no,
            "comment": self.comments.get(version_no),
            "author_name": AUTHOR,
            "author_email": AUTHOR_EMAIL,
            "created_at": at,
            "updated_at": at,
        }

    def problems(self, connections: Mapping[int, Connection]) -> list[list[Any]]:
        """Why it cannot run, as `config_errors`: [step, [[field, connection id or null, message]]] each."""
        problems = []
        for entry, bound in zip(self.packed.config, self.bound, strict=True):
            if entry.reference is None or entry.skip_validation:
                continue
            connection = connections.get(bound) if bound is not None else None
            if connection is None:
                reason = f"connection '{entry.reference.name}' is missing"
            elif connection.authorization_status != "success":
                reason = f"connection '{connection.name}' is not authorized"
            else:
                continue
            problems.append([entry.step, [[entry.provider, connection.id if connection else None, reason]]])
        return problems
