"""The reads of `doctor --learn`: what a tenant's replies look like. Keeps no value of a customer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import attrs

from bulkops.client import Workato, session_of
from bulkops.errors import ApiError, TransportError, Unauthorized
from bulkops.events import AttemptEnded, Event
from bulkops.learn.questions import (
    CUSTOMERS,
    FOLDERS,
    FULL_PAGE,
    ME,
    MOST_REQUESTS,
    PROJECTS,
    PROPERTIES,
    Question,
    about_customer,
    first_questions,
    is_cut_short,
    lists,
    next_page,
    recipe,
)
from bulkops.learn.shapes import ReplyShape, parsed, rows_in, shape_of_list, shape_of_object
from bulkops.session import RequestContext, account_segment

REQUESTS_PER_S: Final = 4.0
"""Rate at which a survey sends."""

_RECIPES: Final = "managed_users.recipes.list"


@attrs.frozen(kw_only=True)
class Look:
    """The reply to one read. `status` 0: there was none. `shape`: of a 2xx reply that is JSON.

    `refusal`: the form of another reply's body: "message", "error", "errors", "html", "empty" or "other".
    `headers`: names, in lower case; `correlation_id`: "echoed" if it was the request's, "own" or "none".
    `took_s`: seconds from sending to the end of the reply. `leaves_out`: of the list of projects, whether Home has a
    folder that it does not show; None: not known.
    """

    question: Question
    status: int
    shape: ReplyShape | None = None
    refusal: str | None = None
    headers: frozenset[str] = frozenset()
    correlation_id: str = "none"
    took_s: float = 0.0
    leaves_out: bool | None = None


@attrs.define(kw_only=True)
class Survey:
    """One survey of one tenant: iterate over `looks`.

    `account`: whose lists are read; None: those of the first customer. `keep`: gets each question, its status and the
    decoded body, before the body is forgotten.
    """

    workato: Workato
    account: str | None = None
    keep: Callable[[Question, int, Any], None] | None = None
    sent: int = attrs.field(default=0, init=False)
    _newest: AttemptEnded | None = attrs.field(default=None, init=False)
    _external_id: str | None = attrs.field(default=None, init=False)
    _recipe_id: int | None = attrs.field(default=None, init=False)
    _under_home: frozenset[Any] = attrs.field(default=frozenset(), init=False)

    async def looks(self) -> AsyncIterator[Look]:
        """One look after the other, at most `MOST_REQUESTS` requests in all.

        Raises: Unauthorized when the token is refused; TransportError when the host cannot be reached; InputError for
            an account that is not an id.
        """
        if self.account is not None:
            self.account = account_segment(self.account)
        unsubscribe = session_of(self.workato).subscribe(self._note)
        try:
            short: list[Question] = []
            async for question in self._questions(short):
                if self.sent >= MOST_REQUESTS:
                    return
                look = await self._look(question)
                if look.shape is not None and is_cut_short(question, look.shape.rows):
                    short.append(next_page(question))
                yield look
        finally:
            unsubscribe()

    async def _questions(self, short: list[Question]) -> AsyncIterator[Question]:
        """Each is asked before the next is made: later ones need what earlier ones found."""
        for question in first_questions():
            yield question
        if self.account is not None:
            for question in about_customer(self.account, self._external_id):
                yield question
        for question in lists(self.account):
            yield question
        if self.account is not None and self._recipe_id is not None:
            yield recipe(self.account, self._recipe_id)
        for question in short:
            yield question

    async def _look(self, question: Question) -> Look:
        bodies: list[tuple[int, Mapping[str, str], bytes]] = []
        scope = RequestContext(read_only=True, tolerates_401=True, witness=lambda *reply: bodies.append(reply))
        try:
            await session_of(self.workato).send(question.call, scope=scope, path=question.path, query=question.query)
        except ApiError as error:  # a reply that the client refuses is seen all the same
            refused = isinstance(error, Unauthorized) and question.name == CUSTOMERS
            if refused or (isinstance(error, TransportError) and question.name == ME):
                raise
        if not bodies:
            return Look(question=question, status=0)
        status, headers, body = bodies[-1]
        tree = parsed(body)
        if self.keep is not None:
            self.keep(question, status, tree)
        self._remember(question, tree)
        return Look(
            question=question,
            status=status,
            shape=_shape(question, tree) if 200 <= status < 300 else None,
            refusal=None if 200 <= status < 300 else _refusal(tree, body),
            headers=frozenset(name.lower() for name in headers),
            correlation_id=self._correlation(headers.get("X-Correlation-Id")),
            took_s=self._newest.latency_s if self._newest is not None else 0.0,
            leaves_out=self._leaves_out(tree) if question.name == PROJECTS and 200 <= status < 300 else None,
        )

    def _note(self, event: Event) -> None:
        if isinstance(event, AttemptEnded):
            self.sent += 1
            self._newest = event

    def _correlation(self, sent_back: str | None) -> str:
        if sent_back is None:
            return "none"
        return "echoed" if self._newest is not None and sent_back == self._newest.request_id else "own"

    def _leaves_out(self, projects: Any) -> bool | None:
        """Whether Home has a folder that is not among these projects. Of a list that may go on nothing is known."""
        _, rows = rows_in(projects)
        shown = {str(row.get("folder_id")) for row in rows if isinstance(row, dict)}
        missing = self._under_home - shown
        return None if not self._under_home or (missing and len(rows) >= FULL_PAGE) else bool(missing)

    def _remember(self, question: Question, tree: Any) -> None:
        """Ids that later questions need. They stay in this object and are never shown."""
        _, rows = rows_in(tree)
        objects = [row for row in rows if isinstance(row, dict)]
        if question.name == CUSTOMERS and objects:
            mine = [row for row in objects if self.account in {str(row.get("id")), f"E{row.get('external_id')}"}]
            named = [row for row in objects if row.get("external_id")]
            chosen = (mine or named or objects)[0]
            self.account = self.account or str(chosen.get("id"))
            self._external_id = chosen.get("external_id") or None
        elif question.name == FOLDERS:
            self._under_home = frozenset(str(row.get("id")) for row in objects)  # some replies have ids as text
        elif question.name == _RECIPES and objects and str(objects[0].get("id")).isdigit():
            self._recipe_id = int(objects[0]["id"])


def _shape(question: Question, tree: Any) -> ReplyShape | None:
    if tree is None:
        return None
    is_list = question.is_list or (question.name == PROPERTIES and rows_in(tree)[0] != "unknown")
    return shape_of_list(tree) if is_list else shape_of_object(tree)


def _refusal(tree: Any, body: bytes) -> str:
    """The form of a refusal's body, in the words of the sandbox's assumption `error_body`."""
    if not body.strip():
        return "empty"
    if isinstance(tree, dict):
        if isinstance(tree.get("errors"), list):
            return "errors"
        return next((name for name in ("message", "error") if name in tree), "other")
    return "html" if body.lstrip()[:1] == b"<" else "other"
