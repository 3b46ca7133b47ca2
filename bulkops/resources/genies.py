"""Genies of one account, or of the partner's own workspace."""

from __future__ import annotations

from bulkops.models import Genie
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class Genies(Resource):
    """The customers' calls that start and stop are inferred from the partner's: no page of the vendor prints them."""

    def list(self) -> Pages[Genie]:
        """All genies. One request a hundred."""
        return self._pages(self._id("agentic.genies.list"), Genie, {})

    async def get(self, id: str) -> Genie:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._object(self._id("agentic.genies.get"), Genie, path={"genie_id": id})

    async def start(self, id: str) -> None:  # noqa: A002
        """Starting a running genie is harmless. Raises: NotFound."""
        await self._done(self._id("agentic.genies.start"), path={"genie_id": id})

    async def stop(self, id: str) -> None:  # noqa: A002
        """Stopping a stopped genie is harmless. Raises: NotFound."""
        await self._done(self._id("agentic.genies.stop"), path={"genie_id": id})
