"""`Location`: where a journal is, as `--journal`, BULKOPS_JOURNAL and the library take it."""

from __future__ import annotations

import os
import shlex
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from bulkops.clock import Clock
from bulkops.errors import ConfigError
from bulkops.journal.sqlite import schema
from bulkops.journal.sqlite.store import open_store
from bulkops.journal.store import Store
from bulkops.postgres import DatabaseUrl, is_database_url, require_driver

DEFAULT_DIRECTORY: Final = "./.bulkops"
VARIABLE: Final = "BULKOPS_JOURNAL"


class Location(ABC):
    """A directory with an SQLite file, or a PostgreSQL database. `str()` is for messages and never shows a password."""

    @staticmethod
    def of(text: AnyLocation) -> Location:
        """A directory, or the URL of a database. Raises: ConfigError for a malformed URL, without its password, and for
        anything else."""
        if isinstance(text, Location):
            return text
        if not isinstance(text, str | Path):
            raise ConfigError(
                f"the journal must be a directory or a URL, not {text!r}", remedy="give a path, or postgresql://..."
            )
        if isinstance(text, str) and is_database_url(text):
            return DatabaseLocation(DatabaseUrl.parse(text), text == os.environ.get(VARIABLE))
        return DirectoryLocation(str(text))

    @staticmethod
    def ambient() -> Location:
        """Of a command without --journal: BULKOPS_JOURNAL, or the default directory."""
        return Location.of(os.environ.get(VARIABLE) or DEFAULT_DIRECTORY)

    @abstractmethod
    def __str__(self) -> str: ...

    @property
    @abstractmethod
    def argument(self) -> str | None:
        """The value of --journal for a suggested command; None if the command finds the journal without it."""

    @property
    def flag(self) -> str:
        """The --journal flag for a suggested command, with a space before it; empty if it needs none."""
        return "" if self.argument is None else f" --journal {shlex.quote(self.argument)}"

    @property
    @abstractmethod
    def absolute(self) -> str:
        """The value of BULKOPS_JOURNAL for another program. It has no password."""

    @property
    @abstractmethod
    def directory(self) -> Path | None:
        """Its directory; None for a database."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether a journal may be there. A missing one has no runs, which is not an error."""

    @abstractmethod
    def open_store(self, *, read_only: bool, clock: Clock) -> Store:
        """Open it. Blocks. Raises: JournalError."""

    @abstractmethod
    def compact(self) -> None:
        """Give the space of deleted rows back. Blocks. Raises: JournalError."""


AnyLocation: TypeAlias = Location | Path | str
"""A directory by its path, a database by its URL, or a location."""


@attrs.frozen
class DirectoryLocation(Location):
    text: str
    """As the user wrote it."""

    def __str__(self) -> str:
        return self.text

    @property
    def path(self) -> Path:
        return Path(self.text)

    @property
    def argument(self) -> str | None:
        here = Path.cwd()
        directory = self.path.absolute()
        if directory == here / DEFAULT_DIRECTORY:
            return None
        is_below = not self.path.is_absolute() and directory.is_relative_to(here)
        return str(directory.relative_to(here) if is_below else directory)

    @property
    def absolute(self) -> str:
        return str(self.path.absolute())

    @property
    def directory(self) -> Path:
        return self.path

    def exists(self) -> bool:
        try:
            return self.path.exists() and (not self.path.is_dir() or schema.exists(self.path))
        except OSError:  # forbidden, or too long a name: opening it says so
            return True

    def open_store(self, *, read_only: bool, clock: Clock) -> Store:
        return open_store(self.path, read_only=read_only, clock=clock)

    def compact(self) -> None:
        schema.compact(self.path)


@attrs.frozen
class DatabaseLocation(Location):
    """`is_ambient`: BULKOPS_JOURNAL has the same URL, so that commands need no flag."""

    url: DatabaseUrl
    is_ambient: bool = False

    def __str__(self) -> str:
        return self.url.place

    @property
    def argument(self) -> str | None:
        return None if self.is_ambient else self.absolute

    @property
    def absolute(self) -> str:
        return self.url.without_password

    @property
    def directory(self) -> None:
        return None

    def exists(self) -> bool:
        return True

    def open_store(self, *, read_only: bool, clock: Clock) -> Store:
        require_driver()
        from bulkops.journal.postgres.store import open_store as open_database  # noqa: PLC0415 - an extra

        return open_database(self.url, read_only=read_only, clock=clock)

    def compact(self) -> None:
        """Nothing: the database's autovacuum does it."""
