"""A proxy from the environment: used when it was asked for, and only then; its password is nowhere."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bulkops.catalogue import CALLS
from bulkops.errors import ConfigError, ConnectFailed
from bulkops.session import ApiSession, RequestContext
from tests.virtual_time import over_sockets

GET = CALLS["managed_users.get"]
PATH = {"managed_user_id": "7"}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def answer(_: Any, out: Any) -> None:
    await out.json(200, {"id": 7, "name": "Acme"})


async def test_the_environment_is_not_asked(server: Any, session: ApiSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    monkeypatch.setenv("ALL_PROXY", NOBODY)
    server.handler = answer
    await session.send(GET, scope=RequestContext(), path=PATH)
    assert [seen.target for seen in server.seen] == ["/api/managed_users/7"]


async def test_when_asked_for_it_is_used(server: Any, session_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.handler = answer
    async with session_for(NOBODY, proxy_from_environment=True) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
    assert [seen.target for seen in server.seen] == [f"{NOBODY}/api/managed_users/7"]


@over_sockets
async def test_a_tunnel_is_asked_for_with_the_proxys_password_and_without_the_token(
    server: Any, session_for: Any, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    async def refuse(_: Any, out: Any) -> None:
        await out.json(407, {})

    monkeypatch.setenv("HTTPS_PROXY", server.url.replace("://", "://ana:canary%2Fpass@"))
    server.handler = refuse
    async with session_for("https://api.example", proxy_from_environment=True, call_timeout_s=0.05) as session:
        with pytest.raises(ConnectFailed, match="the proxy refuses the connection") as caught:
            await session.send(GET, scope=RequestContext(), path=PATH)
        assert "canary" not in f"{session!r} {caught.value} {caught.value!r}"
    seen = server.seen[0]
    assert (seen.method, seen.target) == ("CONNECT", "api.example:443")
    headers = {name.lower(): value for name, value in seen.headers.items()}
    assert headers["proxy-authorization"] == "Basic " + base64.b64encode(b"ana:canary/pass").decode()
    assert token not in repr(headers)


async def test_hosts_that_need_none_are_asked_directly(
    server: Any, session_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.handler = answer
    async with session_for(server.url, proxy_from_environment=True) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
    assert len(server.seen) == 1


async def test_the_token_never_leaves_this_machine_in_clear(
    server: Any, session_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain http is for a host on this machine only, so a proxy elsewhere is not used for it."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    server.handler = answer
    async with session_for(server.url, proxy_from_environment=True) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
    assert [seen.target for seen in server.seen] == ["/api/managed_users/7"]


@over_sockets
async def test_a_proxy_that_is_not_there(session_for: Any, monkeypatch: pytest.MonkeyPatch, deaf: Any) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://ana:canary@127.0.0.1:{deaf.getsockname()[1]}")
    async with session_for("http://127.0.0.1:8", proxy_from_environment=True, call_timeout_s=0.05) as session:
        with pytest.raises(ConnectFailed, match="the proxy cannot be reached") as caught:
            await session.send(GET, scope=RequestContext(), path=PATH)
    assert "canary" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("bad", ["socks5://ana:canary@127.0.0.1:1080", "http://ana:canary@[::", "http://"])
async def test_a_proxy_that_cannot_be_one(session_for: Any, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", bad)
    with pytest.raises(ConfigError, match="the proxy for http in the environment") as caught:
        async with session_for("http://127.0.0.1:8", proxy_from_environment=True):
            pass
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
