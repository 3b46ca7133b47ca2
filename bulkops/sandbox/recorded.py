"""Replies recorded elsewhere, which a sandbox gives in place of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.catalogue import CALLS
from bulkops.errors import ConfigError

FILE_NAME: Final = "replies.jsonl"


@attrs.frozen
class Recorded:
    """One recorded reply: its status and its whole body, envelope included."""

    status: int
    body: Any


def read_recorded(directory: str | Path) -> Mapping[str, Recorded]:
    """Replies by call id, as `bulkops doctor --learn --record DIR` wrote them. Raises: ConfigError."""
    path = Path(directory) / FILE_NAME
    found: dict[str, Recorded] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"cannot read {path}: {reason}", remedy="check the directory") from error
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            call_id, reply = row["call"], Recorded(int(row["status"]), row["body"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ConfigError(f"{path}, line {number}: not a recorded reply", remedy="record it again") from error
        if call_id not in CALLS:
            raise ConfigError(f"{path}, line {number}: unknown call {call_id!r}", remedy="record it again")
        found[call_id] = reply
    return found
