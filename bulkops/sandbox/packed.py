"""What a package holds: its assets as their files say them, shared by every customer that gets them."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class Reference:
    """How one asset of a package points at another: by file, and by name for what is not in the package."""

    zip_name: str
    name: str


@attrs.frozen(kw_only=True)
class PackedConfig:
    """One entry of a recipe's `config`. `members`: its plain ones; `reference` None: needs no connection;
    `step`: number of the first step that uses the provider."""

    members: dict[str, Any]
    provider: str
    reference: Reference | None
    skip_validation: bool
    step: int


@attrs.frozen(kw_only=True)
class PackedRecipe:
    """`directory`: "" for the folder imported into; `code`: the JSON text that the API shows; `facts`: plain members
    of its file that the API does not show."""

    zip_name: str
    name: str
    directory: str
    description: str
    code: str = attrs.field(repr=False)
    trigger_application: str | None
    action_applications: list[str]
    config: tuple[PackedConfig, ...]
    facts: dict[str, Any]

    @property
    def applications(self) -> list[str]:
        trigger = [self.trigger_application] if self.trigger_application else []
        return list(dict.fromkeys([*trigger, *self.action_applications]))


@attrs.frozen(kw_only=True)
class PackedConnection:
    """`root_folder`: it belongs outside the exported folder, with the home assets."""

    zip_name: str
    directory: str
    name: str
    provider: str
    root_folder: bool


@attrs.frozen(kw_only=True)
class PackedCollection:
    """An `*.api_group.json`."""

    zip_name: str
    directory: str
    name: str
    handle: str
    version: str
    facts: dict[str, Any]


@attrs.frozen(kw_only=True)
class PackedEndpoint:
    """An `*.api_endpoint.json`: it finds its recipe and its collection by their files."""

    name: str
    method: str
    path: str
    legacy: bool
    facts: dict[str, Any]
    recipe: Reference
    collection: Reference


@attrs.frozen(kw_only=True)
class ParsedPackage:
    """A package by the sha256 of its bytes. `error`: why it cannot be imported; then the rest is empty."""

    sha256: str
    directories: tuple[str, ...] = ()
    recipes: tuple[PackedRecipe, ...] = ()
    connections: tuple[PackedConnection, ...] = ()
    collections: tuple[PackedCollection, ...] = ()
    endpoints: tuple[PackedEndpoint, ...] = ()
    error: str | None = None

    @property
    def goes_home(self) -> bool:
        """Whether a part of it belongs outside the folder that it is imported into."""
        return any(connection.root_folder for connection in self.connections)
