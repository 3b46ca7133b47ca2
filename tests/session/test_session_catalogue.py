"""Any call by its id, counted in its quota, unwrapped, walked page by page, resent as its class allows."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bulkops.catalogue import ACCOUNT, CALLS, Call
from bulkops.client import Workato, session_of
from bulkops.errors import (
    ConfigError,
    DecodeError,
    InputError,
    NotFound,
    OutcomeUnknown,
    PlanError,
    RateLimited,
    StatusError,
)
from tests.session.conftest import TOKEN, quick

SAMPLES = {"str": "x", "int": 1, "bool": True, "object": {}, "str[]": ["x"], "int[]": [1], "object[]": [{}]}


def needed(call: Call) -> dict[str, Any]:
    """Every required parameter; of a wrapper all its members."""
    wanted = {each.name.partition("[")[0] for each in call.parameters if each.required and each.type != "bytes"}
    members = {each.name.partition("[")[0] for each in call.parameters if "[" in each.name}
    return {
        each.name.replace("<column>", "a"): SAMPLES[each.type]
        for each in call.parameters
        if each.name.partition("[")[0] in wanted and each.name not in members and (each.required or "[" in each.name)
    }


async def _answers(server: Any, *replies: Any) -> None:
    left = list(replies)

    async def handler(_: Any, out: Any) -> None:
        reply = left.pop(0) if len(left) > 1 else left[0]
        await (out.body(200, reply) if isinstance(reply, bytes) else out.json(200, reply))

    server.handler = handler


def client(server: Any, **options: Any) -> Workato:
    return Workato(token=TOKEN, host=server.url, tuning=quick(**options))


@pytest.mark.parametrize(
    ("call", "answer", "payload"),
    [
        ("managed_users.list", {"result": [{"id": 1}]}, [{"id": 1}]),
        ("managed_users.list", [{"id": 1}], [{"id": 1}]),
        ("managed_users.list", {"items": []}, []),
        ("folders.list", {"result": {"items": [{"id": 1}], "count": 1}}, [{"id": 1}]),
        ("customer_managers.list", {"result": {"items": [{"id": 1}]}}, [{"id": 1}]),
        ("export_manifests.folder_assets", {"result": {"assets": [1]}}, [1]),
        ("members.list", {"data": [{"id": 1}], "total": 1}, [{"id": 1}]),
        ("members.list", {"odd": True}, {"odd": True}),
        ("users.me", {"id": 1, "data": {"a": 1}}, {"id": 1, "data": {"a": 1}}),
        ("users.me", {"result": {"id": 1}}, {"id": 1}),
        ("properties.list", {"result": "a", "data": "b"}, {"result": "a", "data": "b"}),
        ("properties.list", {"result": "a"}, {"result": "a"}),
        ("api_clients_v2.get", {"data": {"id": 1}}, {"id": 1}),
        ("api_clients_v2.get", {"id": 1}, {"id": 1}),
        ("customer_managers.delete", {"result": "ok"}, "ok"),
        ("recipes.start", {"success": False, "code_errors": []}, {"success": False, "code_errors": []}),
        ("secrets_management.clear_cache", b"", None),
        ("jobs.resume", b"", None),
    ],
)
async def test_answers_come_without_their_envelope(server: Any, call: str, answer: Any, payload: Any) -> None:
    await _answers(server, answer)
    async with client(server) as workato:
        assert await workato.call(call, **needed(CALLS[call])) == payload


async def test_success_false_is_an_error_where_it_is_no_answer(server: Any) -> None:
    await _answers(server, {"success": False, "errors": {"running": ["can't modify running recipe"]}})
    async with client(server) as workato:
        with pytest.raises(StatusError, match="can't modify running recipe"):
            await workato.call("recipes.update", recipe_id=1, recipe={"name": "x"})


async def test_parameters_arrive_where_they_belong(server: Any) -> None:
    await _answers(server, {"result": []})
    async with client(server) as workato:
        await workato.call("managed_users.tags.update", account="Ea/b", handle="tag/1", title="T")
        await workato.call("connections.list", includes=["tags", "x y"], folder_id=7)
        await workato.call("managed_users.imports.create", account=3, folder_id=1, restart_recipes=True, body=b"PK\x03")
        await workato.call("users.me")
    tags, listed, imported, me = server.seen
    assert (tags.method, tags.target) == ("PUT", "/api/v2/managed_users/Ea%2Fb/tags/tag%2F1")
    assert json.loads(tags.body) == {"title": "T"}
    assert parse_qsl(urlsplit(listed.target).query) == [
        ("includes[]", "tags"),
        ("includes[]", "x y"),
        ("folder_id", "7"),
    ]
    assert imported.body == b"PK\x03"
    assert imported.headers["content-type"] == "application/octet-stream"
    assert parse_qsl(urlsplit(imported.target).query) == [("folder_id", "1"), ("restart_recipes", "true")]
    assert me.target == "/api/users/me"
    assert "content-type" not in me.headers


@pytest.mark.parametrize(
    ("call", "options", "words"),
    [
        ("managed_users.folder.list", {}, "did you mean 'managed_users.folders.list'"),
        ("managed_users.folders.list", {}, "acts on one customer"),
        ("users.me", {"account": 3}, "partner's own workspace"),
        ("managed_users.list", {"perpage": 3}, "did you mean 'per_page'"),
        ("managed_users.folders.create", {"account": 3, "name": "x", "all_pages": True}, "is not a list"),
        ("managed_users.list", {"all_pages": True, "body": {}}, "a call with all_pages takes no body"),
    ],
)
async def test_what_does_not_fit_is_refused_before_anything_is_sent(
    server: Any, call: str, options: Any, words: str
) -> None:
    async with client(server) as workato:
        with pytest.raises(ConfigError, match=words):
            await workato.call(call, **options)
        with pytest.raises(InputError):
            await workato.call("managed_users.get", account="ORG-7")
    assert server.seen == []


async def test_a_plan_lets_only_reads_through(server: Any) -> None:
    await _answers(server, {"result": []})
    async with client(server) as workato:
        plan = workato.with_options(read_only=True)
        with pytest.raises(PlanError):
            await plan.call("managed_users.folders.create", account=1, name="X")
        with pytest.raises(PlanError):
            await plan.request("POST", "/api/managed_users/1/folders")
        assert (
            await plan.call("managed_users.connections.pick_list", account=1, connection_id=1, pick_list_name="x") == []
        )
    assert len(server.seen) == 1


def _query(seen: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(seen.target).query))


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        ("folders.list", {}, [{"page": str(n), "per_page": "100"} for n in (1, 2, 3)]),
        ("folders.list", {"per_page": 50, "page": 4}, [{"page": str(n), "per_page": "50"} for n in (4, 5, 6, 7, 8)]),
        (
            "recipes.search",
            {"applications": "a"},
            [{"applications": "a", "per_page": "20", "page": str(n)} for n in (0, 1)],
        ),
        (
            "recipes.list",
            {},
            [{"per_page": "100"}, {"per_page": "100", "since_id": "100"}, {"per_page": "100", "since_id": "200"}],
        ),
        ("activity_logs.list", {}, [{"page[size]": "100"}, {"page[size]": "100", "page[after]": "199"}]),
        ("recipes.jobs.list", {"recipe_id": 1}, [{}, {"offset_job_id": "119"}, {"offset_job_id": "139"}]),
    ],
)
async def test_lists_are_walked_to_their_end(server: Any, call: str, given: Any, expected: Any) -> None:
    rows = [{"id": n} for n in range(100, 350)]

    async def handler(seen: Any, out: Any) -> None:
        query = _query(seen)
        size = int(query.get("per_page") or query.get("page[size]") or 20)
        start = (len(server.seen) - 1) * size
        await out.json(200, {"items": rows[start : start + size]})

    server.handler = handler
    async with client(server) as workato:
        found = await workato.call(call, all_pages=True, **given)
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert [_query(seen) for seen in server.seen][: len(expected)] == expected


async def test_a_list_of_new_rows_without_end_ends_in_words(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkops.resources._pages._MOST_ROWS", 1_000)  # a million takes seconds

    async def handler(_: Any, out: Any) -> None:
        last = -100 * len(server.seen)  # ids get lower, as in a list by since_id
        await out.json(200, [{"id": number} for number in range(last, last + 100)])

    server.handler = handler
    async with client(server) as workato:
        with pytest.raises(DecodeError, match="the list does not end: 1,000 rows on 10 pages, and there are more"):
            await workato.account(1).call("managed_users.recipes.list", all_pages=True)
    assert len(server.seen) == 10


async def test_a_cursor_that_stands_still_is_the_end(server: Any) -> None:
    await _answers(server, {"items": [{"id": "j-1"}, {"id": "j-2"}]})
    async with client(server) as workato:
        rows = await workato.call("recipes.jobs.list", recipe_id=1, all_pages=True)
    assert [row["id"] for row in rows] == ["j-1", "j-2"]
    assert [_query(seen) for seen in server.seen] == [{}, {"offset_job_id": "j-2"}]


async def test_a_smaller_page_than_asked_for_is_full_when_the_answer_says_so(server: Any) -> None:
    pages = [{"data": [{"id": n}, {"id": n + 1}], "per_page": 2} for n in (1, 3)]
    await _answers(server, *pages, {"data": [{"id": 5}], "per_page": 2})
    async with client(server) as workato:
        assert len(await workato.call("api_clients_v2.list", all_pages=True)) == 5
    await _answers(server, *pages, {"data": [{"id": 5}], "per_page": 2})
    async with client(server) as workato:
        assert len(await workato.customers.list().collect()) == 5


async def test_a_page_is_full_at_the_servers_own_limit(server: Any) -> None:
    await _answers(server, [{"id": n} for n in range(100)], [{"id": 100}])
    async with client(server) as workato:
        assert len(await workato.call("folders.list", per_page=500, all_pages=True)) == 101


async def test_a_full_page_whose_ids_are_no_cursor_is_not_the_end(server: Any) -> None:
    """Ids lower than the lowest one are asked for next, and texts have no such order."""
    await _answers(server, [{"id": f"r-{n}"} for n in range(100)])
    async with client(server) as workato:
        with pytest.raises(DecodeError, match="the next page cannot be requested"):
            await workato.call("recipes.list", all_pages=True)


@pytest.mark.parametrize("answer", [{"result": "none"}, b"<html>", "text", None])
async def test_a_list_without_a_list_is_unreadable(server: Any, answer: Any) -> None:
    await _answers(server, answer)
    async with client(server) as workato:
        with pytest.raises(DecodeError):
            await workato.call("folders.list", all_pages=True)


async def test_a_429_of_poll_now_speaks_of_the_call_and_closes_no_quota(server: Any) -> None:
    call = CALLS["managed_users.recipes.poll_now"]

    async def handler(seen: Any, out: Any) -> None:
        if seen.target.endswith("/poll_now"):
            await out.json(429, {"message": "backing off until later"}, Retry_After="3600")
        else:
            await out.json(200, {"success": True})

    server.handler = handler
    async with client(server, unlimited=False) as workato:
        with pytest.raises(RateLimited, match="backing off until later"):
            await workato.call(call.id, account=1, recipe_id=2)
        assert session_of(workato).pacer.statistics()[call.quota].closed_for_s == 0
        assert session_of(workato).pacer.statistics()[call.quota].refused == 0
        await workato.call("managed_users.recipes.stop", account=1, recipe_id=2)  # the same quota, at once
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "call", [each for each in CALLS.values() if each.path.endswith(("/refresh_secret", "/regenerate"))], ids=str
)
async def test_a_lost_new_secret_is_not_asked_for_again(server: Any, call: Call) -> None:
    async def handler(_: Any, out: Any) -> None:
        out.reset()

    server.handler = handler
    account = "7" if f"{{{ACCOUNT}}}" in call.path else None
    async with client(server) as workato:
        with pytest.raises(OutcomeUnknown):
            await workato.call(call.id, account=account, **needed(call))
    assert len(server.seen) == 1


async def test_a_call_that_was_switched_off_names_its_successor(server: Any) -> None:
    server.handler = lambda _, out: out.json(404, {"message": "Not found"})
    async with client(server) as workato:
        with pytest.raises(NotFound, match=r"use managed_users.api_clients_v2.list"):
            await workato.call("managed_users.api_clients.list", account=1)


async def test_the_last_resort_sends_anything_and_repeats_only_reads(server: Any) -> None:
    async def handler(seen: Any, out: Any) -> None:
        fails = len(server.seen) == 1 or seen.method != "GET"
        await (out.json(503, {"message": "away"}) if fails else out.json(200, {"result": [1]}))

    server.handler = handler
    async with client(server) as workato:
        assert await workato.request("get", "/api/brand_new/a%2Fb", query={"q": ["a", "b"]}) == {"result": [1]}
        assert [seen.target for seen in server.seen] == ["/api/brand_new/a%2Fb?q=a&q=b"] * 2
        with pytest.raises(OutcomeUnknown):
            await workato.request("PUT", "/api/managed_users/7/recipes/1/start", json={"a": 1})
        assert len(server.seen) == 3
        assert session_of(workato).pacer.statistics()["embedded.recipes.other"].requests == 1
        assert session_of(workato).pacer.statistics()["assumed.partner.other"].requests == 2


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("BREW", "/api/users/me", {}),
        ("GET", "api/users/me", {}),
        ("GET", "/users/me", {}),
        ("GET", "/api/../secret", {}),
        ("GET", "/api/users/me?x=1", {}),
        ("GET", "/api/{managed_user_id}", {}),
        ("GET", "/api/users/me HTTP/1.1\r\nX: y", {}),
        ("GET", "/api//users", {}),
        ("POST", "/api/users/me", {"json": {}, "data": b""}),
    ],
)
async def test_a_request_that_cannot_be_is_refused(server: Any, method: str, path: str, options: Any) -> None:
    async with client(server) as workato:
        with pytest.raises(ConfigError):
            await workato.request(method, path, **options)
    assert server.seen == []
