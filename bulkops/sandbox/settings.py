"""What a sandbox is made with, and what follows from it: durations and quota windows in real seconds."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args

import attrs

from bulkops.catalogue import QUOTAS
from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError
from bulkops.rate_limit import Limit
from bulkops.sandbox.access import check_patterns
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.faults import Faults
from bulkops.sandbox.recorded import Recorded, read_recorded
from bulkops.sandbox.workspace import PARTNER_ID
from bulkops.settings import Tuning
from bulkops.toml import read_toml

HOST: Final = "127.0.0.1"
"""Always loopback: the sandbox speaks plain http and holds nothing worth reaching from elsewhere."""

SERVER_TIMEOUT_S: Final = 40.0
"""The vendor's own limit for one request (vendor facts, section 3)."""

MAX_CUSTOMERS: Final = 1_000_000

_MAX_RATE: Final = 50.0
"""Of the client, at time scale 1."""

WindowKind = Literal["sliding", "fixed", "bucket"]
QuotaTable = Mapping[str, tuple[Limit, ...]]


def _new_token() -> str:
    return f"sandbox-{secrets.token_hex(24)}"


def _token_or_new(token: str | None) -> str:
    return _new_token() if token is None else token


def _recorded(given: str | Path | Mapping[str, Recorded]) -> Mapping[str, Recorded]:
    return read_recorded(given) if isinstance(given, str | Path) else given


@attrs.frozen(kw_only=True)
class SandboxSettings:
    """One value for the whole sandbox; the same seed gives the same customers, import times and faults.

    `token`: made when None. `quotas`: "documented", "off", or limits by quota name in vendor seconds, which replace the
    documented ones of that name. `window`: how the server counts. `time_scale`: vendor seconds in one real second.
    `retry_after`: whether a refusal says when to come back. `assumptions`: where the vendor's documents are silent.
    `deny`: calls that the token's API client has no right to, `*` for any letters. `port`: 0 picks a free one.
    `workspace`: id of the partner's workspace. `recorded`: directory of replies that `bulkops doctor --learn --record`
    kept; they are given in place of the sandbox's own.
    """

    customers: int = 300
    seed: int = 7
    token: str = attrs.field(default=None, converter=_token_or_new, repr=False)
    quotas: Literal["documented", "off"] | QuotaTable = "documented"
    window: WindowKind = "sliding"
    time_scale: float = 60.0
    retry_after: bool = True
    faults: Faults = attrs.field(factory=Faults)
    assumptions: Assumptions = attrs.field(factory=Assumptions)
    deny: tuple[str, ...] = ()
    port: int = 0
    workspace: int = PARTNER_ID
    recorded: Mapping[str, Recorded] = attrs.field(factory=dict, converter=_recorded, repr=False)

    def __attrs_post_init__(self) -> None:
        _check(type(self.customers) is int and 0 <= self.customers <= MAX_CUSTOMERS, "customers", self.customers)
        _check(_is_number(self.time_scale) and 0 < self.time_scale < math.inf, "time_scale", self.time_scale)
        _check(self.window in get_args(WindowKind), "window", self.window)
        _check(type(self.port) is int and 0 <= self.port <= 65535, "port", self.port)
        _check(type(self.workspace) is int and self.workspace > 0, "workspace", self.workspace)
        check_token(self.token)
        check_patterns(self.deny)
        if isinstance(self.quotas, str):
            _check(self.quotas in {"documented", "off"}, "quotas", self.quotas)
        else:
            _check_names(self.quotas, source="quotas")

    @property
    def server_timeout_s(self) -> float:
        """After this many real seconds the server gives a request up. Never below half a second: a busy machine
        needs that for an honest reply."""
        return max(0.5, SERVER_TIMEOUT_S / self.time_scale)

    def limits(self) -> dict[str, tuple[Limit, ...]]:
        """Every quota of the catalogue with its limits, windows in real seconds; an empty tuple means unlimited."""
        assumed = Limit(self.assumptions.unstated_per_minute, 60)
        return self._over({name: (assumed,) if name.startswith("assumed") else known for name, known in QUOTAS.items()})

    def stated_limits(self) -> dict[str, tuple[Limit, ...]]:
        """The same as far as a client can know it: no document says how many `unstated_per_minute` are."""
        return self._over(QUOTAS)

    def _over(self, known: QuotaTable) -> dict[str, tuple[Limit, ...]]:
        if self.quotas == "off":
            return dict.fromkeys(QUOTAS, ())
        own = {} if isinstance(self.quotas, str) else self.quotas
        return {name: tuple(map(self._counted, limits)) for name, limits in {**known, **own}.items()}

    def _counted(self, limit: Limit) -> Limit:
        """In real seconds, and by the workspace that the assumptions mean."""
        of_partner = self.assumptions.import_limit_per == "partner" and limit.key == "workspace"
        key = None if of_partner else limit.key
        return attrs.evolve(limit, window_s=limit.window_s / self.time_scale, key=key)

    def client_file(self) -> str:
        """The sandbox's quotas and durations in the form that `bulkops --client-file` reads: TOML text.

        The client knows no time scale: it gets the figures it would find in the vendor's documents, already divided.
        Durations have floors, because a real socket and a real scheduler do not scale.
        """
        scale = self.time_scale
        durations = {
            "server_timeout_s": self.server_timeout_s,
            "attempt_timeout_s": max(self.server_timeout_s + 0.5, 45 / scale),
            "first_poll_s": max(0.05, 2 / scale),
            "import_deadline_s": max(3.0, 300 / scale),
            "backoff_base_s": max(0.05, 1 / scale),
            "backoff_cap_s": max(1.0, 60 / scale),
        }
        lines = [f"{name} = {float(value)!r}" for name, value in durations.items()]
        if self.quotas == "off":
            return "\n".join([*lines, 'max_rate = "off"', 'quotas = "off"', ""])
        lines += [f"max_rate = {float(_MAX_RATE * scale)!r}", "", "[quotas]"]
        lines += [f'"{name}" = [{", ".join(map(_toml_row, limits))}]' for name, limits in self.stated_limits().items()]
        return "\n".join([*lines, ""])

    @staticmethod
    def quotas_from_file(path: str | Path) -> dict[str, tuple[Limit, ...]]:
        """Read limits by quota name, in vendor seconds, from the `[quotas]` table of a TOML file.

            [quotas]
            "embedded.recipes.other" = [{ limit = 2000, window_s = 60 }]

        Raises: ConfigError naming the file and the key.
        """
        table = read_toml(path, "the quota file")
        if set(table) != {"quotas"} or not isinstance(table["quotas"], dict):
            raise ConfigError(f"the quota file {path} must hold one table, [quotas]", remedy=_EXAMPLE)
        quotas = dict(Tuning.from_mapping(table, source=str(path)).quotas)
        _check_names(quotas, source=str(path))
        return quotas


