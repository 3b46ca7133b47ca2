"""Connectors: the applications that recipes can talk to."""

from __future__ import annotations

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class ConnectorOperation(Model, frozen=True, kw_only=True):
    """A trigger or an action."""

    name: str
    title: str | None = None
    deprecated: bool | None = None
    bulk: bool | None = None
    batch: bool | None = None


class Connector(Model, frozen=True, kw_only=True):
    """`name` is what connections call their provider. The oldest replies have the images alone, newer ones the rest."""

    hidden = ("triggers", "actions")
    name: str
    title: str | None = None
    image_url: str | None = None
    mobile_image_url: str | None = None
    requires_connection: bool | None = None
    mobile_search: bool | None = None
    categories: list[str] = msgspec.field(default_factory=list)
    oauth: bool | None = None
    deprecated: bool | None = None
    secondary: bool | None = None
    triggers: list[ConnectorOperation] = msgspec.field(default_factory=list)
    actions: list[ConnectorOperation] = msgspec.field(default_factory=list)

    @property
    def id(self) -> str:
        """The vendor tells connectors apart by name."""
        return self.name


class ConnectorVersion(Model, frozen=True, kw_only=True):
    """A release of a custom connector."""

    version: int
    version_note: str | None = None
    created_at: Instant | None = None
    released_at: Instant | None = None


class CustomConnector(Model, frozen=True, kw_only=True):
    """A connector that the partner has written. `oem_shared_version`: what the customers have; None: nothing."""

    hidden = ("static_webhook_url",)
    id: Id
    name: str
    title: str | None = None
    latest_version: int | None = None
    latest_version_note: str | None = None
    latest_shared_version: int | None = None
    oem_shared_version: int | None = None
    oem_shared_at: Instant | None = None
    latest_released_version: int | None = None
    latest_released_version_note: str | None = None
    released_versions: list[ConnectorVersion] = msgspec.field(default_factory=list)
    static_webhook_url: str | None = None


class ConnectorCode(Model, frozen=True, kw_only=True):
    """The source of a custom connector."""

    hidden = ("code",)
    code: str
