"""The web application: each request is counted, authenticated, routed, handled and answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable
from typing import Final

import attrs
from aiohttp import web

from bulkops.catalogue import CALLS, Call
from bulkops.errors import ConfigError
from bulkops.sandbox.access import admit, check_patterns
from bulkops.sandbox.body import checked
from bulkops.sandbox.control import CONTROLS
from bulkops.sandbox.credentials import Credentials
from bulkops.sandbox.customers import Customer
from bulkops.sandbox.envelopes import STATUS, form_of, paged, reshaped, spell, wrap
from bulkops.sandbox.faults import Faults, Strike
from bulkops.sandbox.file_store import file_origin, serve_file
from bulkops.sandbox.gateway import serve_endpoint
from bulkops.sandbox.handlers import ANSWERS
from bulkops.sandbox.package_zip import MAX_PACKAGE_BYTES
from bulkops.sandbox.quotas import Quotas, email_in
from bulkops.sandbox.request import NOT_FOUND, ApiRequest, Redirection, RefusedError, there
from bulkops.sandbox.responses import Answer, Standing, correlate, count_down, finish, refused as refused_by, too_many
from bulkops.sandbox.routing import Route, Routes, Target
from bulkops.sandbox.server import host_of, read_body
from bulkops.sandbox.settings import SandboxSettings, check_token
from bulkops.sandbox.state import State

MAX_JSON_BYTES: Final = 1024 * 1024
MAX_RESUME_BYTES: Final = 51 * 1024 * 1024
"""What a job is resumed with may have 50 MB (vendor facts, section 16)."""

_SHORTEST_PAUSE_S: Final = 0.001
"""The event loop's timers are whole milliseconds: a shorter pause would only become a longer one."""

_ROUTES: Final = Routes(CALLS.values())
"""Built once: it is the same for every sandbox."""

_UNAUTHORIZED: Final = Answer.of({"message": "Unauthorized"}, 401)


class Service:
    """The vendor's API over the world of one partner. Made inside a running loop.

    `others`: the partners whose tokens the same host takes as well, each with a world of its own.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.credentials = Credentials(settings.token)
        self.state = State(settings)
        self.others: list[Service] = []

    def set_token(self, token: str) -> None:
        """The API takes this token from now on. Raises: ConfigError when it could not stand in a header."""
        check_token(token)
        self.credentials.set_token(token)
        self.state.renew_token()

    def set_faults(self, faults: Faults) -> None:
        self.state.set_faults(faults)

    def deny(self, patterns: tuple[str, ...]) -> None:
        """From now on the token has no right to these calls, and to all others. Raises: ConfigError."""
        check_patterns(patterns)
        self.state.denied = patterns

    def add_workspace(self, workspace: int, token: str) -> None:
        """Serve a second partner: same customers, quotas and seed, other workspace and token. Raises: ConfigError."""
        taken = {self.settings.workspace, *(other.settings.workspace for other in self.others)}
        if workspace in taken or token == self.credentials.token:
            raise ConfigError(f"sandbox: workspace {workspace} or its token is taken", remedy="choose another")
        self.others.append(Service(attrs.evolve(self.settings, workspace=workspace, token=token)))

    def reset(self) -> None:
        """Start afresh, without other partners.

        Requests still in flight act on the world they began in, which nobody sees any more.
        """
        self.close()
        self.credentials.reset()
        self.state = State(self.settings)

    def close(self) -> None:
        for other in self.others:
            other.close()
        self.others.clear()
        self.state.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request ends here; whatever it holds, the reply is JSON unless a fault says otherwise."""
        try:
            target = Target.parse(request.raw_path)
            if target.segments[:1] == ("_sandbox",):
                return await self._whose(request, target)._control(request, target)
            if target.segments[:1] == ("_files",):
                return self._file(request, target)
            if target.segments[:1] == ("_gateway",):
                return Answer.of(serve_endpoint(self.state, request, target)).response()
            response = await self._whose(request, target)._api(request, target)
        except RefusedError as refusal:
            response = Answer.of(refusal.body, refusal.status).response()
        except ConnectionError:  # the sender went away in mid-body: nobody reads this
            return Answer.of({"message": "Bad request: the body ended early"}, 400).response()
        correlate(response, request, self.settings)
        return response

    def _whose(self, request: web.BaseRequest, target: Target) -> Service:
        """The partner whose token came along; this one for a token that no partner has."""
        opened = (each for each in self.others if each.credentials.open_control(request.headers, target.query))
        return next(opened, self)

    def _file(self, request: web.BaseRequest, target: Target) -> web.Response:
        """The file store is one for all partners. Raises: RefusedError."""
        for other in self.others:
            with contextlib.suppress(RefusedError):
                return serve_file(other.state, request, target)
        return serve_file(self.state, request, target)

    async def _control(self, request: web.BaseRequest, target: Target) -> web.Response:
        if not self.credentials.open_control(request.headers, target.query):
            return _UNAUTHORIZED.response()
        control = there(CONTROLS.get((request.method, "/".join(target.segments[1:]))))
        body = await read_body(request, limit=MAX_JSON_BYTES)
        try:
            return Answer.of(control(self, body)).response()
        except ConfigError as error:
            raise RefusedError(400, str(error)) from error

    async def _api(self, request: web.BaseRequest, target: Target) -> web.Response:
        """The quota comes first and counts everything, then the token, then the rest."""
        state = self.state
        route = _ROUTES.find(request.method, target.segments)
        refused = state.token_is_refused()
        if route is None:
            state.quotas.count_unknown()
            if refused or not self.credentials.open_api(request.headers, target.query):
                return _UNAUTHORIZED.response()
            raise RefusedError(404, NOT_FOUND)
        quota, customer, standing = route.call.quota, _customer(state, route), None
        body = await _body_for(state.quotas, quota, request)
        key: Hashable = customer.id if customer else None
        if body is not None:
            key = key, email_in(body) if isinstance(body, bytes) else None
        wait_s = state.quotas.arrive(quota, key, state.clock.now())
        if self.settings.assumptions.rate_limit_headers != "none":
            standing = state.quotas.standing(quota, key, state.clock.now())
        if wait_s > 0:
            return self._counted(too_many(self.settings, wait_s), standing)
        if refused or not self.credentials.open_api(request.headers, target.query):
            return self._counted(_UNAUTHORIZED.response(), standing)
        try:
            if isinstance(body, RefusedError):
                raise body
            response = await self._answer(request, target, route, customer, body)
        except RefusedError as refusal:
            response = refused_by(refusal, route.call, self.settings.assumptions).response()
        return self._counted(response, standing)

    def _counted(self, response: web.Response, standing: Standing | None) -> web.Response:
        if standing is not None:
            count_down(response, standing, self.settings.assumptions.rate_limit_headers)
        return response

    async def _answer(
        self, request: web.BaseRequest, target: Target, route: Route, customer: Customer | None, body: bytes | None
    ) -> web.Response:
        """`body`: when it has been read already. Raises: RefusedError."""
        call, state, settings, host = route.call, self.state, self.settings, host_of(request)
        admit(call, route.names, customer, denied=state.denied, assumptions=settings.assumptions)
        asked = ApiRequest(
            state=state,
            customer=customer,
            names=route.names,
            query=target.query,
            pairs=target.pairs,
            origin=f"http://{host}",
            file_origin=file_origin(host),
            body=await read_body(request, limit=_most_bytes(call)) if body is None else body,
            content_type=request.headers.get("Content-Type", ""),
            most_rows=settings.assumptions.page_sizes.get(call.id),
        )
        strike = state.strike(call.id, customer)
        answer = await _live(strike, call, asked)
        return finish(strike, answer, request, settings)