def _toml_row(limit: Limit) -> str:
    key = f', key = "{limit.key}"' if limit.key else ""
    return f"{{ limit = {limit.requests}, window_s = {float(limit.window_s)!r}{key} }}"


_EXAMPLE: Final = """write [quotas] and lines such as "embedded.recipes.get" = [{ limit = 60, window_s = 60 }]"""

_EXPECTED: Final = {
    "customers": f"a whole number from 0 to {MAX_CUSTOMERS}",
    "time_scale": "a number above 0",
    "window": f"one of {', '.join(get_args(WindowKind))}",
    "port": "a port from 0 to 65535",
    "workspace": "a whole number above 0",
    "quotas": '"documented", "off" or limits by quota name',
}


def _check(ok: bool, name: str, value: object) -> None:
    if not ok:
        raise ConfigError(f"sandbox: {name} must be {_EXPECTED[name]}, not {value!r}", remedy="correct the value")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_token(token: str) -> None:
    """A text that does not fit into a header cannot be a token. The value itself is never shown."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError("sandbox: the token must be printable ASCII without spaces", remedy="choose another")


def _check_names(quotas: QuotaTable, *, source: str) -> None:
    for name in quotas:
        if name not in QUOTAS:
            hint = did_you_mean(name, QUOTAS) or f"known: {', '.join(QUOTAS)}"
            raise ConfigError(f"{source}: quota {name!r} does not exist", remedy=hint)
