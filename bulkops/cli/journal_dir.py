"""Where runs are written down: the directory that --journal means."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

DEFAULT_JOURNAL: Final = "./.bulkops"


def journal_flag(journal: str) -> str:
    """What a command that is to be typed next needs to find this journal: nothing for the default one."""
    return "" if journal == DEFAULT_JOURNAL else f" --journal {shlex.quote(journal)}"


def exists(journal: str) -> bool:
    """Whether there is something to open; one that does not exist yet has no runs, which is no error."""
    from bulkops.journal.schema import FILE_NAME

    path = Path(journal)
    return path.exists() and (not path.is_dir() or (path / FILE_NAME).exists())
