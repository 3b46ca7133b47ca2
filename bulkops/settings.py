"""Frozen settings: host, credentials, quotas and timeouts. Nothing is read at import.

Precedence, highest first: argument > client file > environment > default. `None` means "no limit";
"not given" is the absence of the argument.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import attrs

from bulkops.errors import ConfigError
from bulkops.hosts import API_DOMAINS, TOKEN_VARIABLE, base_url, is_of_domain
from bulkops.parameters import parameter
from bulkops.secret import Secret
from bulkops.toml import parse_toml, read_toml
from bulkops.validators import (
    are_sizes,
    is_bool,
    is_bool_or_names,
    is_finite,
    is_finite_or_none,
    is_positive,
    is_share,
    tuple_of_list,
)

VENDOR_FILE: Final = "vendor.toml"
HOST_VARIABLE: Final = "WORKATO_HOST"

SANDBOX_TOKEN: Final = "sandbox-"  # noqa: S105 - the start of a token
"""Prefix of a sandbox's tokens. Such a token is never sent to the vendor."""


@attrs.frozen
class Limit:
    """At most `requests` in any `window_s` seconds; `key` says what is counted separately (None: all together)."""

    requests: int
    window_s: float
    key: str | None = None


_NO_TOKEN: Final = "no-token"  # noqa: S105 - no secret
"""Placeholder token of a client that sends nothing; no server accepts it."""


@attrs.frozen(kw_only=True)
class Auth:
    """The credentials of a client. `scheme`: "bearer" (current), "legacy-headers" (X-USER-TOKEN and X-USER-EMAIL) or
    "legacy-query". The vendor has retired both legacy schemes; they are for older installations.

    The query scheme puts the token into URLs, which proxies and servers log, so it must be chosen by name.
    """

    token: Secret
    scheme: Literal["bearer", "legacy-headers", "legacy-query"] = "bearer"
    email: str | None = None

    def __attrs_post_init__(self) -> None:
        text = self.token.reveal()
        if not text:
            raise ConfigError("the API token is empty", remedy=f"set {TOKEN_VARIABLE}")
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ConfigError(
                "the API token contains characters that a header cannot hold",
                remedy=f"set {TOKEN_VARIABLE} to the token alone, without quotes, spaces or line ends",
            )
        if self.scheme != "bearer" and not self.email:
            raise ConfigError(f"the {self.scheme} scheme needs an e-mail", remedy="set email=...")
        if self.email and not (self.email.isascii() and self.email.isprintable()):
            raise ConfigError("the e-mail contains characters that a header cannot hold", remedy="check email=...")

    @property
    def is_for_sandbox(self) -> bool:
        """Whether the token was made by a sandbox."""
        return self.token.reveal().startswith(SANDBOX_TOKEN)


_YES_OR_NO: Final = frozenset({"unlimited", "proxy_from_environment", "explore"})
_MAY_BE_INFINITE: Final = frozenset({"attempt_timeout_s", "connect_timeout_s", "call_timeout_s"})
_MAY_BE_OFF: Final = _MAY_BE_INFINITE | {"max_rate", "account_timeout_s", "run_timeout_s"}


