"""`Resource`: base class of the API's nouns, bound to a session and a request context."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from bulkops.catalogue import CALLS
from bulkops.resources._pages import Pages, Row
from bulkops.resources._plain import whole
from bulkops.session import ApiSession, Reply, RequestContext, decode_list, decode_object

_NOTHING: Final[Mapping[str, str | int]] = MappingProxyType({})

T = TypeVar("T")
R = TypeVar("R", bound=Row)


def given(**members: Any) -> dict[str, Any]:
    """The members of a body without those that are None."""
    return {name: value for name, value in members.items() if value is not None}


class Resource:
    """One noun of the API, inside the account that `scope` names (or at the partner's own)."""

    def __init__(self, session: ApiSession, scope: RequestContext) -> None:
        self._session = session
        self._scope = scope
        self._account_path = {} if scope.account is None else {"managed_user_id": scope.account}

    def _id(self, name: str) -> str:
        """The catalogue's id of a call that there is twice: for a customer's workspace, and for the partner's own."""
        return name if self._scope.account is None else f"managed_users.{name}"

    def _send(
        self, call_id: str, *, path: Mapping[str, str | int] = _NOTHING, **request: Any
    ) -> Coroutine[Any, Any, Reply]:
        path = {**self._account_path, **path}
        return self._session.send(CALLS[call_id], scope=self._scope, path=path, **request)

    async def _object(self, call_id: str, type_: type[T], **request: Any) -> T:
        return decode_object(await self._send(call_id, **request), type_)

    async def _list(self, call_id: str, type_: type[T], **request: Any) -> list[T]:
        """All rows of one answer, of a list without pages."""
        return decode_list(await self._send(call_id, **request), type_)

    async def _done(self, call_id: str, **request: Any) -> None:
        """For a call whose response only confirms success. Raises: StatusError for `success: false`."""
        whole(await self._send(call_id, **request))

    def _pages(
        self,
        call_id: str,
        type_: type[R],
        query: Mapping[str, str | int | bool | None],
        *,
        path: Mapping[str, str | int] = _NOTHING,
        note: Callable[[R], object] | None = None,
    ) -> Pages[R]:
        path = {**self._account_path, **path}
        return Pages(self._session, CALLS[call_id], type_, scope=self._scope, path=path, query=query, note=note)
