"""Logging: structlog set-up for the command line, without secrets and without control characters.

A library never configures logging: it logs through `get_logger`, and only the command line calls `configure`.
"""

from __future__ import annotations

import json as json_text
import logging
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final, TextIO

from bulkops.secret import MASK, looks_secret, masked

LEVELS: Final[Mapping[str, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

# C0 and C1 controls, DEL, lone surrogates, and the marks that turn the direction of text or hide in it: a customer's
# name must neither move the cursor nor change how "failed" reads. Source: ECMA-48, Unicode bidi classes.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_MANY_LINES: Final = frozenset({"exception", "stack"})
_OURS: Final = frozenset({"level", "timestamp", "request_id"})
"""Values that are made here, each time another one: to look for secrets in them would only cost."""


def neutral(text: str) -> str:
    r"""The text with characters that control a terminal made visible; line ends and tabs stay.

    >>> neutral("a\x1b[31mb\r")
    'a\\x1b[31mb\\r'
    """
    return _UNSAFE.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def neutral_json(text: str) -> str:
    """The same JSON with unsafe characters inside its texts as JSON escapes."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


class _Redacted(dict[str, Any]):
    """An event that was redacted; so is its copy, which structlog's formatter makes."""

    def copy(self) -> _Redacted:
        return _Redacted(self)

    def __str__(self) -> str:
        """For handlers that know no structlog, such as the one that Python has for warnings."""
        values = [f"{key}={value}" for key, value in self.items() if key not in {"event", *_OURS, *_MANY_LINES}]
        blocks = [self[key] for key in _MANY_LINES & self.keys()]
        return "\n".join([_in_line(" ".join([self["event"], *values])), *map(neutral, blocks)])


class Redaction:
    """A structlog processor that masks values under secret-looking keys, and secrets anywhere else."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secrets)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if isinstance(event, _Redacted) and not self._secrets:
            return event
        return _Redacted(
            {
                key: value if key in _OURS and type(value) is str else self._under(key, value)
                for key, value in event.items()
            }
        )

    def _under(self, key: object, value: Any) -> Any:
        if value is None:
            return None
        if key != "event" and looks_secret(str(key)):
            return MASK
        return masked(value, self._secrets) if type(value) is str else self._clean(value)  # most are texts

    def _clean(self, value: Any) -> Any:
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return masked(value, self._secrets)
            case Mapping():
                return {
                    self._clean(repr(key) if isinstance(key, tuple | frozenset) else key): self._under(key, inner)
                    for key, inner in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self._clean(inner) for inner in value]
            case _:  # bytes, exceptions, records: what a renderer would make of them
                return masked(repr(value), self._secrets)


class Logger:
    """Logs events through the standard library's logger `name`; silent without a handler. It needs no configuration.

    A program that uses bulkops as a library gets warnings as from any other library. It gets debug events if it sets
    the level of "bulkops" and gives its handler structlog's ProcessorFormatter. structlog, which imports rich where it
    is installed, is imported for the first event that a handler receives. Its processors are called from here: its
    loggers and the search for the caller's line took half of an event's time.
    """

    def __init__(self, name: str) -> None:
        self._receiver = logging.getLogger(name)
        self._processors: Sequence[Any] = ()

    def is_enabled_for(self, level: str) -> bool:
        return self._receiver.isEnabledFor(LEVELS[level])

    def debug(self, event: str, **values: Any) -> None:
        self._log("debug", event, values)

    def info(self, event: str, **values: Any) -> None:
        self._log("info", event, values)

    def warning(self, event: str, **values: Any) -> None:
        self._log("warning", event, values)

    def error(self, event: str, **values: Any) -> None:
        self._log("error", event, values)

    def exception(self, event: str, **values: Any) -> None:
        """An error, with the traceback of the exception that is being handled."""
        self._log("error", event, {**values, "exc_info": True})

    def _log(self, level: str, event: str, values: Mapping[str, Any]) -> None:
        if not self.is_enabled_for(level):
            return
        if not self._processors:
            self._processors = _processors()
        logged: Any = {**values, "event": event}
        for process in self._processors:
            logged = process(self._receiver, level, logged)
        extra = {"_logger": self._receiver, "_name": level}  # by which ProcessorFormatter knows an event
        record = self._receiver.makeRecord(self._receiver.name, LEVELS[level], "", 0, logged, (), None, extra=extra)
        self._receiver.handle(record)


def get_logger(name: str) -> Logger:
    return Logger(name)


def _processors() -> Sequence[Any]:
    import structlog  # noqa: PLC0415 - see Logger

    return (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        Redaction(),  # after everything that makes text, tracebacks included
    )


def configure(level: str, *, json: bool, stream: TextIO, colors: bool = False, secrets: Iterable[str] = ()) -> None:
    """Send events of at least `level` to `stream`, one line each: JSON, or key=value for people. Replaces what an
    earlier call set up.

    Raises: ValueError for an unknown level, naming the known ones.
    """
    if level.lower() not in LEVELS:
        raise ValueError(f"{level!r} is not a log level: use one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(json=json, colors=colors, secrets=secrets))
    root = logging.getLogger("bulkops")
    root.handlers = [handler]
    root.setLevel(LEVELS[level.lower()])
    root.propagate = False


class _Formatter(logging.Formatter):
    """structlog's, made for the first line: most runs log nothing."""

    def __init__(self, *, json: bool, colors: bool, secrets: Iterable[str]) -> None:
        super().__init__()
        self._json, self._colors, self._redact = json, colors, Redaction(secrets)
        self._formatter: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, _Redacted):
            record.msg = self._redact(None, "", record.msg)  # in the record: logging prints it if the write fails
            if self._json:
                return json_text.dumps(record.msg)  # without structlog's copy of the record
        if self._formatter is None:
            self._formatter = self._made()
        return self._formatter.format(record)

    def _made(self) -> logging.Formatter:
        import structlog  # noqa: PLC0415 - see Logger

        return structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                self._redact,  # after everything that makes text, tracebacks included
                structlog.processors.JSONRenderer() if self._json else _console(self._colors),
            ],
        )


def _console(colors: bool) -> Any:
    """A renderer for people; values cannot break out of their line or steer the terminal."""
    import structlog  # noqa: PLC0415 - see Logger

    render = structlog.dev.ConsoleRenderer(
        colors=colors, force_colors=colors, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )

    def console(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        safe = {
            key: value if not isinstance(value, str) else neutral(value) if key in _MANY_LINES else _in_line(value)
            for key, value in event.items()
        }
        return render(logger, method, safe)

    return console


def _in_line(text: str) -> str:
    return neutral(text).replace("\n", "\\n")
