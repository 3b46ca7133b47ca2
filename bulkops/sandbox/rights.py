"""What the token's API client may not do: ids of calls, `*` in one for any letters."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from bulkops.catalogue import CALLS
from bulkops.errors import ConfigError


def is_denied(call_id: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(call_id, pattern) for pattern in patterns)


def check_patterns(patterns: Iterable[str]) -> None:
    """Each names a call or, with `*`, several. Raises: ConfigError with the nearest for one that names none."""
    for pattern in patterns:
        if not any(fnmatchcase(id_, pattern) for id_ in CALLS):
            close = difflib.get_close_matches(pattern, CALLS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else "`bulkops calls WORD` finds calls by words"
            raise ConfigError(f"sandbox: there is no call {pattern!r} to deny", remedy=hint)
