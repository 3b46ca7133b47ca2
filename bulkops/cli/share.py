"""`bulkops share-connector`: look, confirm, share, check."""

from __future__ import annotations

import attrs

from bulkops.cli.confirm import Consent
from bulkops.cli.outage import Outage
from bulkops.cli.terminal import one_line, put
from bulkops.settings import Settings, Tuning


@attrs.frozen(kw_only=True)
class Wanted:
    """Arguments: a connector by id, name or title; the version to share, or none at all (`stop`)."""

    connector: str
    version: int | None
    stop: bool
    dry_run: bool


@attrs.frozen(kw_only=True)
class _Change:
    """The confirmation's contents."""

    what: str
    count: int = 1
    yes_does: str = "Change this for all customers"

    def lines(self) -> list[str]:
        return [self.what]


async def share(wanted: Wanted, *, yes: bool, client_file: str | None) -> int:
    """Share it, or say that it is shared so already. Returns the exit code."""
    from bulkops.client import Workato, session_of
    from bulkops.journal import Location
    from bulkops.operations.partner_connectors import find_connector, released_version, share_connector
    from bulkops.runs import hold_credential, ledger_of

    settings = Settings.from_env(tuning=Tuning.beside(client_file))
    consent = Consent(yes=yes or wanted.dry_run, quiet=True, before="look with --dry-run")
    consent.require_askable()
    async with (
        Workato.from_settings(settings, observe=Outage().observe) as workato,
        hold_credential(
            session_of(workato), "of bulkops share-connector", if_running="share", ledger=ledger_of(Location.ambient())
        ),
    ):
        found = await find_connector(workato, wanted.connector)
        version = None if wanted.stop else wanted.version or released_version(found)
        name, before = one_line(found.name), found.oem_shared_version
        if version == before:
            put(f"{name}: {_words(before)} already\n")
            return 0
        what = f"{name}: {_words(before)}; then {_words(version)}"
        if wanted.dry_run:
            put(f"{what}\n")
            return 0
        await consent.ask(_Change(what=f"at {settings.url}: {what}"))
        await share_connector(workato, found, version=version)
    put(f"{name}: {_words(version)}; until now {_words(before)}\n")
    return 0


def _words(version: int | None) -> str:
    return "not shared with customers" if version is None else f"version {version} is shared with all customers"
