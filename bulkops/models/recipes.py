"""Recipes of a workspace, and results of starting and stopping them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model
from bulkops.models.text import one_line


class Recipe(Model, frozen=True, kw_only=True):
    """`code`: JSON text, absent when the list was asked to leave it out; `config`: the connections it uses.

    `version_no` counts edits: an import that changes the recipe raises it.
    """

    hidden = ("code", "config")
    id: Id
    name: str
    running: bool
    folder_id: Id | None = None
    version_no: Id | None = None
    description: str | None = None
    trigger_application: str | None = None
    code: str | None = None
    config: list[dict[str, Any]] = msgspec.field(default_factory=list)
    stop_cause: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    last_run_at: Instant | None = None
    stopped_at: Instant | None = None


class MadeRecipe(Model, frozen=True, kw_only=True):
    """What a create and a copy answer: the id, which a copy calls `new_flow_id`."""

    success: bool
    id: Id | None = None
    new_flow_id: Id | None = None


class PublicRecipe(Model, frozen=True, kw_only=True):
    """A recipe of the vendor's library, as a search shows it."""

    id: Id
    name: str
    description: str | None = None
    trigger_application: str | None = None
    action_applications: list[str] = msgspec.field(default_factory=list)
    applications: list[str] = msgspec.field(default_factory=list)
    copy_count: int | None = None
    user_id: Id | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class RecipeVersion(Model, frozen=True, kw_only=True):
    """One edit of a recipe."""

    id: Id
    version_no: Id
    comment: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class StartProblem(Model, frozen=True, kw_only=True):
    """Why a recipe did not start: the step's number and the field's label where the server gave them."""

    step: int | None
    field: str | None
    message: str

    def __str__(self) -> str:
        where = [f"step {self.step}"] if self.step is not None else []
        where += [self.field] if self.field else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


class StartResult(Model, frozen=True, kw_only=True):
    """A start always answers 200; `success` False means that it did not start.

    `code_errors` (mistakes in steps) and `config_errors` (set-up, such as a missing connection) are kept as the server
    sent them; `problems()` reads them.
    """

    success: bool
    code_errors: Any = None
    config_errors: Any = None
    message: str | None = None
    errors: Any = None

    def problems(self) -> list[StartProblem]:
        """Every error the server named, code errors first; what cannot be read is shown as the server sent it."""
        found = [*_problems(self.code_errors), *_problems(self.config_errors), *_problems(self.errors)]
        if not found and not self.success:
            said = one_line(self.message) if self.message else "the server gave no reason"
            found.append(StartProblem(step=None, field=None, message=said))
        return found


class StopResult(Model, frozen=True, kw_only=True):
    """A stop answers 200; `success` False means that it still runs."""

    success: bool
    message: str | None = None


def _problems(raw: Any) -> Iterator[StartProblem]:
    """Read `[step, [[label, connection_id, message, path], ...]]` items (vendor facts, section 10), plain texts, or
    `{field: message(s)}`, the form of errors elsewhere."""
    if raw is None:
        return
    for item in raw if isinstance(raw, list) else [raw]:
        match item:
            case [int(step), [*rows]] if not isinstance(step, bool) and rows:
                for row in rows:
                    yield _problem(step, row)
            case dict() if item:
                for field, said in item.items():
                    for message in said if isinstance(said, list) else [said]:
                        yield _problem(None, [field, None, message if isinstance(message, str) else _as_sent(message)])
            case _:
                yield _problem(None, item)


def _problem(step: int | None, row: Any) -> StartProblem:
    field: str | None = None
    message = row if isinstance(row, str) else _as_sent(row)
    match row:
        case [str(label), _, str(said), *_]:
            field, message = one_line(label) or None, said
        case [None, _, str(said), *_]:
            message = said
    return StartProblem(step=step, field=field, message=one_line(message) or "the server gave no reason")


def _as_sent(raw: Any) -> str:
    return msgspec.json.encode(raw).decode()
