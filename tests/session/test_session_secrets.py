"""The token appears on the wire and nowhere else."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from bulkops import logs
from bulkops.catalogue import CALLS, Call
from bulkops.client import Workato
from bulkops.errors import ApiError, BulkopsError
from bulkops.models import Customer
from bulkops.secret import Secret
from bulkops.session import ApiSession, RequestContext, decode_object
from bulkops.settings import Auth

GET = CALLS["managed_users.get"]
CREATE = CALLS["managed_users.folders.create"]
PATH = {"managed_user_id": "7"}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The debug log as the command line writes it, but without being told what to hide."""
    stream = io.StringIO()
    root = logging.getLogger("bulkops")
    before = (root.handlers, root.level, root.propagate)
    logs.configure("debug", json=True, stream=stream)
    yield stream
    root.handlers, root.level, root.propagate = before


def _shown(error: BaseException) -> str:
    """Everything a log, a report or a crash could show of an error and of those it comes from."""
    texts = []
    cause: BaseException | None = error
    while cause is not None:
        texts += [str(cause), repr(cause), repr(vars(cause)), repr(cause.args)]
        cause = cause.__cause__ or cause.__context__
    return "\n".join([*texts, *traceback.format_exception(error)])


async def _echo(seen: Any, out: Any, status: int) -> None:
    """A server that repeats everything it was sent: in the message, in errors, in headers, in odd places."""
    everything = json.dumps([seen.target, seen.headers])
    body = {"message": everything, "errors": {everything: [everything, {"deep": everything}]}, "id": everything}
    location = f"http://127.0.0.1/x?{seen.target.partition('?')[2]}"
    await out.json(status, body, Location=location, X_Echo="x")


async def _ask(session: ApiSession, call: Call, scope: RequestContext) -> list[str]:
    reply = await session.send(call, scope=scope, path=PATH, json={} if call is CREATE else None)
    return [repr(reply), repr(decode_object(reply, Customer))]


@pytest.mark.parametrize("scheme", ["bearer", "legacy-headers", "legacy-query"])
@pytest.mark.parametrize("call", [GET, CREATE], ids=["read", "create"])
async def test_token_is_in_no_error_event_or_log(
    server: Any, session_for: Any, lines: io.StringIO, caplog: pytest.LogCaptureFixture, scheme: Any, call: Call
) -> None:
    token = "wrkaus-AbC/d+e="
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    failures = [400, 401, 302, 404, 422, 429, 500, 503, "reset", "hang", "cut", "garbage", 200]
    events: list[Any] = []
    shown: list[str] = []
    for failure in failures:

        async def handler(seen: Any, out: Any, failure: Any = failure) -> None:
            if isinstance(failure, int):
                await _echo(seen, out, failure)
            elif failure == "hang":
                await asyncio.sleep(9)
            elif failure == "cut":
                await out.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                out.close()
            elif failure == "garbage":
                await out.raw(f"HTTP/1.1 {seen.target}\r\n\r\n".encode())
                out.close()
            else:
                out.reset()

        server.handler = handler
        auth = Auth(token=Secret(token), scheme=scheme, email="a@b.example")
        tuned = {"attempt_timeout_s": 0.03, "call_timeout_s": 0.04}
        async with session_for(server.url, auth=auth, observe=events.append, **tuned) as session:
            scope = RequestContext(account="7", deadline=asyncio.get_running_loop().time() + 0.2)
            with pytest.raises(ApiError) as caught:
                shown += await _ask(session, call, scope)
            shown += [_shown(caught.value), repr(session.auth_failure), repr(session), repr(session.settings)]
            logs.get_logger("bulkops.user").error("failed", exc_info=caught.value)
    assert any(token in repr(seen.headers) or quote(token, safe="") in seen.target for seen in server.seen)
    assert len(shown) >= 4 * len(failures)
    shown += [repr(event) for event in events] + [repr(msgspec.structs.asdict(event)) for event in events]
    shown += [lines.getvalue(), caplog.text]
    assert "attempt" in lines.getvalue()
    for text in shown:
        for spelling in (token, quote(token), quote(token, safe=""), token[:-3]):
            assert spelling not in text


async def test_server_words_cannot_steer_a_terminal(server: Any, session: ApiSession) -> None:
    async def handler(_: Any, out: Any) -> None:
        await out.json(400, {"message": "a\x1b[2J\r\n\u202eb\x00" + "x" * 5000, "errors": {"f\n": ["\x9b1m"]}})

    server.handler = handler
    with pytest.raises(ApiError) as caught:
        await session.send(GET, scope=RequestContext(), path=PATH)
    error: Any = caught.value
    for text in (str(error), error.message, error.cause, error.said, *error.errors, *error.errors["f"]):
        assert text.isprintable()
        assert len(text) < 450


async def test_unserialisable_body_does_not_show_it(server: Any, session: ApiSession) -> None:
    with pytest.raises(BulkopsError) as caught:
        await session.send(CREATE, scope=RequestContext(), path=PATH, json={"password": object(), "x": "pa" + "55"})
    assert "pa55" not in _shown(caught.value)
    assert server.seen == []


async def test_log_line_carries_what_an_engineer_needs(server: Any, session: ApiSession, lines: io.StringIO) -> None:
    reply = await session.send(GET, scope=RequestContext(account="7"), path=PATH)
    (line,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert line["event"] == "attempt"
    assert line["request_id"] == reply.request_id
    assert (line["call"], line["account"], line["quota"]) == (GET.id, "7", GET.quota)
    assert (line["attempt"], line["status"], line["error"]) == (1, 200, None)
    assert line["latency_s"] > 0
    assert line["waited_s"] >= 0


def test_nothing_that_people_print_shows_the_token(settings_for: Any, token: str) -> None:
    settings = settings_for("http://127.0.0.1:1")
    workato = Workato.from_settings(settings)
    session = ApiSession(settings)
    for thing in (workato, workato.account(7), session, settings, workato.customers.list(), session.pacer):
        assert token not in f"{thing!r} {thing}"
