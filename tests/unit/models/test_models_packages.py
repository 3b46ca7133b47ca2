"""Answers about recipes, jobs and packages that say more than their members do.

That each model decodes in every envelope is in test_models_rows; the members that the sandbox sends are read in
tests/sandbox/test_recipes_through_resources.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.errors import StatusError
from bulkops.models import ImportStatus, Job, JobCounts, PackageExport, Recipe, StartResult, StopResult
from bulkops.session import decode_list, decode_object
from tests.replies import reply

JOB = {"id": "j-AAAA-bbbb", "status": "failed", "error": "Bad request: missing field"}
COUNTS = {"job_succeeded_count": 16, "job_failed_count": 2, "job_count": 18}
EXPORT = {"id": 251, "status": "completed", "download_url": "https://files.example/packages/251.zip"}


def decoded(body: object, type_: type[Any], call: str) -> Any:
    return decode_object(reply(body, call), type_)


def test_jobs_come_with_their_counts_and_an_error_is_not_shown() -> None:
    for body in ({"result": {**COUNTS, "items": [JOB]}}, {**COUNTS, "items": [JOB]}):
        (job,) = decode_list(reply(body, "managed_users.jobs.list"), Job)
        assert (job.status, job.error) == ("failed", JOB["error"])
        assert "missing field" not in repr(job)
        assert decoded(body, JobCounts, "recipes.jobs.list") == JobCounts(**COUNTS)


def test_a_failed_export_has_no_file_and_an_import_its_results() -> None:
    done = decoded(EXPORT, PackageExport, "managed_users.exports.get")
    assert (done.is_finished, done.file_url) == (True, EXPORT["download_url"])
    failed = EXPORT | {"status": "failed", "download_url": "null", "error": "no"}
    assert decoded(failed, PackageExport, "packages.get").file_url is None
    imported = {"id": 251, "status": "completed", "recipe_status": [{"id": 612001, "import_result": "restarted"}]}
    assert decoded(imported, ImportStatus, "packages.get").bad_results == []


def test_the_bare_verdict_as_the_first_seed_prints_it() -> None:
    assert decoded({"Success": True}, StopResult, "recipes.stop").success
    assert decoded({"Success": True}, StartResult, "recipes.start").success
    with pytest.raises(StatusError):
        decoded({"Success": False}, Recipe, "recipes.get")
