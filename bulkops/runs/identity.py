"""The workspace of a token: one request, sent once per client."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import anyio
import attrs

from bulkops.catalogue import CALLS
from bulkops.client import Workato, session_of
from bulkops.errors import DecodeError, PlanError, RateLimited, ServerError, StatusError, Unauthorized
from bulkops.journal import Journal, RunRecord
from bulkops.models import PartnerWorkspace
from bulkops.operations import Operation
from bulkops.operations.undo import UndoRun
from bulkops.session import ApiSession, RequestContext, decode_object

ME: Final = "users.me"


@attrs.define(eq=False)
class _Answer:
    """The answer for one session. `is_known`: the request was sent; `id` None: the API client may not read it."""

    lock: anyio.Lock = attrs.field(factory=anyio.Lock)
    is_known: bool = False
    id: str | None = None


_answers: Final[WeakKeyDictionary[ApiSession, _Answer]] = WeakKeyDictionary()


async def workspace_of(workato: Workato) -> str | None:
    """Id of the token's workspace; None if the API client may not read it.

    Sends one request for each session, whatever the number of runs and siblings on it. A 401 to it does not mean that
    the token is refused, because a role may lack this call. The next request goes alone too, and decides.
    Raises: the ApiError tree if the vendor cannot be reached or returns a server error.
    """
    answer = _answers.setdefault(session_of(workato), _Answer())
    async with answer.lock:
        if not answer.is_known:
            answer.id = await _ask(session_of(workato))
            answer.is_known = True
    return answer.id


def asking_cost(workato: Workato) -> dict[str, float]:
    """Requests, by call id, that `workspace_of` still sends for this client."""
    answer = _answers.get(session_of(workato))
    return {} if answer is not None and answer.is_known else {ME: 1.0}


async def _ask(session: ApiSession) -> str | None:
    scope = RequestContext(read_only=True, tolerates_401=True)
    try:
        return str(decode_object(await session.send(CALLS[ME], scope=scope), PartnerWorkspace).id)
    except (ServerError, RateLimited):
        raise
    except Unauthorized:
        if session.auth_failure is not None:  # refused before: nothing was sent
            raise
        return None
    except (StatusError, DecodeError):
        return None


async def workspace_for(operation: Operation, workato: Workato, journal: Journal) -> str | None:
    """`workspace_of`, for an operation that may only be done where an earlier run was: an undo.

    Raises: PlanError when the earlier run belongs to another host or workspace; JournalError; as `workspace_of`.
    """
    if isinstance(operation, UndoRun):
        return await require_workspace(workato, await journal.get_run(operation.run_id))
    return await workspace_of(workato)


async def require_workspace(workato: Workato, record: RunRecord) -> str | None:
    """The token's workspace, which must be the run's. Returns the run's if the token may not read its own.

    Raises: PlanError for another host (nothing is sent) or workspace; as `workspace_of`.
    """
    what = f"run {record.run_id}"
    check_host(what, record.host, workato.settings.url)
    found = await workspace_of(workato)
    check_workspace(what, record.workspace, found)
    return found or record.workspace


def check_host(what: str, begun_on: str, url: str) -> None:
    """Raises: PlanError when `what` belongs to another host."""
    if begun_on != url:
        raise PlanError(f"{what} belongs to {begun_on}, not to {url}", remedy=f"set WORKATO_HOST to {begun_on}")


def check_workspace(what: str, begun_in: str | None, found: str | None) -> None:
    """Raises: PlanError when both workspaces are known and differ."""
    if begun_in is not None and found is not None and begun_in != found:
        raise PlanError(
            f"{what} belongs to workspace {begun_in}, but this token belongs to workspace {found}",
            remedy=f"set WORKATO_API_TOKEN to a token of workspace {begun_in}",
        )