async def _body_for(quotas: Quotas, quota: str, request: web.BaseRequest) -> bytes | RefusedError | None:
    """The body, or why it cannot be had, where the quota must know who is in it: what is refused counts too."""
    if not quotas.counts_emails(quota):
        return None
    try:
        return await read_body(request, limit=MAX_JSON_BYTES)
    except RefusedError as refusal:
        return refusal


def _most_bytes(call: Call) -> int:
    if call.body == "octets":
        return MAX_PACKAGE_BYTES
    return MAX_RESUME_BYTES if call.id == "jobs.resume" else MAX_JSON_BYTES


async def _live(strike: Strike, call: Call, request: ApiRequest) -> Answer | None:
    """Wait, act, wait. The client may have left by then: a request that was read takes effect all the same."""
    await _pause(strike.before_s)
    answer = _act(call, request) if strike.acts else None
    await _pause(strike.after_s)
    return answer


def _act(call: Call, request: ApiRequest) -> Answer:
    if (kept := request.state.settings.recorded.get(call.id)) is not None:
        return Answer.of(kept.body, kept.status)
    try:
        if call.body == "json":
            request.given = checked(call, request.members())
        data = ANSWERS[call.id].handler(request)
        data = paged(call, request, data) if isinstance(data, list) else data
    except RefusedError as refusal:
        return refused_by(refusal, call, request.assumptions)
    if isinstance(data, Redirection):
        return Answer(302, b"", location=data.location)
    status = STATUS.get(call.id, 200)
    if status == 204:
        return Answer(status, b"")
    form = form_of(call, request.assumptions)
    data = reshaped({"success": True} if data is None else data, request.assumptions.members.get(call.id))
    return Answer.of(spell(form, wrap(form, data), request.assumptions), status)


def _customer(state: State, route: Route | None) -> Customer | None:
    segment = route.names.get("managed_user_id") if route else None
    return state.customers.find(segment) if segment is not None else None


async def _pause(seconds: float) -> None:
    if seconds >= _SHORTEST_PAUSE_S:
        await asyncio.sleep(seconds)
