"""Clients of other workspaces than the run's, each within its own quotas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bulkops.client import Workato, session_of
from bulkops.events import Observer
from bulkops.journal import AnyLocation
from bulkops.operations import Operation
from bulkops.runs.credential import hold_credential
from bulkops.runs.identity import workspace_of
from bulkops.secret import Secret
from bulkops.settings import Auth, Settings

_LABEL = "of bulkops copy (its source)"


@asynccontextmanager
async def connected(
    operation: Operation, workato: Workato, *, journal: AnyLocation, observe: Observer
) -> AsyncIterator[Operation]:
    """The operation with the clients that it needs beside `workato`, until the block ends.

    They have the tuning of `workato`, and share their quotas with other runs. Raises: ConfigError for a host or token
    that cannot be; RunLocked when another run has the credential alone; ApiError.
    """
    async with AsyncExitStack() as stack:

        async def open_client(host: str, token: Secret) -> Workato:
            settings = Settings(url=host, auth=Auth(token=token), tuning=workato.settings.tuning)
            if settings == workato.settings:
                return workato
            client = await stack.enter_async_context(Workato.from_settings(settings, observe=observe))
            await stack.enter_async_context(
                hold_credential(
                    session_of(client),
                    _LABEL,
                    workspace=await workspace_of(client),
                    if_running="share",
                    journal=journal,
                )
            )
            return client

        yield await operation.connect(open_client)
