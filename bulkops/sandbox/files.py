"""The vendor's file store: packages behind signed addresses, on a host that knows no API credentials."""

from __future__ import annotations

from aiohttp import web

from bulkops.sandbox.exchange import NOT_FOUND, RefusedError
from bulkops.sandbox.routing import Target
from bulkops.sandbox.world import World


def serve_file(world: World, request: web.BaseRequest, target: Target) -> web.Response:
    """Raises: RefusedError; 400 when credentials came along, as object stores do that take the signature alone."""
    if "Authorization" in request.headers or "X-USER-TOKEN" in request.headers:
        raise RefusedError(400, "Only one authentication mechanism is allowed")
    if request.method != "GET" or len(target.segments) != 3 or target.segments[1] != "packages":
        raise RefusedError(404, NOT_FOUND)
    query = target.query
    found = world.exporter.file(target.segments[2], until=query.get("until", ""), signature=query.get("signature", ""))
    if isinstance(found, bytes):
        return web.Response(body=found, content_type="application/zip")
    raise RefusedError(404, NOT_FOUND) if found == "unknown" else RefusedError(403, "Request has expired")
