"""Every call of the catalogue once, on things that exist: what to send, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import attrs

import bulkops
from bulkops.catalogue import ANY_MEMBER, CALLS, Call
from tests.sandbox.kit import FIRST, ON_ITS_WAY, Reply, Vendor, shop_package, until

CRM_API = (Path(bulkops.__file__).parent / "_demo" / "crm-api.zip").read_bytes()

LAST = ("connections", "folders", "projects", "managed_users")
"""Nouns whose deletion takes others along, in that order."""

_BESIDE = {
    "members.create": ("role_name",),
    "member_invitations.create": ("role_name",),
    "developer_api_clients.create": ("folder_ids",),
    "developer_api_clients.update": ("folder_ids",),
    "api_access_profiles.create": ("api_client_id",),
    "connections.create": ("name", "provider"),
    "tags_assignments.update": ("add_tags", "recipe_ids"),
    "test_cases.run": ("recipe_id",),
}
"""What a call of either scope cannot do without, though no page says that it is required."""

_FIXED: Mapping[str, Any] = {
    "notification_email": "ops@new.example",
    "email": "new@example.com",
    "role_name": "Admin",
    "provider": "salesforce",
    "adapter_name": "salesforce",
    "pick_list_name": "sobject_fields",
    "applications": "salesforce",
    "prefix": "crm.",
    "properties": {"crm.object": "Account"},
    "lookup_table[schema]": [{"name": "code", "label": "code", "type": "string"}],
    "by[code]": "DE",
    "data": {"code": "DE"},
    "schema": [{"type": "string", "name": "email", "optional": False}],
    "comment": "Initial",
    "active": True,
    "auth_type": "token",
    "env_roles": [{"environment_type": "dev", "name": "Admin"}],
    "all_folders": False,
    "body": shop_package(),
    "full_name": "Ana Ruiz",
    "code": "{ title: 'New' }",
    "sample": '{"a": 1}',
    "version": 2,
    "auth": {"type": "api_key"},
    "configuration": {"strength": "HIGH"},
    "policy_type": "prompt_attack",
    "mcp_server_policy": {"rate_limits": {"limit": 60, "interval": "minute"}},
    "environment_type": "test",
    "cn": "abcdef0123456789",
}

_NOUNS = {
    "recipe_ids": "recipes",
    "recipe_id": "recipes",
    "connection_id": "connections",
    "folder_id": "folders",
    "folder_ids": "folders",
    "project_id": "projects",
    "member_id": "members",
    "lookup_table_id": "lookup_tables",
    "row_id": "lookup_tables.rows",
    "ids": "lookup_tables.rows",
    "version_id": "recipes.versions",
    "api_endpoint_id": "api_endpoints",
    "api_access_profile_id": "api_access_profiles",
    "api_key_id": "api_keys",
    "api_collection_ids": "api_collections",
    "api_privilege_group_id": "developer_api_client_roles",
    "handle": "tags",
    "add_tags": "tags",
    "member_ids": "members",
    "reviewer_ids": "members",
    "group_id": "user_groups",
    "project_role_id": "project_roles",
    "on_prem_group_id": "on_prem_groups",
    "agent_id": "on_prem_agents",
    "data_table_id": "data_tables",
    "genie_id": "agentic.genies",
    "skill_id": "agentic.skills",
    "skill_ids": "agentic.skills",
    "knowledge_base_id": "agentic.knowledge_bases",
    "knowledge_base_ids": "agentic.knowledge_bases",
    "parent_id": "connections",
    "topic_id": "event_streams.topics",
    "app_link_id": "iam.app_links",
    "cert_bundle_id": "cert_bundles",
}
"""Where an id of that name is found: a list of the same scope."""

_PARTNERS = {
    "customer_manager_id": "customer_managers",
    "team_collaborator_id": "members",
    "connector_id": "custom_connectors",
    "custom_oauth_profile_id": "custom_oauth_profiles",
    "user_id": "iam.users",
    "user_ids": "iam.users",
    "user_group_id": "iam.user_groups",
    "user_group_ids": "iam.user_groups",
    "idp_user_group_ids": "iam.user_groups",
    "client_id": "agentic.genie_clients",
    "genie_client_id": "agentic.genie_clients",
}
"""The same in the partner's workspace, whatever the scope."""

_MADE = {
    "manifest_id": "export_manifests.create",
    "run_request_id": "test_cases.run",
}
"""What no list shows: one is made each time."""

INHERITED = 310
"""A role of the partner that customers have too."""

_HOLDERS = ("lookup_table_id", "recipe_id", "api_client_id")

