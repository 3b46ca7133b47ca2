"""Jobs: polls of a trigger make them; they are listed, repeated and resumed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.recipes import note_recipe, recipe_of
from bulkops.sandbox.recipes import Job, JobStatus, Recipe
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there

_PAGE: Final = 25
_MOST_REPEATS: Final = 25
_BACK_OFF_S: Final = 60.0
"""Vendor seconds that a trigger rests after a job that failed."""


@answers("[managed_users.]recipes.poll_now")
def poll_now(request: ApiRequest) -> None:
    """Each poll finds one new record, and after a reset all earlier ones once more; each becomes a job.

    429 with Retry-After, which speaks of this recipe and of no quota, while the trigger rests after a failure.
    """
    recipe = request.workspace.recipes.get(request.path_id("recipe_id"))
    if recipe is None:
        raise RefusedError(404, "Not Found", says_success=True)
    if not recipe.running:
        raise RefusedError(400, "Recipe is not running")
    rest_s = recipe.rests_until - request.state.clock.now()
    if rest_s > 0:
        raise RefusedError(
            429,
            "The trigger backs off after an error: try again later",
            headers={"Retry-After": str(math.ceil(rest_s))},
        )
    recipe.records += 1
    jobs = [_run(request, recipe, record) for record in range(recipe.cursor + 1, recipe.records + 1)]
    recipe.cursor = recipe.records
    if any(job.status == "failed" for job in jobs):
        recipe.rests_until = request.state.clock.now() + request.state.clock.scaled(_BACK_OFF_S)
    note_recipe(request, recipe, "polled")


@answers("[managed_users.]recipes.reset_trigger")
def reset_trigger(request: ApiRequest) -> None:
    """The next poll begins with the first record of the source again."""
    recipe = recipe_of(request)
    recipe.cursor = 0
    note_recipe(request, recipe, "reset")


@answers("managed_users.jobs.list", "recipes.jobs.list", row="Jobs")
def list_jobs(request: ApiRequest) -> dict[str, Any]:
    """The newest first, a page from behind `offset_job_id`; with `prev` the page before it. Counts are of all jobs."""
    recipe = recipe_of(request)
    jobs, offset, back = recipe.jobs[::-1], request.query.get("offset_job_id", "").strip(), request.flag("prev")
    if offset:  # its own status may be another one by now
        place = jobs.index(_job(jobs, offset))
        jobs = jobs[:place] if back else jobs[place + 1 :]
    jobs = [job for job in jobs if _is_wanted(request, job)]
    return {
        "job_succeeded_count": recipe.count("succeeded"),
        "job_failed_count": recipe.count("failed"),
        "job_count": len(recipe.jobs),
        "items": [job.row() for job in (jobs[-_PAGE:] if offset and back else jobs[:_PAGE])],
    }


@answers("managed_users.jobs.get", "recipes.jobs.get", row="Job")
def get_job(request: ApiRequest) -> dict[str, Any]:
    wanted = request.names.get("job_id") or request.names.get("job_handle")
    return _job(recipe_of(request).jobs, wanted).row()


@answers("managed_users.jobs.repeat", "recipes.jobs.repeat")
def repeat_jobs(request: ApiRequest) -> None:
    """Runs the records of these jobs once more, each as a job of its own."""
    recipe, wanted = recipe_of(request), request.given["job_ids"]
    if not wanted:
        raise invalid("job_ids", "can't be blank")
    if len(wanted) > _MOST_REPEATS:
        raise invalid("job_ids", f"has too many jobs (maximum is {_MOST_REPEATS})")
    for job in [_job(recipe.jobs, id_) for id_ in wanted]:
        again = _run(request, recipe, job.record)
        again.is_repeat = True
        request.note("job.repeated", job.id)


@answers("jobs.resume")
def resume_job(request: ApiRequest) -> None:
    """`token` is the id of a pending job of the partner's workspace."""
    everything = [job for recipe in request.workspace.recipes.values() for job in recipe.jobs]
    job = _job(everything, request.given["token"])
    if job.status != "pending":
        raise RefusedError(400, "The job does not wait")
    job.status, job.completed_at = "succeeded", request.state.clock.stamp()
    request.note("job.resumed", job.id)


def _run(request: ApiRequest, recipe: Recipe, record: int) -> Job:
    """It fails for the reasons for which the recipe could not start now."""
    now = request.state.clock.stamp()
    problems = recipe.problems(request.workspace.connections)
    status: JobStatus = "failed" if problems else "pending" if recipe.waits else "succeeded"
    job = Job(
        id=f"j-{request.workspace.new_id('job'):06d}-{recipe.id}",
        recipe_id=recipe.id,
        record=record,
        started_at=now,
        status=status,
        completed_at=None if status == "pending" else now,
        error=problems[0][1][0][2] if problems else None,
    )
    recipe.jobs.append(job)
    return job


def _is_wanted(request: ApiRequest, job: Job) -> bool:
    status = request.query.get("status", "").strip()
    if request.flag("failed"):  # the older name
        status = "failed"
    return status in {"", job.status} and (job.is_repeat or not request.flag("rerun_only"))


def _job(jobs: Iterable[Job], id_: object) -> Job:
    return there(next((job for job in jobs if job.id == id_), None))
