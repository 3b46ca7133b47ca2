"""The rollout of `bulkops demo`: a package, with its connections and recipes, to every customer of a sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from bulkops.cli.terminal import say

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.events import Observer
    from bulkops.operations import Operation
    from bulkops.report import Report
    from bulkops.runs import Inventory
    from bulkops.sandbox import Sandbox

FOLDER: Final = "CRM"
EXAMPLE: Final = Path(__file__).parents[1] / "_demo"
VERSIONS: Final = ("crm-v1.zip", "crm-v1.zip", "crm-v2.zip", "crm-v2.zip")
"""The package of each round; every second round finds nothing left to do."""

_KEYS: Final = ("DEMO_CRM_KEY", "DEMO_SHOP_KEY")
"""What connections.toml takes from the environment."""


@attrs.frozen(kw_only=True)
class DemoRollout:
    """The rollout. `package`: a path, or None for the example's two versions."""

    customers: int
    time_scale: float
    seed: int
    package: str | None
    journal: str
    as_json: bool
    quiet: bool

    async def play(self, rounds: int) -> int:
        """Run `rounds` demos in sequence on one sandbox. Returns the exit code of the first that failed, or 0."""
        from bulkops.cli.run_frame import put_report

        async with self.sandbox() as sandbox:
            for version in VERSIONS[:rounds]:
                report = await self._roll_out(sandbox, self.operation(version))
                put_report(report, as_json=self.as_json)
                if report.exit_code:
                    return report.exit_code
            if not self.quiet:
                say(seen_by(sandbox))
        return 0

    def sandbox(self) -> Sandbox:
        from bulkops.sandbox import Sandbox, SandboxSettings

        return Sandbox(SandboxSettings(customers=self.customers, time_scale=self.time_scale, seed=self.seed))

    def client_of(self, sandbox: Sandbox, observe: Observer | None = None) -> Workato:
        """A client of the sandbox, with its quotas."""
        from bulkops.client import Workato
        from bulkops.events import ignore
        from bulkops.secret import Secret
        from bulkops.settings import Auth, Settings, Tuning

        tuning = Tuning.from_toml(sandbox.client_file, source="the sandbox's client file")
        settings = Settings(url=sandbox.url, auth=Auth(token=Secret(sandbox.token)), tuning=tuning)
        return Workato.from_settings(settings, observe=observe or ignore)

    async def inventory(self, workato: Workato, operation: Operation) -> Inventory:
        """All customers. Shows what is to come."""
        from bulkops.cli.run_frame import scope
        from bulkops.runs import Policy, select

        inventory = await select(workato, accounts="all")
        if not self.quiet:
            about = scope(Policy(), count=len(inventory), host=workato.settings.url, title=operation.title)
            for line in about.lines:
                say(line)
        return inventory

    async def _roll_out(self, sandbox: Sandbox, operation: Operation) -> Report:
        from bulkops.cli.progress import RunProgress
        from bulkops.cli.run_frame import display_for, run_shown
        from bulkops.runs import Policy

        progress = RunProgress(display_for(quiet=self.quiet))
        async with self.client_of(sandbox, progress.observe) as workato:
            inventory = await self.inventory(workato, operation)
            return await run_shown(operation, inventory, workato, progress, policy=Policy(), journal=self.journal)

    def operation(self, version: str = VERSIONS[0]) -> Operation:
        """Import, authorize, start. Running recipes of the version before are updated in place."""
        import secrets

        from bulkops.operations import AuthorizeConnections, ImportPackage, StartRecipes

        package = self.package or str(EXAMPLE / version)
        imported = ImportPackage(package, folder=FOLDER, restart_recipes=True)
        started = StartRecipes(folder=FOLDER)
        credentials = EXAMPLE / "connections.toml" if self.package is None else self._credentials(package)
        if credentials is None:
            return imported >> started
        for name in _KEYS:
            os.environ.setdefault(name, secrets.token_hex(8))
        return imported >> AuthorizeConnections(str(credentials)) >> started

    def _credentials(self, package: str) -> Path | None:
        """A file with made-up credentials for a user's own package; None when it brings no connection."""
        names = sorted({name for name in _connection_names(package) if isinstance(name, str)})
        if not names:
            return None
        tables = (f"[connections.{json.dumps(name)}]\ninput.api_key = {{ env = {_KEYS[0]!r} }}\n" for name in names)
        path = Path(self.journal) / "demo-connections.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(tables), encoding="utf-8")
        return path


def _connection_names(package: str) -> Iterator[object]:
    """Names of the connections in a package that is known to be readable."""
    import zipfile

    with zipfile.ZipFile(package) as archive:
        for member in archive.namelist():
            if member.endswith(".connection.json"):
                yield json.loads(archive.read(member)).get("name")


def seen_by(sandbox: Sandbox) -> str:
    """The sandbox's counts, in one line."""
    counted = sandbox.requests()
    refused = sum(quota["refused"] for quota in counted["quotas"].values())
    imports = sum(effect["kind"] == "import.completed" for effect in sandbox.effects())
    return f"the sandbox counted {counted['total']} requests, {refused} of them refused, and {imports} imports"
