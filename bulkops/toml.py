"""TOML files, with errors in words."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from bulkops.errors import ConfigError


def read_toml(path: str | Path, what: str) -> dict[str, Any]:
    """The data of a file. `what`: "the client file". Raises: ConfigError naming the file."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"cannot read {what} {path}: {reason}", remedy="check the path") from error
    return parse_toml(text, f"{what} {path}")


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """The data of a text. Raises: ConfigError naming the source."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{source} is not valid TOML: {error}", remedy="correct the file") from error