@attrs.frozen(kw_only=True)
class Tuning:
    """Quotas, rates and timeouts; a client file may set each. Durations are seconds.

    `quotas`: limits by quota name, replacing the catalogue's (enterprise plans differ); `unlimited` lifts all.
    `explore`: whether quotas without a published limit may go beyond the assumed one while nothing is refused: those
    that `quotas` leaves alone, or a list of names.
    `share`: fraction of every quota to use, leaving the rest to the vendor's UI and other tools.
    `max_rate`: requests a second for the whole session (None: no smoothing).
    `attempt_timeout_s`, `connect_timeout_s`, `call_timeout_s`: `math.inf` for no limit; "off" in a client file.
    `server_timeout_s`: after this time the server has given up a request (40 s at the vendor).
    `proxy_from_environment`: send through the proxy that HTTPS_PROXY names; otherwise the environment is ignored.
    `page_sizes`: rows of a full page, by call id, where the vendor sends fewer than it is asked for.
    """

    quotas: Mapping[str, tuple[Limit, ...]] = attrs.field(factory=dict)
    unlimited: bool = False
    explore: bool | tuple[str, ...] = attrs.field(default=False, converter=tuple_of_list, validator=is_bool_or_names)
    share: float = attrs.field(default=1.0, validator=is_share)
    max_rate: float | None = attrs.field(
        default=50.0,
        validator=is_finite_or_none,
        metadata=parameter("Maximum requests per second over all quotas.", metavar="N|off", off=True),
    )
    server_timeout_s: float = attrs.field(default=40.0, validator=is_finite)
    attempt_timeout_s: float = attrs.field(default=45.0, validator=is_positive)
    connect_timeout_s: float = attrs.field(default=10.0, validator=is_positive)
    call_timeout_s: float = attrs.field(default=600.0, validator=is_positive)
    account_timeout_s: float | None = attrs.field(default=None, validator=is_finite_or_none)
    run_timeout_s: float | None = attrs.field(default=None, validator=is_finite_or_none)
    first_poll_s: float = attrs.field(default=2.0, validator=is_finite)
    import_deadline_s: float = attrs.field(default=300.0, validator=is_finite)
    backoff_base_s: float = attrs.field(default=1.0, validator=is_finite)
    backoff_cap_s: float = attrs.field(default=60.0, validator=is_finite)
    max_body_bytes: int = attrs.field(default=32 * 1024 * 1024, validator=is_finite)
    proxy_from_environment: bool = attrs.field(default=False, validator=is_bool)
    page_sizes: Mapping[str, int] = attrs.field(factory=dict, validator=are_sizes)

    @classmethod
    def beside(cls, client_file: str | Path | None) -> Tuning:
        """The client file, over the table [client] of the `vendor.toml` in its directory; None: of the one in the
        working directory, if there is one. `bulkops doctor --learn` writes that file.

        Raises: ConfigError.
        """
        directory = Path(client_file).parent if client_file is not None else Path()
        learned = directory / VENDOR_FILE
        data: dict[str, Any] = {}
        if learned.is_file():
            data = read_toml(learned, "the file").get("client", {})
            if not isinstance(data, dict):
                raise ConfigError(f"{learned}: client must be a table", remedy="write it again: bulkops doctor --learn")
            cls.from_mapping(data, source=str(learned))
        if client_file is None:
            return cls.from_mapping(data, source=str(learned))
        given = read_toml(client_file, "the client file")
        return cls.from_mapping({**data, **given}, source=str(client_file))

    @classmethod
    def from_toml(cls, text: str, *, source: str) -> Tuning:
        """Read a client file: any field above as a key, `quotas` as a table or "off".

            server_timeout_s = 2.0
            [quotas]
            "embedded.recipes.other" = [{ limit = 1000, window_s = 3.0 }]

        Raises: ConfigError naming the source and the key.
        """
        return cls.from_mapping(parse_toml(text, source), source=source)

    @classmethod
    def from_file(cls, path: str | Path) -> Tuning:
        """Read a client file from disk. Raises: ConfigError."""
        return cls.from_mapping(read_toml(path, "the client file"), source=str(path))

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, source: str) -> Tuning:
        """The inverse of `to_mapping`. Raises: ConfigError naming the source and the key."""
        known = {field.name for field in attrs.fields(cls)}
        values: dict[str, Any] = {}
        for key, value in data.items():
            if key not in known:
                raise ConfigError(f"{source}: unknown key {key!r}", remedy=f"known keys: {', '.join(sorted(known))}")
            values[key] = value
        if values.get("quotas") == "off":
            del values["quotas"]
            values["unlimited"] = True
        for key in _MAY_BE_OFF & values.keys():
            if values[key] == "off":
                values[key] = math.inf if key in _MAY_BE_INFINITE else None
        if "quotas" in values:
            values["quotas"] = _parse_quotas(values["quotas"], source=source)
        for key, value in values.items():
            if isinstance(value, bool) and key not in _YES_OR_NO:
                raise ConfigError(f"{source}: {key} must be a number, not {value}", remedy="correct the value")
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{source}: {_plain(error)}", remedy="correct the value") from error

    def to_mapping(self) -> dict[str, Any]:
        """Plain JSON/TOML data with only what differs from the defaults."""
        data: dict[str, Any] = {}
        for field in attrs.fields(type(self)):
            value = getattr(self, field.name)
            if field.name == "page_sizes":
                if value:
                    data["page_sizes"] = dict(value)
            elif field.name == "quotas":
                if value:
                    data["quotas"] = {name: [_limit_row(limit) for limit in limits] for name, limits in value.items()}
            elif value != field.default:
                data[field.name] = "off" if value is None or value == math.inf else value  # JSON has no infinity
        return data


