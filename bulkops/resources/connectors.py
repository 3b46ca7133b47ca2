"""Connectors: the vendor's, and the partner's own. Asked in the partner's workspace: they are the same for accounts."""

from __future__ import annotations

from collections.abc import Iterable

from bulkops.models import Connector, ConnectorCode, CustomConnector
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource, given


class Connectors(Resource):
    def list(self, names: Iterable[str]) -> Pages[Connector]:
        """Metadata of the connectors of these names, in one request; those that the vendor does not know are left
        out."""
        return self._pages("integrations.list", Connector, {"applications": ",".join(names)})

    def all(self) -> Pages[Connector]:
        """Every connector with its triggers and actions. One request a hundred."""
        return self._pages("integrations.all", Connector, {})


class CustomConnectors(Resource):
    def list(self, *, title: str | None = None, oem_shared: bool | None = None) -> Pages[CustomConnector]:
        """All in one request, since the vendor does not page this list; `title`: with this part of a title;
        `oem_shared`: shared with the customers or not."""
        return self._pages("custom_connectors.list", CustomConnector, {"title": title, "oem_shared": oem_shared})

    async def get(self, id: int) -> CustomConnector:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._object("custom_connectors.get", CustomConnector, path={"connector_id": id})

    async def create(
        self, title: str, *, code: str, description: str | None = None, note: str | None = None
    ) -> CustomConnector:
        """A connector with one version, which is not released.

        Raises: OutcomeUnknown when the reply is lost: `list` before creating it again, for titles are not unique.
        """
        body = given(title=title, code=code, description=description, note=note)
        return await self._object("custom_connectors.create", CustomConnector, json=body)

    async def update(
        self,
        id: int,  # noqa: A002
        *,
        code: str,
        title: str | None = None,
        description: str | None = None,
        note: str | None = None,
    ) -> CustomConnector:
        """Add a version, also for the same code; it is not released. Raises: NotFound; OutcomeUnknown when the reply
        is lost: compare the `code` before updating again."""
        body = given(code=code, title=title, description=description, note=note)
        return await self._object("custom_connectors.update", CustomConnector, path={"connector_id": id}, json=body)

    async def release(self, id: int) -> CustomConnector:  # noqa: A002
        """Release the latest version. Raises: NotFound; BadRequest when it is released."""
        return await self._object("custom_connectors.release", CustomConnector, path={"connector_id": id})

    async def share(self, id: int) -> CustomConnector:  # noqa: A002
        """Share the latest version inside the partner's company; for customers see `oem_share`. Raises: NotFound."""
        return await self._object("custom_connectors.share", CustomConnector, path={"connector_id": id})

    async def oem_share(self, id: int, version: int) -> None:  # noqa: A002
        """Share a released version with all customers, in place of the version that they have.

        Raises: NotFound; BadRequest for a version that is not released.
        """
        await self._done("custom_connectors.oem_share", path={"connector_id": id, "version": version})

    async def suppress_oem_version(self, id: int) -> None:  # noqa: A002
        """Stop sharing it with the customers. Raises: NotFound also for one that is not shared."""
        await self._done("custom_connectors.suppress_oem_version", path={"connector_id": id})

    async def code(self, id: int) -> str:  # noqa: A002 - the API's own word
        """The source of a custom connector. Raises: NotFound."""
        found = await self._object("custom_connectors.code", ConnectorCode, path={"connector_id": id})
        return found.code
