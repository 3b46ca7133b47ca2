"""A file is fetched from the vendor's hosts, without credentials, and from nowhere else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bulkops.client import Workato, client_over
from bulkops.errors import BadRequest, BodyTooLarge, ConnectionLost, InputError, NotFound, RateLimited, ServerError
from bulkops.models import PackageExport
from bulkops.session import ApiSession

ZIP = bytes(range(256)) * 40
SIGNATURE = "s1gn4ture-0f-the-file"


async def test_the_file_comes_without_credentials(server: Any, session: ApiSession, token: str) -> None:
    server.handler = lambda _, out: out.body(200, ZIP)
    data = await session.download(f"{server.url}/f/1%20a.zip?x=1&signature={SIGNATURE}", most_bytes=len(ZIP))
    assert data == ZIP
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("GET", f"/f/1%20a.zip?x=1&signature={SIGNATURE}")
    assert not {"authorization", "x-user-token", "x-user-email", "cookie"} & set(seen.headers)
    assert token not in str(seen)


async def test_redirects_are_followed_as_far_as_the_vendor_goes(server: Any, session: ApiSession) -> None:
    async def handler(seen: Any, out: Any) -> None:
        if seen.target == "/a":
            await out.body(302, Location="/b?c=d")
        else:
            await out.body(200, ZIP)

    server.handler = handler
    assert await session.download(f"{server.url}/a", most_bytes=10**6) == ZIP
    assert [seen.target for seen in server.seen] == ["/a", "/b?c=d"]


async def test_an_address_that_is_not_encoded_is_sent_and_shown_encoded(server: Any, session: ApiSession) -> None:
    async def handler(seen: Any, out: Any) -> None:
        await (out.body(302, Location="/ü \x1b[2J?c=a b") if seen.target == "/a" else out.body(404))

    server.handler = handler
    with pytest.raises(NotFound) as caught:
        await session.download(f"{server.url}/a", most_bytes=10)
    assert [seen.target for seen in server.seen] == ["/a", "/%C3%BC%20%1B%5B2J?c=a%20b"]
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "address",
    [
        "http://files.example/x.zip",
        "https://files.example/x.zip",
        "https://workato.com.files.example/x.zip",
        "https://evilworkato.com/x.zip",
        "http://www.workato.com/x.zip",
        "https://name:password@www.workato.com/x.zip",
        "ftp://www.workato.com/x.zip",
        "file:///etc/passwd",
        "https://[::1",
        "https://www.workato.com:port/x",
        "javascript:alert(1)",
        "https://files.example\\.workato.com/x.zip",
        "https://\u200bwww.workato.com/x.zip",
        "https://..workato.com/x.zip",
    ],
)
async def test_nothing_is_sent_elsewhere(server: Any, session: ApiSession, address: str) -> None:
    with pytest.raises(InputError, match=r"address is not a valid URL|not a host of the vendor"):
        await session.download(address, most_bytes=10)

    server.handler = lambda _, out: out.body(302, Location=address)
    with pytest.raises(InputError, match=r"address is not a valid URL|not a host of the vendor"):
        await session.download(f"{server.url}/a", most_bytes=10)
    assert len(server.seen) == 1


async def test_this_machine_is_no_host_of_the_vendors_own_api(server: Any, session_for: Any) -> None:
    """An answer must not make a client at work on the real API ask services of the machine that it runs on."""
    async with session_for("eu") as session:
        with pytest.raises(InputError, match=r"127\.0\.0\.1"):
            await session.download(f"{server.url}/x.zip", most_bytes=10)
    assert server.seen == []


async def test_redirects_in_a_circle_end(server: Any, session: ApiSession) -> None:
    server.handler = lambda _, out: out.body(302, Location="/again")
    with pytest.raises(InputError, match="redirects too many times"):
        await session.download(f"{server.url}/a", most_bytes=10)
    assert len(server.seen) == 4


async def test_what_may_pass_is_tried_again(server: Any, session: ApiSession) -> None:
    async def handler(seen: Any, out: Any) -> None:
        match len(server.seen):
            case 1:
                await out.body(503, b"<html>busy</html>")
            case 2:
                out.reset()
            case 3:
                await out.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                out.close()
            case _:
                await out.body(200, ZIP)

    server.handler = handler
    assert await session.download(f"{server.url}/a", most_bytes=10**6) == ZIP
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    ("status", "error", "requests"),
    [
        (400, BadRequest, 1),
        (404, NotFound, 1),
        (429, RateLimited, 5),
        (500, ServerError, 5),
        (501, ServerError, 1),
        (502, ServerError, 5),
        (503, ServerError, 5),
        (504, ServerError, 5),
    ],
)
async def test_what_stays_is_said_without_the_signature(
    server: Any, session: ApiSession, status: int, error: type[Exception], requests: int
) -> None:
    server.handler = lambda _, out: out.json(status, {"message": "no \x1b[31m such file"})
    with pytest.raises(error, match=r"no .* such file") as caught:
        await session.download(f"{server.url}/f.zip?signature={SIGNATURE}", most_bytes=10)
    assert len(server.seen) == requests
    assert SIGNATURE not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert "\x1b" not in str(caught.value)


async def test_a_file_above_its_limit_is_cut_off_at_once(server: Any, session: ApiSession) -> None:
    async def handler(seen: Any, out: Any) -> None:
        await out.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await out.raw(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            await asyncio.sleep(0)

    server.handler = handler
    with pytest.raises(BodyTooLarge, match="larger than 20000 bytes"):
        await session.download(f"{server.url}/a", most_bytes=20_000)
    assert len(server.seen) == 1


async def test_a_dead_host_is_named(session: ApiSession, server: Any) -> None:
    async def handler(seen: Any, out: Any) -> None:
        out.reset()

    server.handler = handler
    with pytest.raises(ConnectionLost, match="the package cannot be fetched"):
        await session.download(f"{server.url}/a", most_bytes=10)


async def test_a_package_is_fetched_by_either_way(server: Any, settings_for: Any, token: str) -> None:
    async def handler(seen: Any, out: Any) -> None:
        if seen.target == "/api/packages/7/download":
            await out.body(302, Location=f"/files/7.zip?signature={SIGNATURE}")
        else:
            await out.body(200, ZIP)

    server.handler = handler
    async with Workato.from_settings(settings_for(server.url)) as workato:
        for url in (None, "null", f"{server.url}/direct.zip"):
            made = PackageExport(id=7, status="completed", download_url=url)
            assert await workato.packages.download(made, most_bytes=10**6) == ZIP
    asked = [(seen.target, token in str(seen.headers)) for seen in server.seen]
    way = [("/api/packages/7/download", True), (f"/files/7.zip?signature={SIGNATURE}", False)]
    assert asked == [*way, *way, ("/direct.zip", False)]


async def test_a_file_in_the_answer_itself_is_taken(server: Any, settings_for: Any) -> None:
    server.handler = lambda _, out: out.body(200, ZIP)
    async with Workato.from_settings(settings_for(server.url)) as workato:
        assert await workato.packages.download(PackageExport(id=7, status="completed"), most_bytes=10**6) == ZIP


async def test_any_other_call_still_refuses_redirects(server: Any, session_for: Any) -> None:
    from bulkops.errors import StatusError

    server.handler = lambda _, out: out.body(302, Location=f"{server.url}/elsewhere")
    session: ApiSession = session_for(server.url)
    async with session:
        with pytest.raises(StatusError, match=r"redirects to http://127\.0\.0\.1; bulkops does not follow redirects"):
            await client_over(session).customers.get(7)
    assert len(server.seen) == 1
