"""Custom connectors of the partner's own workspace: shared with all customers, once."""

from __future__ import annotations

from contextlib import suppress

from bulkops.client import Workato
from bulkops.errors import InputError, NotFound, TaskFailed
from bulkops.models import CustomConnector
from bulkops.operations._lookup import nearest_else


async def find_connector(workato: Workato, wanted: str) -> CustomConnector:
    """The custom connector of that id, name or title. Sends one request. Raises: InputError unless there is one."""
    rows = [row async for row in workato.custom_connectors.list()]
    found = [row for row in rows if wanted in {str(row.id), row.name, row.title}]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(row.id) for row in found)
        raise InputError(f"{len(found)} custom connectors are named {wanted!r} ({ids})", remedy="give the id of one")
    names = [name for row in rows for name in (row.name, row.title) if name]
    raise InputError(
        f"the workspace of the token has no custom connector {wanted!r}",
        remedy=nearest_else(wanted, names, otherwise="`bulkops call custom_connectors.list` shows them"),
    )


def released_version(connector: CustomConnector) -> int:
    """The newest released version. Raises: InputError when no version is released."""
    if connector.latest_released_version is None:
        raise InputError(
            f"no version of connector {connector.name} is released",
            remedy=f"`bulkops call custom_connectors.release -p connector_id={connector.id}` releases the latest",
        )
    return connector.latest_released_version


async def share_connector(workato: Workato, connector: CustomConnector, *, version: int | None) -> None:
    """Share that version with all customers, in place of the one that they have; None: share none any more.

    A connector that is shared so is left alone. Sends one request to change it and one to check; a lost response is
    sent again, which is harmless. Raises: TaskFailed when the API then shows another version; the ApiError tree.
    """
    if version == connector.oem_shared_version:
        return
    if version is not None:
        await workato.custom_connectors.oem_share(connector.id, version)
    else:
        with suppress(NotFound):  # an earlier request, whose response was lost, has done it
            await workato.custom_connectors.suppress_oem_version(connector.id)
    now = (await workato.custom_connectors.get(connector.id)).oem_shared_version
    if now != version:
        raise TaskFailed(
            f"the API accepted the change, but shows version {now} of connector {connector.name} as shared",
            failure_class="connector-not-shared",
            remedy="run it again",
        )
