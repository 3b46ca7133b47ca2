"""rollout: the vendor's guide to the API platform, all five steps of it, as one job for each account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from bulkops.errors import InputError
from bulkops.operations._base import Chain, Operation
from bulkops.operations.authorize_connections import AuthorizeConnections
from bulkops.operations.create_customer import NAME, NOTIFICATION_EMAIL, PLAN, CreateCustomer
from bulkops.operations.enable_api_platform import CLIENT, KEY, SECRETS, VERSION, EnableApiPlatform
from bulkops.operations.fields import absolute_or_none, own_parameters
from bulkops.operations.import_package import (
    HOME_ASSETS,
    MANIFEST,
    PACKAGE,
    RESTART,
    TARGET,
    ImportPackage,
    load_package,
)
from bulkops.operations.jsonl_output import Keep, check_keeper, place_of
from bulkops.operations.package import Package
from bulkops.operations.switch_endpoints import EnableEndpoints
from bulkops.operations.switch_recipes import StartRecipes
from bulkops.parameters import parameter, parameters_of


@attrs.frozen
class Rollout(Chain):
    """Roll API endpoints out to each account.

    Creates the customer if a column external_id names a missing one, imports the package, authorizes the connections,
    creates an API client with a key, starts the recipes (called ones first), and enables the endpoints. Finished parts
    are left alone.

    A chain of create-customer, import-package, authorize-connections, enable-api-platform, start-recipes and
    enable-endpoints, with their parameters, steps and ways to see that it is so already. A customer that is called by
    the vendor's number must be there. Undone, endpoints are disabled, recipes stopped, the client deleted (of v1 its
    profile disabled), connections disconnected, and the folder that the run made deleted; customers that it created
    stay.
    """

    name = "rollout"
    examples = (
        "rollout crm-api.zip --folder API --connections connections.toml --secrets-to keys.jsonl --accounts new.csv",
        "rollout --manifest 13 --folder API --secrets-to keys.jsonl --accounts all",
    )
    package: Package | None = attrs.field(default=None, converter=load_package, metadata=PACKAGE)
    manifest: int | None = attrs.field(kw_only=True, default=None, metadata=MANIFEST)
    folder: str = attrs.field(kw_only=True, metadata=TARGET)
    connections: str | None = attrs.field(
        kw_only=True,
        default=None,
        converter=absolute_or_none,
        metadata=parameter(
            "Credentials by connection name, as for authorize-connections.",
            metavar="FILE.toml",
            unset="they are authorized already",
            file=True,
        ),
    )
    secrets_to: str | Keep = attrs.field(kw_only=True, converter=place_of, metadata=SECRETS)
    api_platform: str = attrs.field(kw_only=True, default="v2", metadata=VERSION)
    client: str = attrs.field(kw_only=True, default="Default client", metadata=CLIENT)
    key: str = attrs.field(kw_only=True, default="Default", metadata=KEY)
    customer_name: str = attrs.field(kw_only=True, default="{name}", metadata=NAME)
    notification_email: str = attrs.field(kw_only=True, default="{notification_email}", metadata=NOTIFICATION_EMAIL)
    plan_id: str | None = attrs.field(kw_only=True, default=None, metadata=PLAN)
    restart_recipes: bool = attrs.field(kw_only=True, default=False, metadata=RESTART)
    home_assets_folder: str | None = attrs.field(kw_only=True, default=None, metadata=HOME_ASSETS)
    operations: tuple[Operation, ...] = attrs.field(init=False, repr=False, eq=False)

    @operations.default
    def _chain(self) -> tuple[Operation, ...]:
        customer = CreateCustomer(
            customer_name=self.customer_name,
            notification_email=self.notification_email,
            plan_id=self.plan_id,
            numbers_exist=True,
        )
        imported = ImportPackage(
            self.package,
            manifest=self.manifest,
            folder=self.folder,
            restart_recipes=self.restart_recipes,
            home_assets_folder=self.home_assets_folder,
        )
        authorized = () if self.connections is None else (AuthorizeConnections(self.connections),)
        platform = EnableApiPlatform(
            folder=self.folder,
            secrets_to=self.secrets_to,
            api_platform=self.api_platform,
            client=self.client,
            key=self.key,
        )
        running = (StartRecipes(folder=self.folder), EnableEndpoints(folder=self.folder))
        return (customer, imported, *authorized, platform, *running)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.package is not None and not self.package.endpoints:
            raise InputError(
                f"{Path(self.package.path).name} contains no API endpoint (*.api_endpoint.json)",
                remedy="use a package with endpoints; for one without, `bulkops run` a job of import-package, "
                "authorize-connections and start-recipes",
            )

    @property
    def title(self) -> str:
        what = f"manifest {self.manifest}" if self.package is None else Path(self.package.path).name
        return f"roll {what} out into folder {self.folder!r}: {', '.join(part.name for part in self.operations)}"

    def parameters(self) -> Mapping[str, Any]:
        own = own_parameters(self, without={"package", "secrets_to"})
        secrets = None if callable(self.secrets_to) else self.secrets_to
        return {**own, "secrets_to": secrets, **super().parameters()}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Rollout:
        check_keeper(parameters["secrets_to"])
        (imported,) = (part for part in parameters["operations"] if part["name"] == ImportPackage.name)
        taken = {one.name: parameters[one.name] for one in parameters_of(cls) if one.name != "package"}
        return cls(**taken, package=ImportPackage.from_parameters(imported["parameters"]).package)

    def _of(self, operations: Sequence[Operation]) -> Rollout:
        (package,) = (part.package for part in operations if isinstance(part, ImportPackage))
        return self if package is self.package else attrs.evolve(self, package=package)
