"""From a request to its reply: count, authenticate, find, draw, act, end."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from bulkops.catalogue import CALLS, Call
from bulkops.sandbox.control import CONTROLS
from bulkops.sandbox.credentials import Credentials
from bulkops.sandbox.customers import Customer
from bulkops.sandbox.endings import TOO_MANY, Answer, finish
from bulkops.sandbox.exchange import NOT_FOUND, Asked, Counted, Redirection, RefusedError
from bulkops.sandbox.faults import Faults, Strike
from bulkops.sandbox.files import serve_file
from bulkops.sandbox.handlers import HANDLERS
from bulkops.sandbox.http import read_body
from bulkops.sandbox.packages import MAX_PACKAGE_BYTES
from bulkops.sandbox.routing import Route, Routes, Target
from bulkops.sandbox.settings import SandboxSettings, check_token
from bulkops.sandbox.world import World

MAX_JSON_BYTES: Final = 1024 * 1024
_SHORTEST_PAUSE_S: Final = 0.001
"""The event loop's timers are whole milliseconds: a shorter pause would only become a longer one."""

_UNAUTHORIZED: Final = Answer.of({"message": "Unauthorized"}, 401)


class Service:
    """The vendor's API over one world. Made inside a running loop."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.credentials = Credentials(settings.token)
        self.world = World(settings)
        self._routes = Routes(CALLS.values())

    def set_token(self, token: str) -> None:
        """The API takes this token from now on. Raises: ConfigError when it could not stand in a header."""
        check_token(token)
        self.credentials.set_token(token)
        self.world.renew_token()

    def set_faults(self, faults: Faults) -> None:
        self.world.set_faults(faults)

    def reset(self) -> None:
        """Start afresh. Requests still in flight act on the world they began in, which nobody sees any more."""
        self.close()
        self.credentials.reset()
        self.world = World(self.settings)

    def close(self) -> None:
        self.world.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request ends here; whatever it holds, the reply is JSON unless a fault says otherwise."""
        try:
            target = Target.parse(request.raw_path)
            if target.segments[:1] == ("_sandbox",):
                return await self._control(request, target)
            if target.segments[:1] == ("_files",):
                return serve_file(self.world, request, target)
            return await self._api(request, target)
        except RefusedError as refusal:
            return Answer.of(refusal.body, refusal.status).response()
        except ConnectionError:  # the sender went away in mid-body: nobody reads this
            return Answer.of({"message": "Bad request: the body ended early"}, 400).response()

    async def _control(self, request: web.BaseRequest, target: Target) -> web.Response:
        if not self.credentials.open_control(request.headers, target.query):
            return _UNAUTHORIZED.response()
        control = CONTROLS.get((request.method, "/".join(target.segments[1:])))
        if control is None:
            raise RefusedError(404, NOT_FOUND)
        body = await read_body(request, limit=MAX_JSON_BYTES)
        return Answer.of(control(self, body)).response()

    async def _api(self, request: web.BaseRequest, target: Target) -> web.Response:
        """The quota comes first and counts everything, then the token, then the rest."""
        world = self.world
        route = self._routes.find(request.method, target.segments)
        customer = _customer(world, route)
        refused = world.token_is_refused()
        if route is None:
            world.quotas.count_unknown()
        else:
            wait_s = world.quotas.arrive(route.call.quota, customer.id if customer else None, world.clock.now())
            if wait_s > 0:
                return self._too_many(wait_s)
        if refused or not self.credentials.open_api(request.headers, target.query):
            return _UNAUTHORIZED.response()
        if route is None or (customer is None and "managed_user_id" in route.names):
            raise RefusedError(404, NOT_FOUND)
        limit = MAX_PACKAGE_BYTES if route.call.body == "octets" else MAX_JSON_BYTES
        asked = Asked(
            world=world,
            customer=customer,
            names=route.names,
            query=target.query,
            pairs=target.pairs,
            origin=f"http://{request.host}",
            body=await read_body(request, limit=limit),
            content_type=request.headers.get("Content-Type", ""),
        )
        strike = world.strike(route.call.id, customer)
        return finish(strike, await _live(strike, route.call, asked), request)

    def _too_many(self, wait_s: float) -> web.Response:
        headers = {"Retry-After": str(math.ceil(wait_s))} if self.settings.retry_after else None
        return TOO_MANY.response(headers=headers)


async def _live(strike: Strike, call: Call, asked: Asked) -> Answer | None:
    """Wait, act, wait. Whoever asked may be gone by then: a request once read takes effect all the same."""
    await _pause(strike.before_s)
    answer = _act(call, asked) if strike.acts else None
    await _pause(strike.after_s)
    return answer


def _act(call: Call, asked: Asked) -> Answer:
    handler = HANDLERS.get(call.id)
    if handler is None:
        return Answer.of({"message": f"The sandbox does not know {call.id} yet"}, 501)
    try:
        data = handler(asked)
        if isinstance(data, Redirection):
            return Answer(302, b"", location=data.location)
        return Answer.of(_wrap(call, data))
    except RefusedError as refusal:
        return Answer.of(refusal.body, refusal.status)


def _wrap(call: Call, data: Any) -> Any:
    """The envelope is the catalogue's: most lists and some objects come in `{"result": ...}`."""
    rows, total = (data.rows, data.total) if isinstance(data, Counted) else (data, None)
    wrap = _ENVELOPES.get(call.envelope)
    return rows if wrap is None else wrap(rows, total)


_ENVELOPES: Final[Mapping[str, Callable[[Any, int | None], dict[str, Any]]]] = {
    "list": lambda rows, _: {"result": rows},
    "result": lambda row, _: {"result": row},
    "data": lambda row, _: {"data": row},
    "data_list": lambda rows, total: {"data": rows, "total": len(rows) if total is None else total},
    "items": lambda rows, _: {"items": rows},
    "result_items": lambda rows, total: {"result": ({} if total is None else {"count": total}) | {"items": rows}},
    "assets": lambda rows, _: {"result": {"assets": rows}},
}


def _customer(world: World, route: Route | None) -> Customer | None:
    segment = route.names.get("managed_user_id") if route else None
    return world.customers.find(segment) if segment is not None else None


async def _pause(seconds: float) -> None:
    if seconds >= _SHORTEST_PAUSE_S:
        await asyncio.sleep(seconds)
