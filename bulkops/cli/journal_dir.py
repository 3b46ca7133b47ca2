"""The journal directory: default and existence."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

DEFAULT_JOURNAL: Final = "./.bulkops"


def journal_flag(journal: str) -> str:
    """The --journal flag for a suggested command; empty for the default directory."""
    return "" if journal == DEFAULT_JOURNAL else f" --journal {shlex.quote(journal)}"


def exists(journal: str) -> bool:
    """Whether the journal exists. A missing one has no runs, which is not an error."""
    from bulkops.journal.schema import FILE_NAME

    path = Path(journal)
    return path.exists() and (not path.is_dir() or (path / FILE_NAME).exists())
