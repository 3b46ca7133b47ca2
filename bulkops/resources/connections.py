"""Connections of one account, or of the partner's own workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from bulkops.models import Connection, InputField, PickListValue
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource
from bulkops.session import decode_list

Values: TypeAlias = list[PickListValue]
Fields: TypeAlias = list[InputField]


class Connections(Resource):
    """What both the partner's own calls and those of an account can do."""

    def list(
        self, *, folder_id: int | None = None, external_id: str | None = None, parent_id: int | None = None
    ) -> Pages[Connection]:
        """All connections, in one request: the vendor does not page this list."""
        query = {"folder_id": folder_id, "external_id": external_id, "parent_id": parent_id}
        return self._pages(self._id("connections.list"), Connection, query)

    async def create(
        self,
        name: str,
        *,
        provider: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - the API's own word
        **members: Any,
    ) -> Connection:
        """Create a connection: a shell without `input`, else the vendor tests its credentials at once and reports the
        result in `authorization_status`. `members`: `folder_id`, `external_id`, `oauth_token_pair`,
        `shell_connection=True` (keep what is in `input` untested) and others of the call.

        Raises: OutcomeUnknown when the reply is lost: `list` before creating it again. The server refuses no second
        one of the same name.
        """
        body = {"name": name, "provider": provider, **({} if input is None else {"input": dict(input)}), **members}
        return await self._object(self._id("connections.create"), Connection, json=body)

    async def update(
        self,
        id: int,  # noqa: A002 - the API's own word
        *,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - the API's own word
        **members: Any,
    ) -> Connection:
        """Change a connection. `input`: its credentials and parameters, which the vendor tests at once: see
        `authorization_status` of the answer. `members`: `name`, `folder_id`, `external_id` and others of the call.
        """
        body = ({} if input is None else {"input": dict(input)}) | members
        return await self._object(self._id("connections.update"), Connection, path={"connection_id": id}, json=body)

    async def disconnect(self, id: int, *, force: bool = False) -> None:  # noqa: A002
        """Make it a shell again. `force`: although running recipes use it. Raises: BadRequest while some do."""
        query = {"force": True} if force else {}
        await self._done(self._id("connections.disconnect"), path={"connection_id": id}, query=query)

    async def delete(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound if it does not exist; BadRequest while it is authorized or in use."""
        await self._done(self._id("connections.delete"), path={"connection_id": id})

    async def pick_list(self, id: int, name: str, **params: Any) -> Values:  # noqa: A002
        """The values of a pick list, asked of the application behind the connection: this can take long. `params`: what
        a pick list needs that depends on others."""
        body = {"pick_list_name": name} | ({"pick_list_params": params} if params else {})
        reply = await self._send(self._id("connections.pick_list"), path={"connection_id": id}, json=body)
        return [PickListValue(label=pair.label, value=pair.value) for pair in decode_list(reply, _Pair)]


class AccountConnections(Connections):
    def list(
        self,
        *,
        folder_id: int | None = None,
        external_id: str | None = None,
        parent_id: int | None = None,
        provider: str | None = None,
    ) -> Pages[Connection]:
        """All connections, in one request: the vendor does not page this list."""
        query = {"folder_id": folder_id, "provider": provider, "external_id": external_id, "parent_id": parent_id}
        return self._pages("managed_users.connections.list", Connection, query)

    async def input_schema(self, provider: str) -> Fields:
        """The fields of a provider's connection form. Raises: NotFound for a provider that the vendor does not know."""
        reply = await self._send("managed_users.connections.input_schema", path={"adapter_name": provider})
        return decode_list(reply, InputField)


class _Pair(msgspec.Struct, array_like=True):
    """Label and value; the partner's own call puts more behind them."""

    label: str
    value: Any
