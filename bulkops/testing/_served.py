"""A sandbox with clients set up for it, and one that runs in a thread of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs
from anyio.from_thread import BlockingPortal

from bulkops.client import Workato
from bulkops.sandbox import Faults, Sandbox
from bulkops.settings import Tuning


class TestVendor(Sandbox):
    """A sandbox that hands out clients set up for it: an async context manager, for the loop it is entered in."""

    __test__ = False  # pytest would collect it for its name

    def client(self) -> Workato:
        """A client that keeps the sandbox's scaled quotas; enter it with `async with`."""
        tuning = Tuning.from_toml(self.client_file, source="the sandbox's client file")
        return Workato(token=self.token, host=self.url, tuning=tuning)


@attrs.frozen
class SandboxInThread:
    """The sandbox of a test, from whatever thread or loop the test runs in."""

    _vendor: TestVendor
    _portal: BlockingPortal

    @property
    def url(self) -> str:
        return self._vendor.url

    @property
    def token(self) -> str:
        return self._portal.call(lambda: self._vendor.token)

    @property
    def client_file(self) -> str:
        """TOML text: quotas and durations, as `--client-file` takes them."""
        return self._vendor.client_file

    def client(self) -> Workato:
        """A client that keeps the sandbox's scaled quotas; enter it with `async with`."""
        return self._portal.call(self._vendor.client)

    def effects(self) -> list[dict[str, Any]]:
        """What happened, oldest first: `t`, `account`, `kind`, `key`."""
        return self._portal.call(self._vendor.effects)

    def twice(self) -> list[tuple[Any, ...]]:
        """(account, kind, key) of the effects that happened more than once."""
        counted = Counter((effect["account"], effect["kind"], effect["key"]) for effect in self.effects())
        return [effect for effect, count in counted.items() if count > 1]

    def requests(self) -> dict[str, Any]:
        """Counts of every API request, by quota, refused ones apart."""
        return self._portal.call(self._vendor.requests)

    def set_faults(self, faults: Faults | Mapping[str, Any] | str | None = None) -> None:
        """Replace all faults; None ends them."""
        self._portal.call(self._vendor.set_faults, faults)

    def deny(self, *patterns: str) -> None:
        """The token has no right to these calls from now on, `*` for any letters; none: it may do everything again."""
        self._portal.call(self._vendor.deny, *patterns)

    def set_token(self, token: str) -> None:
        """The API takes this token alone from now on."""
        self._portal.call(self._vendor.set_token, token)

    def restart(self, *, away_s: float = 0.0) -> None:
        """Go away for `away_s` and come back with everything that was there."""
        self._portal.call(lambda: self._vendor.restart(away_s=away_s))

    def reset(self) -> None:
        """Start afresh: customers, ledger, counts, faults and token as at the start."""
        self._portal.call(self._vendor.reset)
