"""Texts of an operation that each account fills in from its own row of the account file: "{email}"."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bulkops.errors import ConfigError, TaskFailed
from bulkops.masking import register
from bulkops.resources.generic import from_text
from bulkops.secret import Secret
from bulkops.steps import Context


def check_words(name: str, template: str) -> None:
    """Raises: ConfigError naming the parameter, for one that is blank or has braces without a column name."""
    if not template.strip():
        raise ConfigError(f"{name} is empty", remedy="give it, or leave it out")
    if set(without_references(template)) & set("{}"):
        raise ConfigError(
            f"{name} = {template!r} has braces without a column name",
            remedy="write {column} for a column of the account file",
        )
    check_sources(template)


def fill(template: str, ctx: Context) -> str:
    """The text for this account. Raises: TaskFailed when the account's row has nothing in a column."""
    return str(fill_in("str", template, ctx.params, ctx.account.id)).strip()


ACCOUNT_WORD: Final = "account"

_REFERENCE: Final = re.compile(r"\{(?:(env|file):([^{}]+)|([^\W\d][\w .-]*))\}")


def refers(template: object) -> bool:
    """Whether the text has references."""
    return isinstance(template, str) and _REFERENCE.search(template) is not None


def columns_of(template: object) -> set[str]:
    """The columns of the account file that it names."""
    found = _REFERENCE.finditer(template) if isinstance(template, str) else ()
    return {reference[3] for reference in found if reference[3] not in {None, ACCOUNT_WORD}}


def without_references(template: str) -> str:
    """What is the same for every account."""
    return _REFERENCE.sub("", template)


def anchored(template: Any) -> Any:
    """The template with absolute file names, because a resume may start in another directory."""
    if not isinstance(template, str):
        return template
    return _REFERENCE.sub(
        lambda found: f"{{file:{Path(found[2]).absolute()}}}" if found[1] == "file" else found[0], template
    )


def check_sources(template: object) -> None:
    """Raises: ConfigError when the environment or a file that it names has nothing."""
    if isinstance(template, str):
        for found in _REFERENCE.finditer(template):
            if found[1]:
                from_outside(found[1], found[2])


def is_secret_reference(text: object) -> bool:
    """Whether it is a lone {env:NAME} or {file:PATH}, which names a secret without having it."""
    found = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
    return found is not None and found[1] is not None


def secret_in(name: str, reference: str) -> Secret:
    """The secret behind a lone {env:NAME} or {file:PATH}.

    Raises: ConfigError for any other text, which it does not repeat; as `check_sources`.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None or not found[1]:
        raise ConfigError(f"{name} is not a reference to a secret", remedy="write {env:NAME} or {file:PATH}")
    return Secret(from_outside(found[1], found[2]))


def secrets_in(template: object) -> dict[str, str]:
    """Texts that come from the environment and from files, whole and, where one is JSON, each text in it: what must not
    be written down, by a name of its own."""
    found: list[str] = []
    if isinstance(template, str):
        for reference in _REFERENCE.finditer(template):
            if reference[1]:
                whole = from_outside(reference[1], reference[2])
                found.append(whole)
                _each_text(from_text("object", whole), found.append)
    return {str(place): text for place, text in enumerate(found)}


def fill_in(type_: str, template: object, columns: Mapping[str, str], account: str) -> Any:
    """The value for one account. A lone reference may stand for anything of the type, `{tags}` for a list; inside an
    object or list only texts are filled, so that a quote in a column cannot break out of it.

    Raises: TaskFailed for a column that is empty or not there; ConfigError as `check_sources`.
    """
    if not isinstance(template, str):
        return template

    def replaced(found: re.Match[str]) -> str:
        if found[1]:
            return from_outside(found[1], found[2])
        return account if found[3] == ACCOUNT_WORD else _column(columns, found[3])

    if _REFERENCE.fullmatch(template):
        return from_text(type_, _REFERENCE.sub(replaced, template))
    tree = from_text(type_, template)
    return _each_text(tree, lambda text: _REFERENCE.sub(replaced, text))


def _each_text(tree: Any, change: Any) -> Any:
    if isinstance(tree, str):
        return change(tree)
    if isinstance(tree, list):
        return [_each_text(part, change) for part in tree]
    if isinstance(tree, dict):
        return {name: _each_text(part, change) for name, part in tree.items()}
    return tree


def _column(columns: Mapping[str, str], name: str) -> str:
    if not columns.get(name):
        raise TaskFailed(
            f"column {name!r} of the account file is empty",
            failure_class="column-missing",
            remedy="fill the column for this account",
        )
    return columns[name]


def from_outside(kind: str, name: str, directory: Path = Path()) -> str:
    """The environment variable ("env") or the text of the file of that name. Raises: ConfigError."""
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise ConfigError(f"environment variable {name} is not set", remedy=f"set {name}")
    else:
        try:
            value = (directory / name).read_text(encoding="utf-8-sig").rstrip("\r\n")
        except (OSError, ValueError) as error:  # not UTF-8, or no name for a file
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise ConfigError(f"cannot read {name}: {reason}", remedy="check the path") from error
    register(value)
    return value
