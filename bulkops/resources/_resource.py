"""What every resource is bound to: a session, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from bulkops.catalogue import CALLS
from bulkops.resources._pages import Pages, Row
from bulkops.session import ApiSession, Reply, Scope, decode_object

T = TypeVar("T")
R = TypeVar("R", bound=Row)


class Resource:
    """One noun of the API, inside the account that `scope` names (or at the partner's own)."""

    def __init__(self, session: ApiSession, scope: Scope) -> None:
        self._session = session
        self._scope = scope

    async def _send(self, call_id: str, **request: Any) -> Reply:
        path = self._account_path() | dict(request.pop("path", {}))
        return await self._session.send(CALLS[call_id], scope=self._scope, path=path, **request)

    async def _object(self, call_id: str, type_: type[T], **request: Any) -> T:
        return decode_object(await self._send(call_id, **request), type_)

    def _pages(self, call_id: str, type_: type[R], query: Mapping[str, str | int | bool | None]) -> Pages[R]:
        return Pages(self._session, CALLS[call_id], type_, scope=self._scope, path=self._account_path(), query=query)

    def _account_path(self) -> dict[str, str | int]:
        return {} if self._scope.account is None else {"managed_user_id": self._scope.account}
