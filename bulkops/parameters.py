"""Parameters: attrs fields with help and flags, from which commands, job files and pages are generated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import attrs

from bulkops.errors import ConfigError

OFF: Final = "off"
"""The text for None (no limit) in flags and job files."""

_DECLARED: Final = "parameter"
_KINDS: Final[Mapping[str, str]] = {"bool": "bool", "int": "int", "float": "float", "tuple": "list", "Mapping": "dict"}
"""Type in a job file, by the first word of an annotation; anything else is text."""


def parameter(
    help: str,  # noqa: A002 - the name in click and argparse
    *,
    key: str | None = None,
    flag: str | None = None,
    metavar: str = "TEXT",
    choices: Iterable[str] = (),
    unset: str | None = None,
    instead_of: str | None = None,
    only_with: tuple[str, str] | None = None,
    needed_with: tuple[str, str] | None = None,
    template: bool = False,
    file: bool = False,
    off: bool = False,
    duration: bool = False,
    identity: bool = True,
) -> dict[str, Any]:
    """Metadata that makes an attrs field a parameter: `attrs.field(metadata=parameter("Name.", template=True))`.

    Args:
        help: a noun phrase or sentence, as `--help` shows it.
        key: name in a job file, where it is not the field's; "" for an option that no job file has.
        flag: the option, where it is not `--` and the key; "-p/--param" for two names, "" for job files only, a word
            without dashes for an argument.
        metavar: what stands for the value in the help.
        choices: the only values.
        unset: what counts without a value, in words; needed where that is not the field's default.
        instead_of: field of which a command takes exactly this one or that one.
        only_with, needed_with: another field and its value, without which it is refused, or with which it is required.
        template: columns of the account file are filled in: "{email}".
        file: a path; in a job file it is relative to the job file.
        off: "off" is written for None.
        duration: seconds, or text such as "10m".
        identity: an operation with another value is another operation.
    """
    return {
        _DECLARED: {
            "help": help,
            "key": key,
            "flag": flag,
            "metavar": metavar,
            "choices": tuple(choices),
            "unset": unset,
            "instead_of": instead_of,
            "only_with": only_with,
            "needed_with": needed_with,
            "is_template": template,
            "is_file": file,
            "may_be_off": off,
            "is_duration": duration,
            "is_identity": identity,
        }
    }


@attrs.frozen(kw_only=True)
class Parameter:
    """One parameter. `name`: of the constructor's argument; the rest as in `parameter`.

    `kinds`: names of the types that a job file may hold; `flags`: names of the option, or of the argument.
    """

    name: str
    kinds: tuple[str, ...]
    key: str
    flags: tuple[str, ...]
    help: str
    metavar: str = "TEXT"
    default: Any = None
    is_required: bool = False
    choices: tuple[str, ...] = ()
    unset: str | None = None
    instead_of: str | None = None
    only_with: tuple[str, str] | None = None
    needed_with: tuple[str, str] | None = None
    is_template: bool = False
    is_file: bool = False
    may_be_off: bool = False
    is_duration: bool = False
    is_identity: bool = True

    @classmethod
    def of(cls, field: attrs.Attribute[Any]) -> Parameter:
        """The parameter declared on a field."""
        declared = dict(field.metadata[_DECLARED])
        key, flag = declared.pop("key"), declared.pop("flag")
        key = field.name if key is None else key
        flags = (f"--{key.replace('_', '-')}",) if flag is None else tuple(filter(None, flag.split("/")))
        kinds = _kinds(str(field.type))
        if declared["may_be_off"] or declared["is_duration"]:
            kinds += ("str",)
        return cls(
            name=field.name,
            kinds=tuple(dict.fromkeys(kinds)),
            default=field.default if isinstance(field.default, str | int | float) else None,
            is_required=field.default is attrs.NOTHING,
            key=key,
            flags=flags,
            **declared,
        )

    @property
    def default_words(self) -> str | None:
        """Text of the default; None: not shown."""
        if self.unset is not None or isinstance(self.default, bool | None):
            return self.unset
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def check_choice(self, value: object) -> None:
        """Raises: ConfigError for a value outside the choices."""
        if self.choices and value is not None and value not in self.choices:
            *most, last = self.choices
            raise ConfigError(
                f"{self.key} must be {', '.join(map(repr, most))} or {last!r}, not {value!r}",
                remedy=f"use {', '.join(most)} or {last}",
            )


def _kinds(annotation: str) -> tuple[str, ...]:
    first_words = (re.match(r"\w+", part) for part in annotation.split(" | ") if part != "None")
    return tuple(_KINDS.get(word[0], "str") for word in first_words if word is not None)


def parameters_of(cls: type[Any]) -> tuple[Parameter, ...]:
    """The declared parameters of an attrs class, in its order; empty for another class."""
    return _declared(cls) if attrs.has(cls) else ()


@cache
def _declared(cls: Any) -> tuple[Parameter, ...]:
    return tuple(Parameter.of(field) for field in attrs.fields(cls) if _DECLARED in field.metadata)


def check_choices(declared: object) -> None:
    """Raises: ConfigError for the first parameter with a value outside its choices."""
    for one in parameters_of(type(declared)):
        one.check_choice(getattr(declared, one.name))


def values_for(cls: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for the constructor from what was given by key; None is not given, "off" becomes None."""
    return {
        one.name: None if one.may_be_off and given[one.key] == OFF else given[one.key]
        for one in parameters_of(cls)
        if given.get(one.key) is not None
    }
