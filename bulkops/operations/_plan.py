"""The plan of an operation on one account: its `apply`, rehearsed; and the same without an account."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import attrs

from bulkops.client import Account
from bulkops.errors import BulkopsError, WouldChange
from bulkops.operations._plan_effects import FORESEEN
from bulkops.operations.foreseen import Foreseen, added
from bulkops.secret import Secret
from bulkops.session import ApiSession, RequestContext
from bulkops.settings import Auth, Settings
from bulkops.steps import AccountMemory, Context, Offline, Rehearsal, log_of

if TYPE_CHECKING:
    from bulkops.operations._base import Operation

_ACCOUNT: Final = "E1"


@attrs.frozen
class Plan:
    """Changes that `apply` would make to one account.

    `changes`: one phrase each, the same words for the same change, so that accounts can be grouped by them. Empty: the
    account is already so, and applying sends something all the same, such as a read.
    `requests`: how many of each call (by catalogue id) applying would send beside the looks that the plan itself sent.
    """

    changes: tuple[str, ...]
    requests: Mapping[str, float] = attrs.field(factory=dict)


async def plan_by_rehearsal(operation: Operation, ctx: Context) -> Plan | None:
    """`Operation.plan` of an operation that has none of its own."""
    rehearsal = rehearsal_of(ctx)
    rehearsal.begins_effects = operation.only_requests
    after: tuple[str, ...] = ()
    try:
        await operation.apply(ctx)
        rehearsal.require_awaited()
    except WouldChange as would:
        after = (f"{would.what} (and what follows)",)
    if operation.only_requests:
        await ctx.confirm(partial(operation.verify, ctx))
    changes = (*rehearsal.take_changes(), *after)
    requests = rehearsal.take_requests()
    if not operation.only_requests and changes:
        requests = added(requests, operation.cost(Foreseen()))
    return Plan(changes, requests) if changes or requests else None


def rehearsal_of(ctx: Context) -> Rehearsal:
    """The step log of a plan. Raises: TypeError for the context of a run."""
    rehearsal = log_of(ctx)
    if not isinstance(rehearsal, Rehearsal):
        raise TypeError("a plan takes a context for planning")
    return rehearsal


def rehearse_offline(operation: Operation, foreseen: Foreseen, state: Offline) -> dict[str, float]:
    """Requests of each call, by catalogue id, on an account in that state. Sends nothing and awaits nothing."""
    session, scope = _unopened(), RequestContext(account=_ACCOUNT, read_only=True)
    nowhere: Any = None
    foreseen.cache[FORESEEN] = foreseen
    rehearsal = Rehearsal(
        offline=state,
        journal=nowhere,
        run_id="",
        seq=0,
        scope=scope,
        tuning=session.settings.tuning,
        steps={},
    )
    rehearsal.begins_effects = True
    ctx = Context(
        account=Account(session, scope),
        params=_AnyRow(),
        log=rehearsal,
        memory=_Memory(journal=nowhere, tenant="", account=_ACCOUNT, shared={}, cache=foreseen.cache, state=state),
    )
    with suppress(BulkopsError):  # as far as it can be foreseen
        _finish(operation.apply(ctx))
    _finish(ctx.confirm(lambda: operation.verify(ctx)))
    return rehearsal.take_requests()


@attrs.frozen(kw_only=True)
class _Memory(AccountMemory):
    """Of an account that is done, earlier runs remember something of everything; of a fresh one nothing."""

    state: Offline

    async def recall(self, kind: str, key: str) -> Any:
        return {"": None} if self.state is Offline.DONE else None


class _AnyRow(dict[str, str]):
    """A row of an account file with something in every column: the column's name."""

    def get(self, key: str, default: object = None) -> Any:
        return key

    def __missing__(self, key: str) -> str:
        return key


@cache
def _unopened() -> ApiSession:
    """A session that is never entered: every call of a rehearsal is answered before it would be sent."""
    return ApiSession(Settings(url="us", auth=Auth(token=Secret("none"))))


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run what has nothing to wait for. Raises: RuntimeError when it waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("an operation whose steps only send requests waited for something else")
