"""What no operation makes: a genie, environments, and a package whose recipes use a custom connector."""

from __future__ import annotations

from pathlib import Path

import bulkops
from bulkops import Context

CONNECTOR = "example_connector_1"


@bulkops.operation(plan="rehearse", title="make a genie")
async def hire(ctx: Context) -> None:
    """Named after the column `who`, in a folder of its own, stopped."""
    name = f"HR {ctx.params['who']}"
    folder = await ctx.step("create folder", lambda: ctx.account.folders.create("Genies"), check="the folder")
    made = {"name": name, "folder_id": folder["id"]}
    await ctx.step("create genie", lambda: ctx.account.call("managed_users.agentic.genies.create", **made), check=name)


@bulkops.operation(plan="rehearse", title="provision environments")
async def provision(ctx: Context) -> None:
    """TEST and PROD; it cannot be undone, nor done twice."""

    async def find() -> dict[str, bool] | None:
        return {"there": True} if (await ctx.account.call("managed_users.get")).get("environments") else None

    async def provision() -> dict[str, bool]:
        await ctx.account.call("managed_users.environments.create")
        return {"there": True}

    await ctx.ensure("provision", find=find, do=provision)


def custom(place: Path = Path("custom.zip")) -> Path:
    """A package: of its three recipes two use the connector, one of them in a sub-folder."""
    from tests.sandbox.kit import package, recipe

    files = {}
    for name in ("A", "Inner/B", "Plain"):
        used = recipe(name.rpartition("/")[2], connection=None)
        if name != "Plain":
            used["config"].append({"keyword": "application", "provider": CONNECTOR, "account_id": None})
        files[f"{name}.recipe.json"] = used
    place.write_bytes(package(files))
    return place
