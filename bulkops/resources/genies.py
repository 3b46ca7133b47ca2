"""Genies of one account, or of the partner's own workspace."""

from __future__ import annotations

from typing import Any

from bulkops.models import CreatedGenie, Genie
from bulkops.resources._arguments import place
from bulkops.resources.rows import GENIES, Rows
from bulkops.session import ApiSession, RequestContext


class Genies(Rows[Genie]):
    """The customers' calls that start and stop are inferred from the partner's: no page of the vendor prints them."""

    def __init__(self, session: ApiSession, scope: RequestContext) -> None:
        super().__init__(session, scope, GENIES)

    async def create(self, **members: Any) -> Genie:
        """As of `Rows`. Sends a second request, for the reply to the first has only the id."""
        call = self._call("create")
        made = await self._object(call.id, CreatedGenie, json=place(call, members).json)
        return await self.get(made.id)

    async def start(self, id: str) -> None:  # noqa: A002 - the API's own word
        """Starting a running genie is harmless. Raises: NotFound."""
        await self._done(self._id("agentic.genies.start"), path={"genie_id": id})

    async def stop(self, id: str) -> None:  # noqa: A002
        """Stopping a stopped genie is harmless. Raises: NotFound."""
        await self._done(self._id("agentic.genies.stop"), path={"genie_id": id})
