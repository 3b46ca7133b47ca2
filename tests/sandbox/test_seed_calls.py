"""The calls that the vendor's four pages print, each through its typed resource, each seen to have done something.

`SEEN` is the table: the call, and how its effect is seen. Nothing in it counts as seen unless the step of that name ran
and its request was answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from bulkops.client import Account, Workato
from bulkops.errors import InputError, NotFound
from bulkops.events import AttemptEnded
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.facts import facts
from tests.here import finished
from tests.sandbox.kit import recipe

CODE = recipe("x")["code"]
API_MANIFEST = 13
OF_PARTNER, OF_CUSTOMER = "", "managed_users."

PRINTED = {
    # the vendor APIs' index
    "integrations.list": "names what was asked for and nothing else",
    "managed_users.connections.list": "shows the shell, with nobody's authorization",
    "managed_users.connections.create": "ledger: connection.created; a shell, then one that is authorized",
    "managed_users.folders.create": "ledger: folder.created; listed directly under Home",
    "managed_users.create": "ledger: customer.created",
    "managed_users.get": "by number and by E-id the customer that was created",
    "managed_users.upgrade": "ledger: plan.changed; the customer's plan_id",
    "managed_users.downgrade": "ledger: plan.changed; the plan is free",
    "managed_users.member.create": "ledger: member.added; listed",
    "managed_users.member.delete": "ledger: member.removed; not listed any more",
    "managed_users.recipes.list": "shows what the import brought",
    "recipes.create": "ledger: recipe.created; listed",
    "recipes.update": "ledger: recipe.updated; the new name",
    "recipes.list": "shows the created one, and not the deleted one",
    "recipes.search": "public recipes of that connector, and no other",
    "recipes.start": "ledger: recipe.started; it runs",
    "recipes.stop": "ledger: recipe.stopped; it runs no more",
    "recipes.delete": "ledger: recipe.deleted; not listed any more",
    "packages.export": "ledger: package.exported",
    "packages.import": "ledger: import.completed in the partner's workspace; its recipes are there",
    "packages.get": "goes from in_progress to completed",
    "packages.download": "a zip, which an import takes",
    # customer managers
    "customer_managers.list": "shows the one that was created, and nobody after it was deleted",
    "customer_managers.update": "the new role and both workspaces, in the list too",
    "customer_managers.create": "ledger: customer_manager.created",
    "customer_managers.delete": "ledger: customer_manager.deleted",
    # the enablement guide
    "managed_users.imports.create": "ledger: import.completed; collection, endpoints and recipes are there",
    "managed_users.api_clients.create": "ledger: api_client.created; listed",
    "managed_users.api_access_profiles.create_nested": "ledger: access_profile.created; listed under the client",
    "api_access_profiles.update_without_id": "refused in words before it is sent, and by the vendor with a 404",
}
MEANT = {
    # what the guide tells to do without printing the call
    "export_manifests.create": "ledger: manifest.created",
    "managed_users.recipes.start": "ledger: recipe.started; it runs",
    "managed_users.api_endpoints.enable": "ledger: endpoint.enabled; listed as active",
    "managed_users.api_endpoints.disable": "ledger: endpoint.disabled; not active any more",
    "api_endpoints.enable": "ledger: endpoint.enabled of the partner",
    "api_endpoints.disable": "ledger: endpoint.disabled of the partner",
}
SEEN = PRINTED | MEANT


@attrs.define
class Story:
    sandbox: Sandbox
    workato: Workato
    attempts: list[AttemptEnded]
    seen: set[str] = attrs.field(factory=set)

    @contextmanager
    def sees(self, *calls: str, effect: str | None = None, times: int = 1, status: int = 2) -> Iterator[None]:
        """What is done inside sends these calls, and leaves this effect behind, as often as it says."""
        attempts, effects = len(self.attempts), len(self.sandbox.effects())
        yield
        answered = {each.call for each in self.attempts[attempts:] if each.status is not None}
        assert set(calls) <= answered, f"{set(calls) - answered} was not sent"
        told = {each.call: each.status for each in self.attempts[attempts:]}
        assert {(told[call] or 0) // 100 for call in calls} <= {status, 3}, told
        if effect is not None:
            kinds = [each["kind"] for each in self.sandbox.effects()[effects:]]
            assert kinds.count(effect) == times, f"{effect} in {kinds}"
        self.seen |= set(calls)


def test_each_call_of_the_vendors_pages_has_its_effect() -> None:
    assert (len(PRINTED), len(SEEN)) == (30, 36)

    async def scene() -> None:
        attempts: list[AttemptEnded] = []

        def observe(event: Any) -> None:
            if isinstance(event, AttemptEnded):
                attempts.append(event)

        async with Sandbox(SandboxSettings(customers=1, time_scale=2000, quotas="off")) as sandbox:
            tuning = Tuning(unlimited=True, max_rate=None, first_poll_s=0.002)
            async with Workato(token=sandbox.token, host=sandbox.url, tuning=tuning, observe=observe) as workato:
                story = Story(sandbox, workato, attempts)
                account = await _customer(story)
                await _connections_and_people(story, account)
                await _own_recipes(story)
                data = await _packages(story)
                await _guide(story, account, data)
                await _endpoints_of_the_partner(story)
                await _managers(story, int(account.id))
        assert story.seen == set(SEEN), set(SEEN) ^ story.seen

    asyncio.run(scene())


def test_the_list_is_that_of_the_facts() -> None:
    """Every call for which the catalogue of facts names one of the four pages as its source."""
    rows = facts()["endpoints"]
    named = {row["id"] for row in rows if any("seed 00" in source["name"] for source in row["source"])}
    assert named == set(SEEN)


async def _customer(story: Story) -> Account:
    customers = story.workato.customers
    with story.sees("managed_users.create", effect="customer.created"):
        made = await customers.create(name="Fjord", notification_email="o@x.example", external_id="A 2300/x")
    with story.sees("managed_users.get"):
        assert await customers.get("EA 2300/x") == await customers.get(made.id) == made
    with story.sees("managed_users.upgrade", effect="plan.changed"):
        assert (await customers.upgrade(made.id, plan_id="business")).plan_id == "business"
        assert (await customers.get(made.id)).plan_id == "business"
    with story.sees("managed_users.downgrade", effect="plan.changed"):
        await customers.downgrade(made.id)
        assert (await customers.get(made.id)).plan_id == "free"
    return story.workato.account(made.id)


async def _connections_and_people(story: Story, account: Account) -> None:
    (known,) = await _looked(story, "integrations.list", story.workato.connectors.list(["jira"]).collect)
    assert known.name == "jira"
    with story.sees("managed_users.connections.create", effect="connection.created", times=2):
        shell = await account.connections.create("jira_connection", provider="jira")
        assert (shell.authorization_status, shell.authorized_at) == (None, None)
        given = {"host_name": "acme.atlassian.net", "apitoken": "x"}
        whole = await account.connections.create("jira_2", provider="jira", input=given)
        assert whole.authorization_status == "success"
    rows = await _looked(story, "managed_users.connections.list", account.connections.list().collect)
    assert {row.id: row.authorization_status for row in rows} == {shell.id: None, whole.id: "success"}
    with story.sees("managed_users.member.create", effect="member.added"):
        await account.members.add_by_old_route(name="Ana", oauth_id="o-1", role_name="Admin")
        (ana,) = await account.members.list().collect()
    with story.sees("managed_users.member.delete", effect="member.removed"):
        await account.members.remove_by_old_route(ana.id)
        assert await account.members.list().collect() == []


async def _own_recipes(story: Story) -> None:
    recipes = story.workato.recipes
    with story.sees("recipes.create", effect="recipe.created"):
        made = await recipes.create("Mine", code=CODE)
    with story.sees("recipes.list"):
        assert made in {row.id for row in await recipes.list().collect()}
    with story.sees("recipes.update", effect="recipe.updated"):
        await recipes.update(made, name="Mine too")
        assert (await recipes.get(made)).name == "Mine too"
    with story.sees("recipes.start", effect="recipe.started"):
        assert (await recipes.start(made)).success
        assert (await recipes.get(made)).running
    with story.sees("recipes.stop", effect="recipe.stopped"):
        assert (await recipes.stop(made)).success
        assert not (await recipes.get(made)).running
    with story.sees("recipes.delete", effect="recipe.deleted"):
        await recipes.delete(made)
        assert made not in {row.id for row in await recipes.list().collect()}
    found = await _looked(story, "recipes.search", recipes.search("salesforce").collect)
    assert found
    assert all("salesforce" in row.applications for row in found)


async def _packages(story: Story) -> bytes:
    own = story.workato
    with story.sees("export_manifests.create", effect="manifest.created"):
        (project, *_) = await own.folders.list().collect()
        assets = await own.export_manifests.folder_assets(project.id)
        await own.export_manifests.create("All", assets=assets)
    with story.sees("packages.export", effect="package.exported"):
        begun = await own.packages.export(API_MANIFEST)
        assert begun.status == "in_progress"
        with story.sees("packages.get"):
            done = await finished(own.packages.get, begun)
            assert done.status == "completed"
    with story.sees("packages.download"):
        data = await own.packages.download(attrs.evolve(done, download_url=None), most_bytes=2**20)
        assert data[:2] == b"PK"
    with story.sees("packages.import", effect="import.completed"):
        target = await own.folders.create("Copy")
        mine = await finished(own.packages.get_import, await own.packages.import_(data, folder_id=target.id))
        assert mine.status == "completed"
    assert {row.id for row in mine.recipe_status} <= {row.id for row in await own.recipes.list().collect()}
    return data


async def _guide(story: Story, account: Account, data: bytes) -> None:
    with story.sees("managed_users.folders.create", effect="folder.created"):
        folder = await account.folders.create("API")
        (home, *_) = [row for row in await account.folders.list().collect() if row.id == folder.id]
        assert home.name == "API"
    with story.sees("managed_users.imports.create", effect="import.completed"):
        imported = await finished(account.imports.get, await account.imports.create(data, folder_id=folder.id))
        assert imported.bad_results == []
    recipes = await _looked(story, "managed_users.recipes.list", account.recipes.list().collect)
    assert {row.id for row in recipes} == {row.id for row in imported.recipe_status}
    (collection,) = await account.api_collections.list().collect()
    with story.sees("managed_users.api_clients.create", effect="api_client.created"):
        client = await account.api_clients_v1.create("Acme")
        assert [row.id async for row in account.api_clients_v1.list()] == [client.id]
    profiles, opens = account.api_access_profiles, [collection.id]
    with story.sees("managed_users.api_access_profiles.create_nested", effect="access_profile.created"):
        made = await profiles.create(client.id, "Default", api_collection_ids=opens, nested=True)
        assert [row.id async for row in profiles.list(api_client_id=client.id)] == [made.id]
    refused = "api_access_profiles.update_without_id"
    with story.sees(refused, status=4):
        with pytest.raises(InputError, match="the access profile to update has no id"):
            await profiles.update(None, name="Default", api_collection_ids=opens)
        with pytest.raises(NotFound):
            await story.workato.call(refused, name="P", api_collection_ids=opens, active=True, auth_type="token")
    for connection in await account.connections.list().collect():
        await account.connections.update(connection.id, input={"api_key": "k"})
    with story.sees("managed_users.recipes.start", effect="recipe.started", times=len(recipes)):
        for row in recipes:
            assert (await account.recipes.start(row.id)).success
            assert (await account.recipes.get(row.id)).running
    await _switched(story, account, OF_CUSTOMER)


async def _endpoints_of_the_partner(story: Story) -> None:
    (one, *_) = await story.workato.api_endpoints.list().collect()
    await story.workato.api_endpoints.disable(one.id)
    await _switched(story, story.workato, OF_PARTNER, only=one.id)


async def _switched(story: Story, where: Account | Workato, prefix: str, only: int | None = None) -> None:
    rows = await where.api_endpoints.list().collect()
    ids = [row.id for row in rows] if only is None else [only]
    for verb, active in (("enable", True), ("disable", False)):
        with story.sees(f"{prefix}api_endpoints.{verb}", effect=f"endpoint.{verb}d", times=len(ids)):
            for id_ in ids:
                await getattr(where.api_endpoints, verb)(id_)
            now = {row.id: row.active for row in await where.api_endpoints.list().collect()}
            assert [now[id_] for id_ in ids] == [active] * len(ids)


async def _managers(story: Story, customer: int) -> None:
    managers = story.workato.customer_managers
    sam = next(member for member in await story.workato.members.list().collect() if member.name == "Sam Rivera")
    with story.sees("customer_managers.create", effect="customer_manager.created"):
        made = await managers.create(team_collaborator_id=sam.id, role_id="247", workspaces=[customer])
    with story.sees("customer_managers.list"):
        assert made in await managers.list().collect()
    (other,) = [row.id async for row in story.workato.customers.list() if row.id != customer]
    with story.sees("customer_managers.update", effect="customer_manager.updated"):
        await managers.update(made.id, role_id=2, workspaces=[customer, other])
        (now,) = [row for row in await managers.list().collect() if row.id == made.id]
        assert (now.privilege_group.name, now.workspace_ids) == ("Admin", [customer, other])
    with story.sees("customer_managers.delete", effect="customer_manager.deleted"):
        await managers.delete(made.id)
        assert made.id not in {row.id for row in await managers.list().collect()}


async def _looked(story: Story, call: str, look: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
    with story.sees(call):
        return await look()
