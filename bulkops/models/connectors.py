"""Connectors: the applications that recipes can talk to."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id, Instant


@attrs.frozen(kw_only=True)
class ConnectorOperation:
    """A trigger or an action."""

    name: str
    title: str | None = None
    deprecated: bool | None = None
    bulk: bool | None = None
    batch: bool | None = None


@attrs.frozen(kw_only=True)
class Connector:
    """`name` is what connections call their provider. The oldest replies have the images alone, newer ones the rest."""

    name: str
    title: str | None = None
    image_url: str | None = None
    mobile_image_url: str | None = None
    requires_connection: bool | None = None
    mobile_search: bool | None = None
    categories: list[str] = attrs.field(factory=list)
    oauth: bool | None = None
    deprecated: bool | None = None
    secondary: bool | None = None
    triggers: list[ConnectorOperation] = attrs.field(factory=list, repr=False)
    actions: list[ConnectorOperation] = attrs.field(factory=list, repr=False)

    @property
    def id(self) -> str:
        """The vendor tells connectors apart by name."""
        return self.name


@attrs.frozen(kw_only=True)
class ConnectorVersion:
    """A release of a custom connector."""

    version: int
    version_note: str | None = None
    created_at: Instant | None = None
    released_at: Instant | None = None


@attrs.frozen(kw_only=True)
class CustomConnector:
    """A connector that the partner has written. `oem_shared_version`: what the customers have; None: nothing."""

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
    released_versions: list[ConnectorVersion] = attrs.field(factory=list)
    static_webhook_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class ConnectorCode:
    """The source of a custom connector."""

    code: str = attrs.field(repr=False)