@attrs.frozen(kw_only=True)
class ClientFile:
    """Source of a `Tuning`; None: the defaults."""

    client_file: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "TOML file with your own quotas and timeouts (a sandbox writes one).", metavar="FILE", file=True
        ),
    )


def _limit_row(limit: Limit) -> dict[str, Any]:
    row: dict[str, Any] = {"limit": limit.requests, "window_s": limit.window_s}
    return row | {"key": limit.key} if limit.key else row


def _plain(error: Exception) -> str:
    """The message of an error from an attrs validator, without the attribute that follows it."""
    return str(error.args[0]) if error.args else str(error)


def _parse_quotas(data: Any, *, source: str) -> dict[str, tuple[Limit, ...]]:
    if not isinstance(data, Mapping):
        raise ConfigError(f'{source}: quotas must be a table or "off"', remedy="correct the value")
    quotas: dict[str, tuple[Limit, ...]] = {}
    for name, rows in data.items():
        where = f"{source}: quotas.{name!r}"
        if not isinstance(rows, list) or not rows:
            raise ConfigError(f"{where} must be a list of limits", remedy="e.g. [{ limit = 60, window_s = 60 }]")
        quotas[name] = tuple(_parse_limit(row, where=where) for row in rows)
    return quotas


def _parse_limit(row: Any, *, where: str) -> Limit:
    if not isinstance(row, Mapping) or not {"limit", "window_s"} <= set(row) <= {"limit", "window_s", "key"}:
        raise ConfigError(f"{where}: a limit has the keys limit, window_s and optionally key", remedy="correct the row")
    requests, window_s, key = row["limit"], row["window_s"], row.get("key")
    if type(requests) is not int or requests < 1:
        raise ConfigError(f"{where}: limit must be a whole number from 1, not {requests!r}", remedy="correct the value")
    if isinstance(window_s, bool) or not isinstance(window_s, int | float) or not 0 < window_s < math.inf:
        raise ConfigError(f"{where}: window_s must be seconds above 0, not {window_s!r}", remedy="correct the value")
    if key is not None and not isinstance(key, str):
        raise ConfigError(f"{where}: key must be text, not {key!r}", remedy="correct the value")
    return Limit(requests, float(window_s), key)


@attrs.frozen(kw_only=True)
class Settings:
    """All settings of a session in one value. `repr` shows no secret."""

    url: str = attrs.field(converter=base_url)
    auth: Auth
    tuning: Tuning = attrs.field(factory=Tuning)

    def __attrs_post_init__(self) -> None:
        if self.auth.is_for_sandbox and is_of_domain(urlsplit(self.url).hostname or "", API_DOMAINS):
            raise ConfigError(
                f"the token is a sandbox's, but the host is the vendor's: {self.url}",
                remedy=f"set {HOST_VARIABLE} to the sandbox's URL, or {TOKEN_VARIABLE} to a token of your workspace",
            )

    @classmethod
    def from_env(
        cls, *, tuning: Tuning | None = None, environ: Mapping[str, str] | None = None, needs_token: bool = True
    ) -> Settings:
        """Read WORKATO_API_TOKEN and WORKATO_HOST (URL or data-center name; default us) now.

        `needs_token`: False for a client that sends nothing.
        Raises: ConfigError naming the missing variable.
        """
        environ = os.environ if environ is None else environ
        token = environ.get(TOKEN_VARIABLE, "") or ("" if needs_token else _NO_TOKEN)
        if not token:
            raise ConfigError("no API token", remedy=f"set the environment variable {TOKEN_VARIABLE}")
        return cls(
            url=environ.get(HOST_VARIABLE) or "us",
            auth=Auth(token=Secret(token)),
            tuning=tuning or Tuning(),
        )
