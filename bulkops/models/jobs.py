"""Jobs of a recipe: one for each record that its trigger found."""

from __future__ import annotations

from typing import Any

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class Job(Model, frozen=True, kw_only=True):
    """`status`: "succeeded", "failed" or "pending". `error` is one line, `error_parts` the same in pieces, some of them
    data that the recipe worked on."""

    hidden = ("error", "error_parts")
    id: str
    status: str | None = None
    handle: str | None = None
    recipe_id: Id | None = None
    title: str | None = None
    started_at: Instant | None = None
    completed_at: Instant | None = None
    is_error: bool | None = None
    is_poll_error: bool | None = None
    error: str | None = None
    error_parts: Any = None


class JobCounts(Model, frozen=True, kw_only=True):
    """Of all jobs of a recipe, whatever its list was asked to show."""

    job_count: int
    job_succeeded_count: int | None = None
    job_failed_count: int | None = None
