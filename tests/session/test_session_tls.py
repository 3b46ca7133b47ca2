"""A server whose certificate nobody vouches for hears nothing: no request, no token."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from bulkops.catalogue import CALLS
from bulkops.errors import ConnectFailed
from bulkops.events import AttemptEnded
from bulkops.session import RequestContext

OF_NOBODY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1L5p/r1DtriE7AsH
2pazpMokX5XSL9m3wRLtzwB56DihRANCAAREE4Q4fT9a3Hex8FLCNCZLIC2MGAUW
NFRnQ1GYLPGLJsLpwtCQtlkt3tFNCvQxA9h90Z7pgxV2oIe7oBq/t+od
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUefEmLY0TfRgbjiLAIcQLR9t9u24wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTE5MDAxN1oYDzIxMjYxMTAx
MTkwMDE3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAREE4Q4fT9a3Hex8FLCNCZLIC2MGAUWNFRnQ1GYLPGLJsLpwtCQtlkt
3tFNCvQxA9h90Z7pgxV2oIe7oBq/t+odo28wbTAdBgNVHQ4EFgQUEnc3jpGWq10s
BYMwbdET1kf+OGEwHwYDVR0jBBgwFoAUEnc3jpGWq10sBYMwbdET1kf+OGEwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgc5eseXqpiwc/tVGZO1Gpi8rzbR/CDdRWlYa7Uy6nfD0CIBhr
+QtxvrF/mTaGlqVfGp6lEX/IRrPZZqE435O1DyKM
-----END CERTIFICATE-----
"""
"""A key and its own certificate for localhost, made for this test: they protect nothing."""


@pytest.mark.parametrize("is_trusted", [False, True])
async def test_the_certificate_is_looked_at(
    tmp_path: Path, session_for: Any, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    """Trusted by the machine's own means, it is spoken to: the test would notice if nobody could. Its first answer is
    not TLS."""
    pem = tmp_path / "server.pem"
    pem.write_text(OF_NOBODY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_first = not heard
        heard.extend(await reader.readuntil(b"\r\n\r\n"))
        if is_first:
            writer.get_extra_info("socket")._sock.send(b"\0" * 100)
        else:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"id": 7, "name": "Acme"}')
            await writer.drain()
        writer.close()

    if is_trusted:
        trusting = ssl.create_default_context(cafile=str(pem))
        monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    async with await asyncio.start_server(serve, "localhost", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        events: list[Any] = []
        async with session_for(f"https://localhost:{port}", observe=events.append) as session:
            asking = session.send(CALLS["managed_users.get"], scope=RequestContext(), path={"managed_user_id": "7"})
            if is_trusted:
                assert (await asking).status == 200
                assert b"Authorization: Bearer" in heard
                first = next(event.error for event in events if isinstance(event, AttemptEnded))
                assert first == "the connection was lost before the whole response arrived: the TLS connection broke"
            else:
                with pytest.raises(ConnectFailed, match="the host's certificate is not valid"):
                    await asking
                assert heard == b""
