"""Connectors: the vendor's, and the partner's own. Asked in the partner's workspace: they are the same for accounts."""

from __future__ import annotations

from collections.abc import Iterable

from bulkops.models import Connector, ConnectorCode, CustomConnector
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class Connectors(Resource):
    def list(self, names: Iterable[str]) -> Pages[Connector]:
        """Metadata of the connectors of these names, in one request; those that the vendor does not know are left
        out."""
        return self._pages("integrations.list", Connector, {"applications": ",".join(names)})

    def all(self) -> Pages[Connector]:
        """Every connector with its triggers and actions. One request a hundred."""
        return self._pages("integrations.all", Connector, {})


class CustomConnectors(Resource):
    def list(self) -> Pages[CustomConnector]:
        """All in one request: the vendor does not page this list."""
        return self._pages("custom_connectors.list", CustomConnector, {})

    async def code(self, id: int) -> str:  # noqa: A002 - the API's own word
        """The source of a custom connector. Raises: NotFound."""
        found = await self._object("custom_connectors.code", ConnectorCode, path={"connector_id": id})
        return found.code
