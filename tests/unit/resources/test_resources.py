"""Nouns and verbs on a real socket: what is asked, and what it becomes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web

from bulkops.client import Account, Workato, account_in, client_over, scope_of, session_of
from bulkops.errors import ConfigError, DecodeError, InputError, NotFound, PlanError, StatusError
from bulkops.models import Folder
from bulkops.session import RequestContext
from bulkops.settings import Tuning


class Vendor:
    """Answers each request with what `answer` makes of (method, path, query, body); keeps them all."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[str, str, dict[str, str], bytes], Any] = lambda *_: {}
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        path, query = urlsplit(request.raw_path).path, dict(parse_qsl(urlsplit(request.raw_path).query))
        asked = (request.method, path, query, await request.read())
        self.asked.append(asked)
        answer = self.answer(*asked)
        status, value = answer if isinstance(answer, tuple) else (200, answer)
        return web.Response(status=status, body=json.dumps(value).encode(), content_type="application/json")


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    made = Vendor()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def workato(vendor: Vendor) -> AsyncIterator[Workato]:
    async with Workato(token="t-1", host=vendor.url, tuning=Tuning(unlimited=True, max_rate=None)) as made:
        yield made


async def test_a_folder_is_found_by_its_exact_name(vendor: Vendor, workato: Workato) -> None:
    vendor.answer = lambda *_: [
        {"id": 1, "name": "archive"},
        {"id": 2, "name": "Archive"},
        {"id": 3, "name": "Archive"},
    ]
    folders = workato.account("7").folders
    found = await folders.find("Archive", parent_id=9)
    assert found is not None
    assert found.id == 2
    assert vendor.asked[-1][2]["parent_id"] == "9"
    vendor.answer = lambda *_: []
    assert await folders.find("Archive") is None


def _paged(total: int, *, doubled: int = 0, **members: Any) -> Callable[..., Any]:
    """A list of `total` rows by page and per_page; the first `doubled` of them come twice."""
    ids = sorted([*range(1, doubled + 1), *range(1, total + 1)])

    def answer(_: str, __: str, query: dict[str, str], ___: bytes) -> Any:
        page, per_page = int(query["page"]), int(query["per_page"])
        first = (page - 1) * per_page
        return {"result": [{"id": n, **members} for n in ids[first : first + per_page]]}

    return answer


@pytest.mark.parametrize(("total", "requests"), [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (250, 3)])
async def test_pages_are_read_to_the_short_one(vendor: Vendor, workato: Workato, total: int, requests: int) -> None:
    vendor.answer = _paged(total)
    customers = await workato.customers.list().collect()
    assert [customer.id for customer in customers] == list(range(1, total + 1))
    assert [query for _, _, query, _ in vendor.asked] == [
        {"page": str(page), "per_page": "100"} for page in range(1, requests + 1)
    ]


async def test_pages_are_read_as_they_are_needed(vendor: Vendor, workato: Workato) -> None:
    vendor.answer = _paged(1000)
    pages = workato.customers.list()
    assert vendor.asked == []
    async for customer in pages:
        if customer.id == 150:
            break
    assert len(vendor.asked) == 2
    assert session_of(pages) is session_of(workato)


@pytest.mark.parametrize("total", [3, 150])
async def test_a_row_that_is_on_a_page_twice_comes_once(vendor: Vendor, workato: Workato, total: int) -> None:
    """A server that joins tables may send one row for each match."""
    vendor.answer = _paged(total, doubled=1, name="CRM")
    found = await workato.account("7").folders.list().collect()
    assert [row.id for row in found] == list(range(1, total + 1))
    rows = workato.account("7").rows("managed_users.folders.list")
    assert [row["id"] async for row in rows] == list(range(1, total + 1))


async def test_a_list_that_repeats_itself_ends_in_words(vendor: Vendor, workato: Workato) -> None:
    vendor.answer = lambda *_: {"result": [{"id": n} for n in range(100)]}
    with pytest.raises(DecodeError, match="the list repeats itself"):
        await workato.customers.list().collect()
    assert len(vendor.asked) == 2


