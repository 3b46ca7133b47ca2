"""What a type checker must accept of the promised names; never run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import bulkops
from bulkops import Context, Intent, Outcome, Policy, Report, TaskOutcome, Workato
from bulkops.operations import CreateConnection, CreateFolder, ImportPackage, SetProperties, StartRecipes


@bulkops.operation
async def tidy(ctx: Context) -> None:
    async for recipe in ctx.account.recipes.list(running=True):
        stopped = await ctx.account.recipes.stop(recipe.id)
        ctx.detail[recipe.name] = stopped.success


async def typed_steps(ctx: Context) -> int:
    async def find() -> int | None:
        found = await ctx.account.folders.find("A")
        return None if found is None else found.id

    async def create() -> int:
        return (await ctx.account.folders.create("A")).id

    made: int = await ctx.ensure("folder", find=find, do=create)

    async def probe(intent: Intent) -> int | None:
        return await find() if intent.age_s > 1 else None

    async def other(_: Intent) -> str | None:
        return "A"

    again: int = await ctx.step("another", create, probe=probe)
    mixed: int = await ctx.step("fourth", create, probe=other)  # type: ignore[arg-type]  # the probe returns a text
    model: dict[str, object] = await ctx.step("model", lambda: ctx.account.folders.create("B"))
    wrong: str = await ctx.step("third", create)  # type: ignore[arg-type]  # it is an int: the result is typed
    return made + again + len(model) + len(wrong) + mixed


async def main() -> Report:
    async with Workato.from_env() as workato:
        chain = ImportPackage("crm.zip", folder="CRM") >> StartRecipes(folder="CRM") >> tidy
        report = await bulkops.run(chain, accounts=workato.customers.list(), policy=Policy(max_failures="2%"))
    count: int = report.outcomes[Outcome.CHANGED]
    if count:
        report.raise_for_failures()
    return report


def modules(error: bulkops.errors.NotFound, sandbox: bulkops.sandbox.Sandbox, kit: bulkops.testing.CrashKit) -> int:
    event: type[bulkops.events.StepEnded] = bulkops.events.StepEnded
    bulkops.operations.AddMember(member_name="Ana", role="Admin")
    bulkops.unknown  # type: ignore[attr-defined]  # noqa: B018
    return error.status + len(str((event, sandbox, kit)))


async def double(item: int) -> str:
    return str(item * 2)


async def stream() -> AsyncIterator[str]:
    async for outcome in bulkops.fan_out(double, range(10), concurrency=5):
        typed: TaskOutcome[int, str] = outcome
        yield typed.unwrap()


async def content(workato: Workato) -> dict[str, str]:
    account = workato.account("EA2300")
    folder = await workato.folders.create("CRM")
    made = await account.connections.create("CRM", provider="salesforce", folder_id=folder.project_id)
    values: dict[str, str] = await account.properties.get("crm.")
    if made.is_shell:
        values |= {field.name: field.type or "" for field in await account.connections.input_schema("salesforce")}
    async for connector in workato.connectors.all():
        values[connector.id] = connector.title or ""
    chain = CreateFolder("CRM") >> CreateConnection(connection_name="CRM", provider="salesforce")
    await bulkops.run(chain >> SetProperties(values), accounts=[7], workato=workato)
    return values
