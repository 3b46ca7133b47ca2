"""The nouns of 2026: what follows from their calls beside create, list, get, update and delete.

Those five are in test_sandbox_lifecycles, for every noun alike.
"""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.handlers.deployments import NOT_PROVISIONED
from tests.sandbox.kit import FIRST, ON_ITS_WAY, Reply, Vendor, shop_package, until

HOME = f"/api/managed_users/{FIRST}"
V2 = f"/api/v2/managed_users/{FIRST}"


def data(reply: Reply) -> Any:
    """Out of its wrapper, whichever it is."""
    assert reply.status == 200, reply.text
    found = reply.data
    for wrapper in ("data", "result", "items"):
        found = found[wrapper] if isinstance(found, dict) and wrapper in found and "id" not in found else found
    return found


async def member(it: Vendor, name: str = "Ana") -> int:
    body = {"name": name, "oauth_id": name, "env_roles": [{"environment_type": "dev", "name": "Operator"}]}
    return int((await it.post(f"{HOME}/members", json=body)).data["id"])


async def test_a_group_has_the_members_that_were_added_and_one_has_all(it: Vendor) -> None:
    ana, ben = await member(it), await member(it, "Ben")
    group = data(await it.post(f"{HOME}/user_groups", json={"name": "Integrators"}))
    members = f"{HOME}/user_groups/{group['id']}/members"
    for _ in range(2):  # once more changes nothing
        assert (await it.post(members, json={"member_ids": [ana]})).status == 200
    assert [row["id"] for row in data(await it.get(members))] == [ana]
    assert (await it.post(members, json={"member_ids": [ben, 1]})).status == 404
    assert data(await it.get(f"{HOME}/user_groups?name=Integrators"))[0]["members_count"] == 1
    (everybody,) = data(await it.get(f"{HOME}/user_groups?name=All collaborators"))
    assert everybody["members_count"] == 2
    assert (await it.delete(f"{HOME}/user_groups/{everybody['id']}")).status == 403
    await it.delete(f"{HOME}/members/{ana}")
    assert data(await it.get(members)) == []
    await it.post(members, json={"member_ids": [ben]})
    await it.delete(members, json={"member_ids": [ben]})
    assert data(await it.get(members)) == []
    assert it.keys("user_group.member_added") == [f"Integrators/{ana}", f"Integrators/{ben}"]
    assert it.keys("user_group.member_removed") == [f"Integrators/{ben}"]


async def test_a_grant_gives_a_role_in_a_project_and_is_seen_from_all_sides(it: Vendor) -> None:
    await it.folder("CRM")
    (project,) = (await it.get(f"{HOME}/projects")).result
    group = data(await it.post(f"{HOME}/user_groups", json={"name": "Integrators"}))
    admin, editor, _ = data(await it.get(f"{HOME}/project_roles"))
    grants = f"{V2}/projects/{project['id']}/project_grants"
    wanted = {"grantee_type": "user_group", "grantee_id": group["id"], "environment_type": "dev"}
    (made,) = data(await it.put(grants, json={"project_grants": [wanted | {"project_role_id": editor["id"]}]}))
    assert (made["role"]["name"], made["grantee"]["name"]) == ("Project editor", "Integrators")
    (again,) = data(await it.put(grants, json={"project_grants": [wanted | {"project_role_id": admin["id"]}]}))
    assert again == {**made, "role": {"id": admin["id"], "name": "Project admin"}}
    for path in (grants, f"{HOME}/user_groups/{group['id']}/project_grants", grants.replace("/v2", "")):
        if "/v2" in path or "user_groups" in path:
            assert data(await it.get(path)) == [again]
    one = f"{V2}/project_grants/{made['id']}"
    assert data(await it.put(one, json={"project_role_id": editor["id"]}))["role"]["id"] == editor["id"]
    assert data(await it.get(f"{HOME}/project_roles?name=Project editor"))[0]["members_count"] == 1
    nobody = wanted | {"grantee_id": "am-x", "project_role_id": editor["id"]}
    assert (await it.put(grants, json={"project_grants": [nobody]})).status == 400
    assert (await it.put(one, json={"project_role_id": 1})).status == 400
    assert (await it.delete(one)).status == 200
    assert (await it.get(one)).status == 404
    assert it.keys("project_grant.updated") == ["CRM/dev/Integrators"] * 2


