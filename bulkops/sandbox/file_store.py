"""The vendor's file store: packages at signed URLs."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bulkops.sandbox.request import NOT_FOUND, RefusedError
from bulkops.sandbox.routing import Target
from bulkops.sandbox.server import host_of
from bulkops.sandbox.state import State

_OTHER_NAME: Final = {"localhost": "127.0.0.1", "127.0.0.1": "localhost", "[::1]": "localhost"}


def file_origin(host: str) -> str:
    """Scheme and host of the file store, for a client that reached the API at `host`.

    At the vendor it is another host, so that clients leave the token behind when they follow a redirect. Here it is the
    other name of the loopback interface. Any other host keeps its name: nothing else is known to lead here.
    """
    name, colon, port = host.rpartition(":")
    return f"http://{_OTHER_NAME.get(name, name)}{colon}{port}"


def serve_file(state: State, request: web.BaseRequest, target: Target) -> web.Response:
    """Raises: RefusedError; 400 when the API's credentials reach another host than the API's.

    Object stores answer so too: they take the signature alone.
    """
    query = target.query
    if "Authorization" in request.headers and query.get("api") != f"http://{host_of(request)}":
        raise RefusedError(400, "Only one authentication mechanism is allowed")
    if request.method != "GET" or len(target.segments) != 3 or target.segments[1] != "packages":
        raise RefusedError(404, NOT_FOUND)
    found = state.exporter.file(target.segments[2], until=query.get("until", ""), signature=query.get("signature", ""))
    if isinstance(found, bytes):
        return web.Response(body=found, content_type="application/zip")
    raise RefusedError(404, NOT_FOUND) if found == "unknown" else RefusedError(403, "Request has expired")
