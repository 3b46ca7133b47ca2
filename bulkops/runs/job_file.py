"""`JobFile`: the data of a job file, and the place of each key for errors."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, Self

import attrs

from bulkops.close_match import did_you_mean
from bulkops.errors import BulkopsError, ConfigError, InputError
from bulkops.masking import looks_secret

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")
MAX_BYTES: Final = 1024 * 1024


@attrs.frozen
class JobFile:
    """A parsed job file. Sections are named as their headers: "policy", "operation 2" for the second [[operation]]."""

    path: Path
    data: Mapping[str, Any]
    _places: Mapping[tuple[str, str], tuple[int, int]]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises: InputError naming the file, and the line where it is not TOML."""
        try:
            if path.stat().st_size > MAX_BYTES:
                raise InputError(
                    f"{path} is larger than a job file can be ({MAX_BYTES} bytes)", remedy="check the path"
                )
            text = path.read_text(encoding="utf-8-sig")
            data = tomllib.loads(text)
        except OSError as error:
            raise InputError(f"cannot read the job file {path}: {error.strerror}", remedy="check the path") from error
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not UTF-8 text", remedy="save it as UTF-8") from error
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise InputError(f"{path} is not valid TOML: {error}", remedy="correct the line") from error
        return cls(path, data, _locate(text))

    def refuse(self, section: str, key: str, what: str, *, remedy: str) -> NoReturn:
        """Raise ConfigError pointing at the key, or its section's header, or at the file."""
        place = self._places.get((section, key)) or self._places.get((section or key, ""))
        where = self.path.name if place is None else f"{self.path.name}, line {place[0]}, column {place[1]}"
        name = " ".join(filter(None, (section and f"[{section}]", key)))
        raise ConfigError(f"{where}: {name}: {what}", remedy=remedy)

    @contextmanager
    def pointing_at(self, section: str, key: str) -> Iterator[None]:
        """Raises: ConfigError at the key, for an error of ours."""
        try:
            yield
        except BulkopsError as error:
            self.refuse(section, key, error.message, remedy=error.remedy or "correct the value")

    def check_keys(self, section: str, keys: Mapping[str, Any], known: Collection[str]) -> None:
        """Raises: ConfigError for the first unknown key, with its own message for a plain secret."""
        for key in keys:
            if key in known:
                continue
            if looks_secret(key):
                self.refuse(
                    section,
                    key,
                    "a job file must not contain a secret",
                    remedy="put the token into WORKATO_API_TOKEN, and credentials into the file that `from` names",
                )
            remedy = did_you_mean(key, known) or f"known: {', '.join(sorted(known))}"
            self.refuse(section, key, "unknown key", remedy=remedy)

    def check_kind(self, section: str, key: str, value: object, kinds: Collection[str]) -> None:
        """Raises: ConfigError when the value has none of the kinds (as in `Parameter`); True is not a number."""
        types = tuple(kind for name in kinds for kind in _KINDS[name][0])
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            wanted = " or ".join(_KINDS[name][1] for name in kinds)
            self.refuse(section, key, f"{_shown(value)} is not {wanted}", remedy=f"write {wanted}")

    def resolve(self, text: str) -> str:
        """A path from the file, resolved relative to it."""
        return str(self.path.parent / text)


_KINDS: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "str": ((str,), "text"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "dict": ((dict,), "a table"),
    "list": ((list,), "a list of texts"),
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _locate(text: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Line and column, from 1, of each key by (section, key); the key "" is the section's header. Only for messages;
    tomllib parses the file.
    """
    places: dict[tuple[str, str], tuple[int, int]] = {}
    section, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), start=1):
        place = number, len(line) - len(line.lstrip()) + 1
        header = _HEADER.match(line)
        if header is not None:
            section = header[2].strip("\"'")
            if header[1] == "[[":
                counts[section] = counts.get(section, 0) + 1
                section = f"{section} {counts[section]}"
            places.setdefault((section, ""), place)
            continue
        key = _KEY.match(line)
        if key is not None:
            places.setdefault((section, key[1] or key[2] or key[3]), place)
            if not section:
                places.setdefault((key[1] or key[2] or key[3], ""), place)
    return places