async def test_roles_of_the_system_stay_as_they_are(it: Vendor) -> None:
    assert (await it.put(f"{HOME}/project_roles/31", json={"name": "X"})).status == 403
    assert (await it.delete(f"{HOME}/project_roles/31")).status == 403
    assert (await it.post(f"{HOME}/project_roles", json={"name": "Project admin"})).status == 400


async def _over(it: Vendor, path: str) -> Any:
    return data(await until(lambda: it.get(path), lambda reply: data(reply)["state"] not in ON_ITS_WAY))


async def test_a_deployment_brings_a_project_into_another_environment(it: Vendor) -> None:
    folder = await it.folder("CRM")
    await it.imported(shop_package(), folder)
    (project,) = (await it.get(f"{HOME}/projects")).result
    deploy = f"{HOME}/projects/f{folder}/deploy?environment_type=test"
    for refused in (await it.post(deploy), await it.get(f"{HOME}/deployments")):
        assert refused.data == {"message": NOT_PROVISIONED}
    environments = (await it.post(f"{HOME}/environments")).data["environments"]
    build = data(await it.post(f"{HOME}/projects/{project['id']}/build", json={"description": "1.0"}))
    assert (build["state"], build["download_url"]) == ("pending", None)
    await _over(it, f"{HOME}/project_builds/{build['id']}")
    where = f"{HOME}/project_builds/{build['id']}/deploy"
    assert (await it.post(where)).status == 400
    assert (await it.post(f"{where}?environment_type=moon")).status == 404
    made = data(await it.post(where, json={"environment_type": "test"}))  # as one client sends it
    assert made["state"] == "pending"
    assert (await _over(it, f"{HOME}/deployments/{made['id']}"))["state"] == "success"
    test = environments["test"]["id"]
    await it.settled("deployment.completed", 1)
    assert [row["name"] for row in await it.recipes(account=test)] == ["Orders"]
    both = data(await it.post(deploy))
    assert (await _over(it, f"{HOME}/deployments/{both['id']}"))["state"] == "success"
    rows = data(await it.get(f"{HOME}/deployments?project_id={project['id']}&state=success"))
    assert [row["id"] for row in rows] == [both["id"], made["id"]]
    assert data(await it.get(f"{HOME}/deployments?environment_type=prod")) == []
    assert data(await it.get(f"{HOME}/deployments?from=2999-01-01T00:00:00Z")) == []
    assert it.keys("deployment.created") == ["CRM/test"] * 2


async def test_a_review_is_kept_with_its_deployment(it: Vendor) -> None:
    (project, *_) = (await it.get("/api/projects")).data
    made = data(await it.post(f"/api/projects/{project['id']}/deploy?environment_type=prod"))
    path = f"/api/deployments/{made['id']}"
    reviewer = data(await it.get(f"{path}/eligible_reviewers"))[0]["id"]
    assert (await it.post(f"{path}/assign_reviewers", json={"reviewer_ids": [1]})).status == 404
    await it.post(f"{path}/assign_reviewers", json={"reviewer_ids": [reviewer]})
    for verb in ("submit_for_review", "approve"):
        await it.post(f"{path}/{verb}", json={"comment": verb})
    seen = data(await it.get(path))
    assert (seen["reviewer_ids"], seen["review_state"], seen["review_comment"]) == (
        [reviewer],
        "approved",
        "approve",
    )


