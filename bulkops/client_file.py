"""The client file: a user's own quotas and timeouts in TOML, read into the fields of `Tuning` and written from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bulkops.errors import ConfigError
from bulkops.rate_limit import Limit
from bulkops.toml import read_toml

VENDOR_FILE: Final = "vendor.toml"

_YES_OR_NO: Final = frozenset({"unlimited", "proxy_from_environment", "explore", "only_projects"})
_MAY_BE_INFINITE: Final = frozenset({"attempt_timeout_s", "connect_timeout_s", "call_timeout_s"})
_MAY_BE_OFF: Final = _MAY_BE_INFINITE | {"max_rate", "account_timeout_s", "run_timeout_s"}


def read_client_file(path: str | Path) -> dict[str, Any]:
    """The data of a client file. Raises: ConfigError."""
    return read_toml(path, "the client file")


def read_beside(client_file: str | Path | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Sources with their data, the weaker first: the table [client] of the `vendor.toml` beside the client file (None:
    in the working directory), then the client file.

    Raises: ConfigError.
    """
    learned = (Path(client_file).parent if client_file is not None else Path()) / VENDOR_FILE
    if learned.is_file():
        table = read_toml(learned, "the file").get("client", {})
        if not isinstance(table, dict):
            raise ConfigError(f"{learned}: client must be a table", remedy="write it again: bulkops doctor --learn")
        yield str(learned), table
    if client_file is not None:
        yield str(client_file), read_client_file(client_file)


def values_of(data: Mapping[str, Any], *, known: set[str], source: str) -> dict[str, Any]:
    """The values of the fields that `data` sets. Raises: ConfigError naming the source and the key."""
    for key in data:
        if key not in known:
            raise ConfigError(f"{source}: unknown key {key!r}", remedy=f"known keys: {', '.join(sorted(known))}")
    values = dict(data)
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
    return values


def data_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain JSON/TOML data of fields: the inverse of `values_of`."""
    data: dict[str, Any] = {}
    for name, value in values.items():
        if name == "quotas":
            data[name] = {quota: [_limit_row(limit) for limit in limits] for quota, limits in value.items()}
        elif name == "page_sizes":
            data[name] = dict(value)
        else:
            data[name] = "off" if value is None or value == math.inf else value  # JSON has no infinity
    return data


def _limit_row(limit: Limit) -> dict[str, Any]:
    row: dict[str, Any] = {"limit": limit.requests, "window_s": limit.window_s}
    return row | {"key": limit.key} if limit.key else row


def _parse_quotas(data: Any, *, source: str) -> dict[str, tuple[Limit, ...]]:
    if not isinstance(data, Mapping):
        raise ConfigError(f'{source}: quotas must be a table or "off"', remedy="correct the value")
    quotas: dict[str, tuple[Limit, ...]] = {}
    for name, rows in data.items():
        where = f"{source}: quotas.{name!r}"
        if not isinstance(rows, list) or not rows:
            raise ConfigError(f"{where} must be a list of limits", remedy="write [{ limit = 60, window_s = 60 }]")
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
