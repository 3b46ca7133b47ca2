"""Jobs of the recipes of one account, or of the partner's own workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bulkops.errors import ConfigError
from bulkops.models import Job, JobCounts
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource

MOST_REPEATS: Final = 25
"""Jobs that one call repeats."""


class Jobs(Resource):
    """Both kinds of workspace have these calls, under names of their own."""

    _PREFIX = "recipes.jobs"
    _JOB = "job_handle"

    def list(self, recipe_id: int, *, status: str | None = None, rerun_only: bool | None = None) -> Pages[Job]:
        """The newest first; `status`: "succeeded", "failed" or "pending". One request a page, whose size the vendor
        does not say, and one to learn that there is no more."""
        query = {"status": status, "rerun_only": rerun_only}
        return self._pages(f"{self._PREFIX}.list", Job, query, path={"recipe_id": recipe_id})

    async def counts(self, recipe_id: int) -> JobCounts:
        """How many there are, and how they ended. Raises: NotFound."""
        return await self._object(f"{self._PREFIX}.list", JobCounts, path={"recipe_id": recipe_id})

    async def get(self, recipe_id: int, id: str) -> Job:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._object(f"{self._PREFIX}.get", Job, path={"recipe_id": recipe_id, self._JOB: id})

    async def repeat(self, recipe_id: int, job_ids: Sequence[str]) -> None:
        """Run up to 25 jobs once more: their business actions happen again.

        Raises: ConfigError for none or more than 25; NotFound; OutcomeUnknown when the reply is lost: `list` with
        `rerun_only` before repeating them again.
        """
        if not 1 <= len(job_ids) <= MOST_REPEATS:
            raise ConfigError(
                f"one call repeats 1 to {MOST_REPEATS} jobs, not {len(job_ids)}", remedy="split them into several calls"
            )
        body = {"job_ids": [*job_ids]}
        await self._done(f"{self._PREFIX}.repeat", path={"recipe_id": recipe_id}, json=body)


class AccountJobs(Jobs):
    _PREFIX = "managed_users.jobs"
    _JOB = "job_id"


class OwnJobs(Jobs):
    async def resume(self, token: str, data: Mapping[str, Any] | None = None) -> None:
        """Let a job go on that waits, with `data` for it. Raises: NotFound for a token that is not (any more) good;
        OutcomeUnknown when the reply is lost: look at the job first."""
        body = {"token": token} | ({} if data is None else {"data": dict(data)})
        await self._done("jobs.resume", json=body)
