"""The state that a reset discards: customers, ledger, quotas, imports under way, faults."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import attrs

from bulkops.sandbox.clock import Clock
from bulkops.sandbox.customers import Customer, Customers
from bulkops.sandbox.exports import Exporter
from bulkops.sandbox.faults import Faults, Strike, strike
from bulkops.sandbox.imports import Importer
from bulkops.sandbox.ledger import Ledger
from bulkops.sandbox.managers import Manager
from bulkops.sandbox.package_zip import PackageShelf
from bulkops.sandbox.partner import Partner
from bulkops.sandbox.quotas import Quotas
from bulkops.sandbox.seeded_random import draws
from bulkops.sandbox.settings import SandboxSettings
from bulkops.sandbox.workspace import Ids


class State:
    """One life of the sandbox. Made inside a running loop; `close` stops what it has running."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.clock = Clock(settings.time_scale)
        self.ledger = Ledger(self.clock)
        ids = Ids()
        self.customers = Customers(settings.customers, seed=settings.seed, ids=ids, now=self.clock.stamp())
        self.managers: dict[int, Manager] = {}
        self.quotas = Quotas(settings.limits(), settings.window)
        self.packages = PackageShelf()
        self.partner = Partner(self.clock, ids, self.packages, workspace_id=settings.workspace)
        self.exporter = Exporter(self.clock, settings.assumptions)
        self.importer = Importer(self.clock, self.ledger, seed=settings.seed)
        self._server_timeout_s = settings.server_timeout_s
        self._nth: Counter[tuple[str, int | None]] = Counter()
        self._struck: Counter[str] = Counter()
        self.set_faults(settings.faults)
        self.denied = settings.deny
        """Calls that the token's API client has no right to; `*` in one stands for any letters."""

    @property
    def faults(self) -> Faults:
        return self._faults

    def set_faults(self, faults: Faults) -> None:
        """Replace all faults; `revoke_after` counts from now."""
        self._faults = faults
        self._since_faults = 0
        self._refusing = self._spread(faults.unauthorizable)

    def is_unauthorizable(self, customer: Customer) -> bool:
        """Whether the customer's applications refuse every credential."""
        return customer.index in self._refusing

    def token_is_refused(self) -> bool:
        """Count one API request; whether its token has expired or was revoked, by fault."""
        self._since_faults += 1
        after = self._faults.revoke_after
        return self._faults.expired or (after is not None and self._since_faults > after)

    def renew_token(self) -> None:
        """A new token is neither expired nor revoked."""
        self._faults = attrs.evolve(self._faults, expired=False, revoke_after=None)

    def strike(self, call_id: str, customer: Customer | None) -> Strike:
        """What befalls this request: drawn per seed, call, account and how many came before."""
        who = (call_id, customer.id if customer else None)
        self._nth[who] += 1
        numbers = draws(self.settings.seed, *who, self._nth[who])
        struck = strike(
            self._faults,
            numbers,
            server_timeout_s=self._server_timeout_s,
            scale=self.settings.time_scale,
        )
        if struck.end != "answer":
            self._struck[struck.end] += 1
        return struck

    def requests(self) -> dict[str, Any]:
        """`GET /_sandbox/requests`; `struck` counts the faults by how the request ended."""
        return self.quotas.report() | {"struck": dict(self._struck)}

    def close(self) -> None:
        self.importer.close()

    def _spread(self, part: float) -> frozenset[int]:
        """Exactly that part of the customers of the start, by seed; a larger part includes every smaller one."""
        if part == 0:
            return frozenset()
        order = list(range(self.settings.customers))
        Random(f"{self.settings.seed}/unauthorizable").shuffle(order)  # noqa: S311 - chance by seed, not a secret
        return frozenset(order[: round(part * len(order))])
