"""Frozen settings: host, credentials, quotas and timeouts. Nothing is read at import.

Precedence, highest first: argument > client file > environment > default. `None` means "no limit";
"not given" is the absence of the argument.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import attrs

from bulkops.client_file import data_of, read_beside, read_client_file, values_of
from bulkops.errors import ConfigError
from bulkops.hosts import API_DOMAINS, TOKEN_VARIABLE, base_url, is_of_domain
from bulkops.parameters import parameter
from bulkops.rate_limit import Limit
from bulkops.secret import Secret
from bulkops.toml import parse_toml
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

HOST_VARIABLE: Final = "WORKATO_HOST"

SANDBOX_TOKEN: Final = "sandbox-"  # noqa: S105 - the start of a token
"""Prefix of a sandbox's tokens. Such a token is never sent to the vendor."""


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
    `only_projects`: whether every folder directly under Home is a project. False: one that is not among the projects is
    also looked for among the folders, whose quota is narrower.
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
    only_projects: bool = attrs.field(default=True, validator=is_bool)

    @classmethod
    def beside(cls, client_file: str | Path | None) -> Tuning:
        """The client file, over the table [client] of the `vendor.toml` in its directory; None: of the one in the
        working directory, if there is one. `bulkops doctor --learn` writes that file.

        Raises: ConfigError.
        """
        tuning = cls()
        data: dict[str, Any] = {}
        for source, table in read_beside(client_file):
            data |= table
            tuning = cls.from_mapping(data, source=source)
        return tuning

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
        return cls.from_mapping(read_client_file(path), source=str(path))

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, source: str) -> Tuning:
        """The inverse of `to_mapping`. Raises: ConfigError naming the source and the key."""
        values = values_of(data, known={field.name for field in attrs.fields(cls)}, source=source)
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            words = str(error.args[0]) if error.args else str(error)  # without the attribute that attrs names after it
            raise ConfigError(f"{source}: {words}", remedy="correct the value") from error

    def to_mapping(self) -> dict[str, Any]:
        """Plain JSON/TOML data with only what differs from the defaults."""
        default = attrs.asdict(type(self)(), recurse=False)
        given = attrs.asdict(self, recurse=False)
        return data_of({name: value for name, value in given.items() if value != default[name]})


@attrs.frozen(kw_only=True)
class ClientFile:
    """Source of a `Tuning`; None: the defaults."""

    client_file: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "TOML file with your own quotas and timeouts (a sandbox writes one).", metavar="FILE", file=True
        ),
    )


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