async def test_an_oauth_profile_keeps_its_secret_and_counts_its_customers(it: Vendor) -> None:
    secret = {"client_id": "cid", "client_secret": "hush-hush"}
    body = {"name": "App", "provider": "salesforce", "data": secret}
    made = await it.post("/api/custom_oauth_profiles", json=body)
    profile = data(made)
    assert "hush" not in made.text
    path = f"{HOME}/custom_oauth_profiles/{profile['id']}"
    for _ in range(2):
        assert (await it.post(f"{path}/assign")).result == {"success": True}
    assert it.keys("oauth_profile.assigned") == ["App"]
    assert data(await it.get(f"/api/custom_oauth_profiles/{profile['id']}"))["oem_customers_count"] == 1
    connection = (await it.post(f"{HOME}/connections", json={"provider": "salesforce", "input": {"a": 1}})).data
    assert connection["authorization_status"] == "success"
    assert (await it.delete(f"{path}/unassign")).status == 400
    assert (await it.delete(f"{path}/unassign?force=true")).status == 200
    assert (await it.delete(f"{path}/unassign")).status == 404


async def test_a_connector_is_released_before_it_is_shared(it: Vendor) -> None:
    made = data(await it.post("/api/custom_connectors", json={"title": "Acme", "code": "{ title: 'Acme' }"}))
    path = f"/api/custom_connectors/{made['id']}"
    assert (made["latest_version"], made["latest_released_version"]) == (1, None)
    assert (await it.post(f"{path}/oem_share/1")).status == 400
    assert data(await it.post(f"{path}/release"))["latest_released_version"] == 1
    assert "already" in (await it.post(f"{path}/release")).data["message"]
    assert (await it.post(f"{path}/oem_share/1")).status == 200
    assert (await it.post(f"{path}/oem_share/7")).status == 404
    assert data(await it.get(path))["oem_shared_version"] == 1
    found = data(await it.get("/api/custom_connectors?oem_shared=true&title=Acme"))
    assert [row["id"] for row in found] == [made["id"]]
    newer = {"code": "{ title: 'Acme 2' }", "note": "Second"}
    changed = data(await it.put(path, json=newer))
    assert (changed["latest_version"], changed["latest_version_note"]) == (2, "Second")
    assert (await it.get(f"{path}/code")).data["data"] == {"code": newer["code"]}
    assert data(await it.post(f"{path}/share"))["latest_shared_version"] == 2
    assert (await it.delete(f"{path}/suppress_oem_version")).status == 200
    assert (await it.delete(f"{path}/suppress_oem_version")).status == 404
    assert data(await it.get("/api/custom_connectors/search?title=Acm"))[0]["oem_shared_version"] is None
    fields = (await it.post("/api/sdk/generate_schema/json", json={"sample": '{"n": 1, "t": ""}'})).data
    assert [row["type"] for row in fields] == ["integer", "string"]
    columns = (await it.post("/api/sdk/generate_schema/csv", json={"sample": "a;b", "col_sep": ";"})).data
    assert [row["name"] for row in columns] == ["a", "b"]


async def test_a_recipe_is_shared_once(it: Vendor) -> None:
    await it.imported(shop_package(), await it.folder())
    (row,) = await it.recipes()
    for _ in range(2):
        assert (await it.post(f"{HOME}/recipes/{row['id']}/share")).status == 200
    assert it.keys("recipe.shared") == ["CRM/Orders"]