_OF_PROFILES: Mapping[str, Any] = {
    "provider": "hubspot",  # which no connection is of
    "data": {"client_id": "example-client", "client_secret": "example-secret"},
}

_NEW = ("name", "title", "oauth_id", "external_id", "client_name")
"""Members that need a value of their own."""


def key_of(row: Mapping[str, Any]) -> Any:
    """What calls name it by."""
    return next(row[name] for name in ("handle", "id", "client_id") if name in row)


def in_order() -> list[Call]:
    """All calls: what makes things first, then what reads and changes them, then what ends them."""
    return sorted(CALLS.values(), key=_rank)


def _rank(call: Call) -> tuple[int, int]:
    noun = call.id.rpartition(".")[0].removeprefix("managed_users.")
    if call.method == "DELETE" or call.id.endswith("batch_delete"):
        return 2, LAST.index(noun) + 1 if noun in LAST else -("keys" in noun or "rows" in noun)
    return (0, 0) if call.id.endswith((".create", ".upsert", ".import")) else (1, 0)


def _is_last(call: Call, name: str) -> bool:
    """Whether it names what the call is about, and not what holds that."""
    if call.id in ("customer_managers.delete", "managed_users.member.delete", "custom_connectors.suppress_oem_version"):
        return False  # one person is one manager; the old route does not say whom it has added; a new one is not shared
    return name == [each.name for each in call.parameters if each.place == "path" or each.required][-1]