async def test_a_list_that_does_not_end_ends_in_words(
    vendor: Vendor, workato: Workato, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkops.resources._pages._MOST_ROWS", 300)  # a million takes seconds
    vendor.answer = _paged(1_000)
    with pytest.raises(DecodeError, match="the list does not end: 300 rows on 3 pages, and there are more"):
        await workato.customers.list().collect()
    assert len(vendor.asked) == 3


async def test_a_list_of_overlapping_pages_without_end_ends_in_words(
    vendor: Vendor, workato: Workato, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one new row a page, a million rows are a million requests."""
    monkeypatch.setattr("bulkops.resources._pages._MOST_PAGES", 5)  # 10,000 take seconds
    vendor.answer = lambda *_: {"result": [{"id": n} for n in range(len(vendor.asked), len(vendor.asked) + 100)]}
    with pytest.raises(DecodeError, match="the list does not end: 104 rows on 5 pages, and there are more"):
        await workato.customers.list().collect()
    assert len(vendor.asked) == 5


@pytest.mark.parametrize(("call", "given"), [("folders.create", {"name": "CRM"}), ("folders.list", {"page_size": 5})])
async def test_rows_refuse_a_wrong_call_at_once(workato: Workato, call: str, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        workato.rows(call, **given)


async def test_a_row_pushed_to_the_next_page_comes_once(vendor: Vendor, workato: Workato) -> None:
    def answer(_: str, __: str, query: dict[str, str], ___: bytes) -> Any:
        ids = range(1, 151) if query["page"] == "1" else range(151)  # id 0 was created meanwhile, and sorts first
        first = (int(query["page"]) - 1) * 100
        return [{"id": n} for n in list(ids)[first : first + 100]]

    vendor.answer = answer
    ids = [customer.id for customer in await workato.customers.list().collect()]
    assert ids == list(range(1, 151))


async def test_a_row_that_a_deletion_moves_to_a_page_already_read_is_found(vendor: Vendor, workato: Workato) -> None:
    ids = list(range(300))

    def answer(_: str, __: str, query: dict[str, str], ___: bytes) -> Any:
        first = (int(query["page"]) - 1) * 100
        rows = [{"id": n} for n in ids[first : first + 100]]
        if len(vendor.asked) in {1, 6}:  # while each of the first two walks is under way
            ids.pop(0)
        return rows

    vendor.answer = answer
    assert len(await workato.customers.list().collect()) == 299  # one walk: 100 moved to the first page unseen
    vendor.asked.clear()
    ids[:] = range(300)
    found = [customer.id async for customer in workato.customers.list().complete()]
    assert {*ids} <= {*found}
    assert len(found) == len({*found})
    assert len(vendor.asked) == 3 * 3


@pytest.mark.parametrize(("total", "requests"), [(0, 1), (99, 1), (100, 4), (101, 4)])
async def test_a_list_is_walked_again_when_it_has_more_than_a_page(
    vendor: Vendor, workato: Workato, total: int, requests: int
) -> None:
    vendor.answer = _paged(total)
    assert [customer.id async for customer in workato.customers.list().complete()] == list(range(1, total + 1))
    assert len(vendor.asked) == requests


@pytest.mark.parametrize("states_its_size", [True, False])
async def test_a_list_of_small_pages_is_walked_again_too(vendor: Vendor, states_its_size: bool) -> None:
    ids = [*range(60)]

    def answer(_: str, __: str, query: dict[str, str], ___: bytes) -> Any:
        first = (int(query["page"]) - 1) * 20
        rows = [{"id": n} for n in ids[first : first + 20]]
        if len(vendor.asked) == 1:  # between the first page and the second
            ids.pop(0)
        return {"result": rows, "per_page": 20} if states_its_size else rows

    vendor.answer = answer
    sizes = {} if states_its_size else {"managed_users.list": 20}
    tuning = Tuning(unlimited=True, max_rate=None, page_sizes=sizes)
    async with Workato(token="t-1", host=vendor.url, tuning=tuning) as workato:
        found = [customer.id async for customer in workato.customers.list().complete()]
    assert {*ids} <= {*found}
    assert len(found) == len({*found})


async def test_a_page_of_more_rows_than_it_says_is_full(vendor: Vendor, workato: Workato) -> None:
    def answer(_: str, __: str, query: dict[str, str], ___: bytes) -> Any:
        first = (int(query["page"]) - 1) * 25
        return {"result": [{"id": n} for n in range(60)[first : first + 25]], "per_page": 20}

    vendor.answer = answer
    assert len(await workato.customers.list().collect()) == 60


async def test_recipes_are_walked_by_since_id(vendor: Vendor, workato: Workato) -> None:
    def answer(_: str, __: str, query: dict[str, str], ___: bytes) -> Any:
        below = int(query.get("since_id", "9999"))
        ids = [n for n in range(250, 0, -1) if n < below][:100]
        return {"items": [{"id": n, "name": "r", "running": False} for n in ids]}

    vendor.answer = answer
    recipes = await workato.account("Ea/b").recipes.list(folder_id=3, running=True).collect()
    assert [recipe.id for recipe in recipes] == list(range(250, 0, -1))
    fixed = {"folder_id": "3", "running": "true", "exclude_code": "true", "per_page": "100"}
    assert [query for _, _, query, _ in vendor.asked] == [
        fixed,
        fixed | {"since_id": "151"},
        fixed | {"since_id": "51"},
    ]
    assert {path for _, path, _, _ in vendor.asked} == {"/api/managed_users/Ea%2Fb/recipes"}


async def test_a_server_that_ignores_since_id_is_found_out(vendor: Vendor, workato: Workato) -> None:
    vendor.answer = lambda *_: {"result": [{"id": n, "name": "r", "running": False} for n in range(100)]}
    with pytest.raises(DecodeError, match="repeats itself"):
        await workato.account(1).recipes.list().collect()


async def test_connections_come_in_one_request(vendor: Vendor, workato: Workato) -> None:
    row = {"name": "c", "provider": "salesforce", "authorization_status": "success"}
    vendor.answer = lambda *_: {"result": [{"id": n, **row} for n in range(300)]}
    connections = await workato.account(1).connections.list().collect()
    assert len(connections) == 300
    assert connections[0].is_authorized
    assert [query for _, _, query, _ in vendor.asked] == [{}]


async def test_customers(vendor: Vendor, workato: Workato) -> None:
    vendor.answer = lambda *_: {"id": 5, "external_id": "a/b", "name": "x" * 5000, "trial": False}
    assert (await workato.customers.get(5)).external_id == "a/b"
    found = await workato.customers.find("a/b")
    assert found is not None
    assert found.id == 5
    made = await workato.customers.create(name="N", external_id="7", plan_id=None, notification_email="a@b")
    assert made.trial is False
    assert [(method, path) for method, path, _, _ in vendor.asked] == [
        ("GET", "/api/managed_users/5"),
        ("GET", "/api/managed_users/Ea%2Fb"),
        ("POST", "/api/managed_users"),
    ]
    assert json.loads(vendor.asked[-1][3]) == {
        "name": "N",
        "external_id": "7",
        "plan_id": None,
        "notification_email": "a@b",
    }


async def test_find_knows_absent_from_failed(vendor: Vendor, workato: Workato) -> None:
    vendor.answer = lambda *_: (404, {"message": "Not found"})
    assert await workato.customers.find("x") is None
    with pytest.raises(NotFound):
        await workato.customers.get("Ex")
    vendor.answer = lambda *_: (403, {"message": "no"})
    with pytest.raises(StatusError):
        await workato.customers.find("x")


@pytest.mark.parametrize(
    "answer", [{"id": "9"}, {"id": 9, "name": "CRM", "parent_id": 3}, {"result": {"id": 9, "name": "CRM"}}]
)
async def test_folder_create_in_old_and_new_form(vendor: Vendor, workato: Workato, answer: Any) -> None:
    vendor.answer = lambda *_: answer
    assert await workato.account(1).folders.create("CRM", parent_id=3) == Folder(id=9, name="CRM", parent_id=3)
    assert json.loads(vendor.asked[0][3]) == {"name": "CRM", "parent_id": 3}


async def test_imports_send_the_zip_and_polls_do_not_move_the_account(vendor: Vendor, workato: Workato) -> None:
    scope = RequestContext(seq=3)
    imports = account_in(workato, 7, scope).imports
    vendor.answer = lambda *_: {"id": 251, "operation_type": "import", "status": "in_progress", "recipe_status": None}
    data = bytes(range(256)) * 5000
    status = await imports.create(data, folder_id=3, restart_recipes=True)
    assert (status.id, status.is_finished, status.recipe_status) == (251, False, [])
    method, path, query, body = vendor.asked[0]
    assert (method, path, body) == ("POST", "/api/managed_users/7/imports", data)
    assert query == {"folder_id": "3", "restart_recipes": "true"}
    assert (scope.account, scope.progress, scope.writes) == ("7", 1, 1)
    vendor.answer = lambda *_: {
        "id": 251,
        "status": "completed",
        "recipe_status": [{"id": 1, "import_result": "restarted"}, {"id": "2", "import_result": "stopped"}],
    }
    done = await imports.get(251)
    assert [row.id for row in done.bad_results] == [2]
    assert (scope.progress, scope.accepted, scope.writes) == (1, 2, 1)
    await imports.create(b"PK", folder_id=3, folder_id_for_home_assets=4)
    assert vendor.asked[-1][2] == {"folder_id": "3", "restart_recipes": "false", "folder_id_for_home_assets": "4"}


async def test_siblings_share_the_session_and_may_only_read(vendor: Vendor, workato: Workato) -> None:
    vendor.answer = _paged(1, name="f")
    async with workato.with_options(read_only=True) as reading:
        assert session_of(reading) is session_of(workato)
        await reading.account(1).folders.list().collect()
        for refused in (reading.account(1).folders.create("x"), reading.customers.create(name="x")):
            with pytest.raises(PlanError):
                await refused
        assert scope_of(reading.with_options(deadline=5.0).account(1)) == RequestContext(
            account="1", read_only=True, deadline=5.0
        )
    await workato.account(1).folders.list().collect()  # leaving the sibling closed nothing
    assert len(vendor.asked) == 2
    assert client_over(session_of(workato)).settings is workato.settings


def test_accounts_are_checked_before_anything_is_sent() -> None:
    workato = Workato(token="t", host="http://127.0.0.1:1")
    for account in ("", "ORG-7", "E", -1):
        with pytest.raises(InputError):
            workato.account(account)
    assert workato.account(" 12 ").id == "12"
    assert repr(workato.account("E1")) == "Account('E1')"
    with pytest.raises(ConfigError):
        Account(session_of(workato), RequestContext())


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"token": ""},
        {"token": "a b"},
        {"token": "t", "host": "http://x.example"},
        {"token": "t", "host": "https://app.eu.workato.com\u200b"},
        {"token": "t", "host": "https://app.eu.workato.com "},
        {"token": "t", "host": "https://app..workato.com"},
        {"token": "t", "host": "https://[::g]"},
        {"token": "t", "scheme": "legacy-query"},
    ],
)
def test_bad_settings_are_config_errors(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Workato(**arguments)


def test_from_env_reads_now(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="WORKATO_API_TOKEN"):
        Workato.from_env()
    monkeypatch.setenv("WORKATO_API_TOKEN", "tok")
    monkeypatch.setenv("WORKATO_HOST", "eu")
    workato = Workato.from_env(tuning=Tuning(max_rate=3))
    assert workato.settings.url == "https://app.eu.workato.com"
    assert workato.settings.tuning.max_rate == 3
