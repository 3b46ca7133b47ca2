"""Which shape each call answers with; what wraps it is the business of `bulkops.sandbox.envelopes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BY_SHAPE: Final = """
Customer           managed_users.create managed_users.list managed_users.get managed_users.update
Environments       managed_users.environments.create
Plan               managed_users.upgrade managed_users.downgrade managed_users.member.create
Usage              managed_users.usage
Statistic          managed_users.statistics_usage managed_users.statistics_connection_usage
User               users.me

Member             managed_users.members.list managed_users.members.get managed_users.members.update members.list
                   members.get
NewMember          managed_users.members.create
MemberId           managed_users.members.delete managed_users.member.delete
MemberPrivileges   managed_users.members.privileges members.privileges
ProjectGrant       managed_users.members.project_grants
ProjectPrivileges  managed_users.members.projects_privileges
Role               managed_users.roles.list
OwnRole            roles.list
RoleCopy           managed_users.roles.copy
EnvironmentRole    managed_users.environment_roles.list managed_users.environment_roles.get
                   managed_users.environment_roles.create managed_users.environment_roles.update
Manager            customer_managers.list customer_managers.create customer_managers.update
Activity           managed_users.activity_logs.list activity_logs.list

Connection         managed_users.connections.list managed_users.connections.create managed_users.connections.update
OwnConnection      connections.list connections.create connections.update
InputField         managed_users.connections.input_schema
any[]              managed_users.connections.pick_list connections.pick_list
Integration        integrations.list
Platform           integrations.all
Connector          custom_connectors.list
ConnectorCode      custom_connectors.code

Folder             managed_users.folders.list managed_users.folders.update folders.list folders.create folders.update
Folder|FolderId    managed_users.folders.create
Project            managed_users.projects.list managed_users.projects.update projects.list

RecipeHead         recipes.search
Recipe             managed_users.recipes.list managed_users.recipes.get recipes.list recipes.get
Created            managed_users.recipes.create recipes.create roles.copy
RecipeCopy         managed_users.recipes.copy recipes.copy
Verdict            managed_users.recipes.start managed_users.recipes.stop recipes.start recipes.stop
RecipeVersion      managed_users.recipes.versions.list managed_users.recipes.versions.get
                   managed_users.recipes.versions.update recipes.versions.list
Job                managed_users.jobs.get recipes.jobs.get
Jobs               managed_users.jobs.list recipes.jobs.list
TestCase           managed_users.test_cases.list
OwnTestCase        test_cases.list
TestRun            managed_users.test_cases.run test_cases.run
TestRunStatus      test_cases.run_status

Asset              managed_users.export_manifests.folder_assets export_manifests.folder_assets
Manifest           managed_users.export_manifests.create managed_users.export_manifests.update export_manifests.create
                   export_manifests.update
FullManifest       managed_users.export_manifests.get export_manifests.get
Export             managed_users.exports.create managed_users.exports.get packages.export
Import             managed_users.imports.create managed_users.imports.get packages.import
Package            packages.get

Collection         managed_users.api_collections.list api_collections.list
NewCollection      managed_users.api_collections.create api_collections.create
Endpoint           managed_users.api_endpoints.list api_endpoints.list
ApiClient          managed_users.api_clients.list managed_users.api_clients.create api_clients.list api_clients.create
ApiClientV2        managed_users.api_clients_v2.list managed_users.api_clients_v2.create
                   managed_users.api_clients_v2.get managed_users.api_clients_v2.update
                   api_clients_v2.list api_clients_v2.create api_clients_v2.get api_clients_v2.update
Profile            managed_users.api_access_profiles.list managed_users.api_access_profiles.create
                   managed_users.api_access_profiles.create_nested managed_users.api_access_profiles.update
                   managed_users.api_access_profiles.refresh_secret api_access_profiles.list
                   api_access_profiles.create api_access_profiles.update api_access_profiles.update_without_id
                   api_access_profiles.refresh_secret
ApiKey             managed_users.api_keys.list managed_users.api_keys.create managed_users.api_keys.update
                   managed_users.api_keys.enable managed_users.api_keys.disable managed_users.api_keys.refresh_secret
                   api_keys.list api_keys.create api_keys.update api_keys.enable api_keys.disable
                   api_keys.refresh_secret
Portal             managed_users.api_portals.list

object             managed_users.properties.list properties.list
Table              managed_users.lookup_tables.list managed_users.lookup_tables.create lookup_tables.list
                   lookup_tables.create
TableRow           managed_users.lookup_tables.lookup managed_users.lookup_tables.rows.list
                   managed_users.lookup_tables.rows.get managed_users.lookup_tables.rows.create
                   managed_users.lookup_tables.rows.update lookup_tables.lookup lookup_tables.rows.list
                   lookup_tables.rows.get lookup_tables.rows.create lookup_tables.rows.update
DataTable          data_tables.list data_tables.create
Tag                managed_users.tags.list managed_users.tags.create managed_users.tags.update
Developer          managed_users.developer_api_clients.list managed_users.developer_api_clients.get
                   managed_users.developer_api_clients.update developer_api_clients.list developer_api_clients.get
                   developer_api_clients.update
NewDeveloper       managed_users.developer_api_clients.create developer_api_clients.create
Regenerated        managed_users.developer_api_clients.regenerate developer_api_clients.regenerate
Named              managed_users.developer_api_client_roles.list managed_users.developer_api_client_roles.copy
                   developer_api_client_roles.list developer_api_client_roles.copy
str                customer_managers.delete
"""


def _by_call() -> dict[str, str]:
    shapes: dict[str, str] = {}
    for line in _BY_SHAPE.strip().replace("\n ", " ").splitlines():
        shape, *calls = line.split() or [""]
        shapes |= dict.fromkeys(calls, shape)
    return shapes


SHAPE_OF: Final[Mapping[str, str]] = _by_call()
"""Call id -> a type of `_reading`. A call that is not here says that it was done: `Success`."""
