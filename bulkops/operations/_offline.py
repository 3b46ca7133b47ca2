"""The figures of an operation before any look: its `apply`, rehearsed without an account."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import attrs

from bulkops.client import Account
from bulkops.errors import BulkopsError
from bulkops.operations._plan_effects import FORESEEN
from bulkops.operations.foreseen import Foreseen
from bulkops.secret import Secret
from bulkops.session import ApiSession, RequestContext
from bulkops.settings import Auth, Settings
from bulkops.steps import AccountMemory, Context, Offline, Rehearsal

if TYPE_CHECKING:
    from bulkops.operations._base import Operation

_ACCOUNT: Final = "E1"


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