@attrs.define
class Walker:
    """Asks the sandbox as an ordinary client would, and knows what to ask. `account`: whose customer calls are."""

    vendor: Vendor
    account: str = str(FIRST)
    _numbers: count[int] = attrs.field(factory=lambda: count(1))
    _first: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    """First rows by what was asked, until something is deleted."""

    async def furnish(self) -> None:
        """The same package for the customer and for the partner; connections authorized, recipes started and polled."""
        for scope in ("managed_users.", ""):
            folder_id = (await self.made(f"{scope}folders.create"))["id"]
            how = "managed_users.imports.create" if scope else "packages.import"
            (sent,) = self.rows(await self.ask(how, folder_id=folder_id, body=CRM_API))
            await self._over(f"{scope}imports.get" if scope else "packages.get", package_id=sent["id"])
            for row in self.rows(await self.ask(f"{scope}connections.list")):
                await self.ask(f"{scope}connections.update", connection_id=row["id"], input={"user": "u"})
            for row in self.rows(await self.ask(f"{scope}recipes.list")):
                await self.ask(f"{scope}recipes.start", recipe_id=row["id"])
                await self.ask(f"{scope}recipes.poll_now", recipe_id=row["id"])
            await self.ask(f"{scope}roles.copy", role_id=INHERITED, name="Copied")

    async def parameters(self, call: Call) -> dict[str, Any]:
        """What the call needs, of the types that the catalogue says, ids of things that are there."""
        given: dict[str, Any] = {}
        for each in call.parameters:
            if (
                each.place == "path"
                or each.required
                or each.name in _BESIDE.get(call.id.removeprefix("managed_users."), ())
            ):
                name = "name" if each.name == ANY_MEMBER else each.name.replace("<column>", "code")
                value = await self._value(call, name, given)
                value = [value] if each.type in ("str[]", "int[]") else value
                given[name] = str(value) if each.type == "str" else value
        return given

    async def _value(self, call: Call, name: str, given: Mapping[str, Any]) -> Any:
        scope = "managed_users." if call.names_account else ""
        plain = self._plain(call, name)
        if plain is not None:
            return plain
        create = f"{call.id.rpartition('.')[0]}.create"
        if call.method == "DELETE" and create in CALLS and _is_last(call, name):
            return key_of(await self.made(create))
        special = getattr(self, f"_{name}", None)
        found = await special(call, scope, given) if special is not None else None
        if found is not None:
            return found
        if name in _MADE:
            return (await self.made(f"{scope}{_MADE[name]}"))["id"]
        noun = f"{scope}{_NOUNS[name]}" if name in _NOUNS else _PARTNERS[name]
        inside = {
            key: given[key] for key in _HOLDERS if key in given and (noun.count(".") > bool(scope) or "keys" in noun)
        }
        return key_of(await self.first(f"{noun}.list", **inside))

    def _plain(self, call: Call, name: str) -> Any:
        """A value that names nothing, None for what has to be looked up."""
        if name in _NEW or name.endswith("[name]"):
            return f"New {next(self._numbers)}"
        if name == "email" and call.id.startswith("iam."):
            return f"new{next(self._numbers)}@example.com"
        if "oauth" in call.id and name in _OF_PROFILES:
            return _OF_PROFILES[name]
        return _FIXED.get(name)

    async def _handle(self, call: Call, scope: str, _: object) -> Any:
        return key_of(await self.first("mcp_servers.list")) if call.id.startswith("mcp_servers.") else None

    async def _group_id(self, call: Call, scope: str, _: object) -> Any:
        """One that may be changed."""
        noun = "on_prem_groups" if "on_prem" in call.id else "user_groups"
        return (await self.made(f"{scope}{noun}.create"))["id"]

    async def _ids(self, call: Call, scope: str, _: object) -> Any:
        return (await self.made("iam.app_links.create"))["id"] if "app_links" in call.id else None

    async def _tools(self, *_: object) -> list[dict[str, Any]]:
        recipe = await self.first("recipes.list")
        return [{"trigger_application": "clock", "id": recipe["id"]}]

    async def _tool_id(self, _: Call, __: str, given: Mapping[str, Any]) -> Any:
        await self.ask("mcp_servers.assign_tools", handle=given["handle"], tools=await self._tools())
        return self.rows(await self.ask("mcp_servers.tools.list", handle=given["handle"]))[0]["id"]

    async def _conversation_id(self, call: Call, _: str, given: Mapping[str, Any]) -> Any:
        listed = call.id.replace(".events", ".list")
        return self.rows(await self.ask(listed, genie_id=given["genie_id"]))[0]["id"]

    async def _project_grants(self, _: Call, scope: str, __: object) -> list[dict[str, Any]]:
        role, group = await self.first(f"{scope}project_roles.list"), await self.made(f"{scope}user_groups.create")
        grantee = {"grantee_type": "user_group", "grantee_id": group["id"]}
        return [{**grantee, "environment_type": "dev", "project_role_id": role["id"]}]

    async def _project_grant_id(self, _: Call, scope: str, __: object) -> Any:
        return (await self.made(f"{scope}projects.project_grants.upsert"))["id"]

    async def _project_build_id(self, _: Call, scope: str, __: object) -> Any:
        """Of one that is ready."""
        made = await self.made(f"{scope}projects.build")
        await self._over(f"{scope}project_builds.get", project_build_id=made["id"])
        return made["id"]

    async def _deployment_id(self, _: Call, scope: str, __: object) -> Any:
        """A customer has TEST and PROD first; once more is refused, and does no harm."""
        if scope:
            await self.ask("managed_users.environments.create")
        return (await self.made(f"{scope}projects.deploy"))["id"]

    async def _connector_id(self, call: Call, _: str, __: object) -> Any:
        """Of one whose latest version is not released, where that is what is to be done."""
        made = call.id.endswith(".release")
        return (await self.made("custom_connectors.create"))["id"] if made else None

    async def _recipe(self, _: Call, scope: str, __: object) -> dict[str, Any]:
        code = '{"number": 0, "provider": "clock", "block": [{"number": 1, "name":"wait_for_resume"}]}'
        folder_id = (await self.first(f"{scope}folders.list"))["id"]
        config = '[{"keyword": "application", "provider": "salesforce", "account_id": null}]'
        return {"name": f"New {next(self._numbers)}", "code": code, "config": config, "folder_id": folder_id}

    async def _recipe_id(self, call: Call, scope: str, _: object) -> Any:
        """A running one, where the call is about its jobs; one that stands still, where it is to be changed."""
        if call.id.endswith(".health.get"):
            found = await self.first("recipes.list")
            await self.ask("recipes.health.start", recipe_id=found["id"])
            return found["id"]
        if any(word in call.id for word in ("jobs", "poll_now", "force_run")):
            return (await self.first(f"{scope}recipes.list", running="true"))["id"]
        changes = call.id.endswith(("recipes.update", "recipes.connect", "recipes.delete"))
        return (await self.made(f"{scope}recipes.create"))["id"] if changes else None

    async def _export_manifest(self, _: Call, scope: str, given: Mapping[str, Any]) -> dict[str, Any]:
        folder_id = (await self.first(f"{scope}recipes.list", running="true"))["folder_id"]
        return {"auto_generate_assets": True, "folder_id": folder_id}

    async def _job_id(self, call: Call, _: str, given: Mapping[str, Any]) -> str:
        jobs = f"{call.id.rpartition('.')[0]}.list"
        return str((await self.first(jobs, recipe_id=given["recipe_id"]))["id"])

    _job_handle = _job_ids = _job_id

    async def _token(self, *_: object) -> str:
        """Of a job that waits."""
        made = await self.made("recipes.create")
        await self.ask("recipes.start", recipe_id=made["id"])
        await self.ask("recipes.poll_now", recipe_id=made["id"])
        return str((await self.first("recipes.jobs.list", recipe_id=made["id"]))["id"])

    async def _role_id(self, call: Call, scope: str, _: object) -> Any:
        for noun in ("environment_roles", "project_roles"):
            if noun in call.id:
                return (await self.made(f"{scope}{noun}.create"))["id"]
        noun = "developer_api_client_roles" if "developer" in call.id else "roles"
        return (await self.first(f"{scope}{noun}.list"))["id"]

    async def _api_client_id(self, call: Call, scope: str, _: object) -> Any:
        nouns = ("developer_api_clients",) if "developer" in call.id else ("api_clients_v2", "api_clients")
        noun = nouns[0] if "v2" in call.path else nouns[-1]
        return (await self.first(f"{scope}{noun}.list"))["id"]

    async def _package_id(self, call: Call, scope: str, _: object) -> Any:
        """Of a package whose time has come."""
        if call.id == "managed_users.imports.get":
            return (await self.made("managed_users.imports.create"))["id"]
        made = await self.made("managed_users.exports.create" if scope else "packages.export")
        await self._over("managed_users.exports.get" if scope else "packages.get", package_id=made["id"])
        return made["id"]

    async def _connection_id(self, call: Call, scope: str, _: object) -> Any:
        if call.id.endswith(".disconnect"):
            return (await self.made(f"{scope}connections.create"))["id"]  # which nothing uses
        return None

    async def _project_id(self, call: Call, scope: str, _: object) -> Any:
        ends = call.id.endswith("projects.delete")
        return (await self.made(f"{scope}folders.create"))["project_id"] if ends else None

    async def _over(self, call_id: str, **names: Any) -> None:
        await until(lambda: self.ask(call_id, **names), lambda reply: not self._is_on_its_way(reply))

    def _is_on_its_way(self, reply: Reply) -> bool:
        (row,) = self.rows(reply)
        return row.get("status", row.get("state")) in ON_ITS_WAY

    async def made(self, call_id: str) -> dict[str, Any]:
        """What a call answers that makes something, called for this."""
        (row,) = self.rows(await self.ask(call_id, **await self.parameters(CALLS[call_id])))
        return row

    async def first(self, call_id: str, **given: Any) -> dict[str, Any]:
        """The first row of a list; one is made where there is none."""
        request = f"{call_id} {given}"
        if request not in self._first:
            self._first[request] = await self._look(call_id, given)
        return self._first[request]

    async def _look(self, call_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        given = {**await self.parameters(CALLS[call_id]), **given}
        rows = [row for row in self.rows(await self.ask(call_id, **given)) if not row.get("is_legacy")]
        if not rows:
            create = CALLS[call_id.removesuffix("list") + "create"]
            await self.ask(create.id, **{**await self.parameters(create), **given})
            rows = self.rows(await self.ask(call_id, **given))
        return rows[0]

    async def ask(self, call_id: str, **given: Any) -> Reply:
        """One request, put together here and not by the library under test."""
        call = CALLS[call_id]
        self.forget(call)
        places = {each.name.replace("<column>", "code"): each.place for each in call.parameters}
        path, query, members = call.path.replace("{managed_user_id}", self.account), {}, dict[str, Any]()
        options: dict[str, Any] = {"allow_redirects": call.envelope != "bytes"}
        for name, value in given.items():
            outer, _, inner = name.partition("[")
            if places.get(name) == "path":
                path = path.replace(f"{{{name}}}", str(value))
            elif places.get(name) == "query":
                query[name] = value
            elif isinstance(value, bytes):
                options |= {"data": value, "headers": {"Content-Type": "application/octet-stream"}}
            elif inner:
                members[outer] = members.get(outer, {}) | {inner.rstrip("]"): value}
            else:
                members[name] = members.get(name, {}) | value if isinstance(value, dict) else value
        if members:
            options["json"] = members
        return await self.vendor(call.method, path, params=query, **options)

    def forget(self, call: Call) -> None:
        """What it knew, when the call ends something."""
        if call.method == "DELETE" or call.id.endswith("batch_delete"):
            self._first.clear()

    @staticmethod
    def rows(reply: Reply) -> list[dict[str, Any]]:
        """What is in the envelope, whichever it is."""
        assert reply.status < 300, (reply.status, reply.text)
        data = reply.data
        for wrapper in ("result", "data", "items", "tags"):
            if isinstance(data, dict) and wrapper in data and not {"id", "handle"} & data.keys():
                data = data[wrapper]
        return data if isinstance(data, list) else [data]