async def test_a_genie_starts_and_has_what_was_assigned(it: Vendor) -> None:
    folder = await it.folder()
    await it.imported(shop_package(), folder)
    (recipe,) = await it.recipes()
    genies = f"{HOME}/agentic/genies"
    id_ = data(await it.post(genies, json={"name": "HR", "folder_id": folder}))["id"]
    skill = data(await it.post(f"{HOME}/agentic/skills", json={"recipe_id": recipe["id"]}))
    group = data(await it.post("/api/iam/user_groups", json={"name": "Users"}))
    for verb, body in (
        ("start", None),
        ("start", None),
        ("assign_skills", {"skill_ids": [skill["id"]]}),
        ("assign_user_groups", {"user_group_ids": [group["id"]]}),
    ):
        assert (await it.post(f"{genies}/{id_}/{verb}", json=body)).status == 200
    genie = data(await it.get(f"{genies}/{id_}"))
    assert (genie["state"], genie["skills_count"], genie["user_groups"]) == ("running", 1, [{"id": group["id"]}])
    assert [row["id"] for row in data(await it.get(f"{genies}?state=running"))] == [id_]
    assert data(await it.get(f"{genies}?state=stopped")) == []
    assert data(await it.get(f"{HOME}/agentic/skills"))[0]["genies_count"] == 1
    await it.post(f"{genies}/{id_}/stop")
    assert (it.keys("genie.started"), it.keys("genie.stopped")) == (["HR"], ["HR"])
    assert (await it.post(f"{genies}/{id_}/assign_skills", json={"skill_ids": ["skl-x"]})).status == 404


async def test_policies_clients_and_keys_of_the_partners_genies(it: Vendor) -> None:
    (folder, *_) = (await it.get("/api/folders")).data
    made_genie = await it.post("/api/agentic/genies", json={"name": "G", "folder_id": folder["id"]})
    genie = f"/api/agentic/genies/{data(made_genie)['id']}"
    policy = f"{genie}/guardrails/policies/prompt_attack"
    assert (await it.put(policy, json={"configuration": {"strength": "HIGH"}})).status == 200
    kept = {"policy_type": "prompt_attack", "configuration": {"strength": "HIGH"}}
    assert data(await it.get(f"{genie}/guardrails"))["policies"] == [kept]
    assert (await it.put(f"{genie}/guardrails/policies/luck", json={"configuration": {}})).status == 400
    clients = "/api/agentic/genies/clients"
    made = data(await it.post(clients, json={"client_name": "Widget", "auth": {"type": "api_key"}}))
    assert data(await it.get(clients)) == [{"client_id": made["client_id"], "client_name": "Widget"}]
    newer = data(await it.post(f"{clients}/{made['client_id']}/regenerate"))
    assert newer["api_key"] != made["api_key"]
    await it.post(f"{genie}/clients", json={"genie_client_id": made["client_id"]})
    assert (await it.delete(f"{genie}/clients/{made['client_id']}")).status == 200
    assert (await it.delete(f"{genie}/clients/{made['client_id']}")).status == 404


async def test_identity_groups_are_filled_from_both_sides(it: Vendor) -> None:
    user = data(await it.post("/api/iam/users", json={"email": "a@x.example", "full_name": "Ana"}))
    assert (await it.post("/api/iam/users", json={"email": "a@x.example", "full_name": "B"})).status == 422
    group = data(await it.post("/api/iam/user_groups", json={"name": "Users"}))
    path = f"/api/iam/user_groups/{group['id']}"
    await it.post(f"/api/iam/users/{user['id']}/add_to_group", json={"user_group_id": group["id"]})
    assert data(await it.get(f"{path}/members")) == [user]
    assert data(await it.get("/api/mcp/user_groups"))[0]["users_count"] == 1
    await it.delete(f"{path}/remove_users", json={"user_ids": [user["id"]]})
    assert data(await it.get(f"{path}/members")) == []
    assert data(await it.get("/api/iam/users?query=a@x"))[0]["id"] == user["id"]
    assert data(await it.get("/api/iam/users?query=nobody")) == []


