"""Connections of one account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkops.models import Connection
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class Connections(Resource):
    def list(self, *, folder_id: int | None = None, provider: str | None = None) -> Pages[Connection]:
        """All connections, in one request: the vendor does not page this list."""
        query = {"folder_id": folder_id, "provider": provider}
        return self._pages("managed_users.connections.list", Connection, query)

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
        return await self._object("managed_users.connections.update", Connection, path={"connection_id": id}, json=body)
