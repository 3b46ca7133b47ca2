"""The vendor's file store: packages behind signed addresses, on a host that knows no API credentials."""

from __future__ import annotations

from aiohttp import web

from bulkops.sandbox.exchange import NOT_FOUND, RefusedError
from bulkops.sandbox.routing import Target
from bulkops.sandbox.world import World


def file_origin(host: str) -> str:
    """Scheme and host of the file store, for somebody who reached the API at `host`: another name of this machine.

    As at the vendor it is another host, so that clients which follow a redirect leave the token behind.
    """
    name, colon, port = host.rpartition(":")
    other = "127.0.0.1" if name == "localhost" else "localhost"
    return f"http://{other}{colon}{port}" if colon else f"http://{host}"


def serve_file(world: World, request: web.BaseRequest, target: Target) -> web.Response:
    """Raises: RefusedError; 400 when credentials came along, as object stores do that take the signature alone."""
    if "Authorization" in request.headers:
        raise RefusedError(400, "Only one authentication mechanism is allowed")
    if request.method != "GET" or len(target.segments) != 3 or target.segments[1] != "packages":
        raise RefusedError(404, NOT_FOUND)
    query = target.query
    found = world.exporter.file(target.segments[2], until=query.get("until", ""), signature=query.get("signature", ""))
    if isinstance(found, bytes):
        return web.Response(body=found, content_type="application/zip")
    raise RefusedError(404, NOT_FOUND) if found == "unknown" else RefusedError(403, "Request has expired")