async def test_an_mcp_server_has_tools_policies_and_a_token_that_changes(it: Vendor) -> None:
    (folder, *_) = (await it.get("/api/folders")).data
    made = data(await it.post("/api/mcp/mcp_servers", json={"name": "Tools", "folder_id": folder["id"]}))
    path = f"/api/mcp/mcp_servers/{made['id']}"
    recipe = (await it.get("/api/recipes")).data["items"][0]
    tools = [{"trigger_application": "clock", "id": recipe["id"]}]
    assert (await it.post(f"{path}/assign_tools", json={"tools": [{"id": 1}]})).status == 400
    await it.post(f"{path}/assign_tools", json={"tools": tools})
    (tool,) = data(await it.get(f"{path}/tools"))
    assert (tool["name"], data(await it.get(path))["tools_count"]) == (recipe["name"], 1)
    assert data(await it.put(f"{path}/tools/{tool['id']}", json={"description": "Does it"}))["description"]
    assert (await it.get(f"{path}/server_policies")).data["id"] is None
    policy = {"mcp_server_policy": {"rate_limits": {"limit": 5, "interval": "minute"}}}
    assert (await it.put(f"{path}/server_policies", json=policy)).data["rate_limits"]["limit"] == 5
    assert (await it.get(f"{path}/server_policies")).data["mcp_server_id"] == made["id"]
    assert data(await it.post(f"{path}/token_renew"))["mcp_url"] != made["mcp_url"]
    assert (await it.delete(f"{path}/tools/{tool['id']}")).status == 200
    assert data(await it.get(f"{path}/tools")) == []


async def test_an_on_prem_group_with_agents_stays(it: Vendor) -> None:
    group = data(await it.post(f"{V2}/on_prem_groups", json={"name": "Servers"}))
    body = {"name": "agent-1", "on_prem_group_id": group["id"]}
    agent = data(await it.post(f"{V2}/on_prem_agents", json=body))
    assert data(await it.get(f"{V2}/on_prem_groups/{group['id']}"))["in_use"]
    assert (await it.delete(f"{V2}/on_prem_groups/{group['id']}")).status == 400
    assert data(await it.get(f"{V2}/on_prem_agents/search?cn={agent['cn']}")) == [agent]
    await it.put(f"{V2}/on_prem_agents/{agent['id']}", json={"enabled": False})
    assert data(await it.get(f"{V2}/on_prem_agents/{agent['id']}/status"))["status"] == "inactive"
    assert (await it.post(f"{V2}/on_prem_agents", json=body | {"on_prem_group_id": 1})).status == 404
    await it.delete(f"{V2}/on_prem_agents/{agent['id']}")
    assert (await it.delete(f"{V2}/on_prem_groups/{group['id']}")).status == 200


async def test_what_else_a_recipe_of_the_partner_tells(it: Vendor) -> None:
    rows = (await it.get("/api/recipes")).data["items"]
    running, still = (next(row for row in rows if row["running"] is state) for state in (True, False))
    counts = data(await it.get(f"/api/recipes/job_counts?recipe_ids={running['id']}"))
    assert counts == [{"recipe_id": running["id"], "job_succeeded_count": 0, "job_failed_count": 0}]
    assert (await it.post(f"/api/recipes/{running['id']}/force_run")).status == 200
    assert (await it.post(f"/api/recipes/{still['id']}/force_run")).status == 400
    health = f"/api/recipes/{running['id']}/health"
    assert (await it.get(health)).status == 404
    await it.post(health)
    assert data(await it.get(health))["status"] == "completed"


async def test_an_end_users_connection_hangs_below_one_that_is_authorized(it: Vendor) -> None:
    (parent, *_) = (await it.get("/api/connections")).data
    body = {"parent_id": parent["id"], "folder_id": parent["folder_id"], "external_id": "user-1"}
    made = data(await it.post("/api/connections/runtime_user_connections", json=body))
    url = f"/api/connections/runtime_user_connections/{made['id']}/get_oauth_url"
    assert data(await it.get(url)) == {"url": made["url"]}
    (row,) = [each for each in (await it.get("/api/connections")).data if each["id"] == made["id"]]
    assert (row["parent_id"], row["external_id"]) == (parent["id"], "user-1")
    assert (await it.post("/api/connections/runtime_user_connections", json=body)).status == 400
    shell = (await it.post("/api/connections", json={"name": "S", "provider": "jira"})).data["id"]
    other = body | {"parent_id": shell, "external_id": "user-2"}
    assert (await it.post("/api/connections/runtime_user_connections", json=other)).status == 400
