"""`each CALL`: what the answers of one call for each account come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bulkops.operations import Each
from tests.operations.test_operations_odd_vendor import played

START = "managed_users.recipes.start"
DELETE = "managed_users.folders.delete"


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_read_writes_all_pages_and_changes_nothing(tmp_path: Path) -> None:
    pages = iter([range(100), range(100, 103)])

    def answer(request: web.Request) -> tuple[int, Any]:
        found = next(pages, ()) if request.path.endswith("/recipes") else ()
        return 200, {"result": {"items": [{"id": n, "name": f"R{n}", "running": False} for n in found]}}

    output = tmp_path / "recipes.jsonl"
    (report,) = played(tmp_path, answer, Each("managed_users.recipes.list", output=str(output)))
    assert report.accounts[0].outcome == "unchanged", report.accounts[0].reason
    (row,) = rows(output)
    assert (row["account"], len(row["result"])) == ("7", 103)


def test_a_page_that_is_named_is_the_only_one(tmp_path: Path) -> None:
    asked = []

    def answer(request: web.Request) -> tuple[int, Any]:
        asked.append(request.query.get("page"))
        return 200, {"result": {"items": [{"id": n, "name": "R", "running": False} for n in range(100)]}}

    made = Each("managed_users.recipes.list", params={"page": "2"}, output=str(tmp_path / "recipes.jsonl"))
    played(tmp_path, answer, made)
    assert [page for page in asked if page] == ["2"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"success": False}, f"{START} returned success: false"),
        ({"success": False, "config_errors": ["no connection"]}, "success: false: ['no connection']"),
        ({"success": "false", "code_errors": ["line 2"]}, "success: false: ['line 2']"),
    ],
)
def test_an_answer_that_says_no_is_a_failure(tmp_path: Path, said: dict[str, Any], words: str) -> None:
    (report,) = played(tmp_path, lambda _: (200, said), Each(START, params={"recipe_id": "5"}))
    (row,) = report.accounts
    assert (row.outcome, row.failure_class) == ("failed", "refused"), row
    assert words in str(row.reason)


def test_a_change_is_made_once_and_its_answer_written(tmp_path: Path) -> None:
    sent = []

    def answer(request: web.Request) -> tuple[int, Any]:
        if request.method == "PUT":
            sent.append(request.path)
        return 200, {"success": True}

    output = tmp_path / "answers.jsonl"
    (report,) = played(tmp_path, answer, Each(START, params={"recipe_id": "5"}, output=str(output)))
    assert report.accounts[0].outcome == "changed", report.accounts[0]
    assert (len(sent), [row["result"] for row in rows(output)]) == (1, [{"success": True}])


@pytest.mark.parametrize(("lost", "outcome"), [(1, "changed"), (0, "failed")])
def test_a_deletion_that_finds_nothing_is_done_when_an_answer_was_lost(tmp_path: Path, lost: int, outcome: str) -> None:
    sent = []

    def answer(request: web.Request) -> tuple[int, Any] | None:
        if request.method != "DELETE":
            return 200, {"id": 1}
        sent.append(request.path)
        return None if len(sent) <= lost else (404, {"message": "Not found"})

    (report,) = played(tmp_path, answer, Each(DELETE, params={"folder_id": "5"}))
    assert report.accounts[0].outcome == outcome, report.accounts[0]
    assert len(sent) == lost + 1


def test_an_answer_that_cannot_be_written_leaves_the_change_unknown(tmp_path: Path) -> None:
    output = tmp_path / "answers.jsonl"

    def answer(request: web.Request) -> tuple[int, Any]:
        if request.method == "PUT":
            output.mkdir(exist_ok=True)
        return 200, {"success": True}

    (report,) = played(tmp_path, answer, Each(START, params={"recipe_id": "5"}, output=str(output)))
    (row,) = report.accounts
    assert row.outcome == "unknown", row
    assert f"{START} was done, but " in str(row.reason)
    assert "directory" in str(row.reason)
