"""Logging: structlog set-up for the command line, without secrets and without control characters.

A library never configures logging: it logs through `get_logger`, and only the command line calls `configure`.
"""

from __future__ import annotations

import json as json_text
import logging
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any, Final, TextIO

from bulkops.masking import MASK, looks_secret, masked

LEVELS: Final[Mapping[str, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

_ROOT: Final = logging.getLogger("bulkops")

# C0 and C1 controls, DEL, lone surrogates, and the marks that turn the direction of text or hide in it: a customer's
# name must neither move the cursor nor change how "failed" reads. Source: ECMA-48, Unicode bidi classes.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_MANY_LINES: Final = frozenset({"exception", "stack"})
_OURS: Final = frozenset({"level", "timestamp", "request_id"})
"""Values that are made here, each time another one: to look for secrets in them would only cost."""
_PLAIN: Final = frozenset({bool, int, float, type(None)})
"""Types of values that hold no text."""


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


@lru_cache(maxsize=256)
def _secret_keys(keys: tuple[str, ...]) -> Sequence[str]:
    """Keys of an event whose values may be secrets. Events of one kind have the same keys."""
    return [key for key in keys if key != "event" and looks_secret(key)]


class Redaction:
    """A structlog processor that masks values under secret-looking keys, and secrets anywhere else."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secrets)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if isinstance(event, _Redacted) and not self._secrets:
            return event
        cleaned = _Redacted(event)
        for key, value in event.items():
            kind = type(value)
            if kind is str:
                if key not in _OURS:
                    cleaned[key] = masked(value, self._secrets)
            elif kind not in _PLAIN:
                cleaned[key] = self._clean(value)
        for key in _secret_keys(tuple(event)):
            if cleaned[key] is not None:
                cleaned[key] = MASK
        return cleaned

    def _under(self, key: object, value: Any) -> Any:
        return MASK if value is not None and looks_secret(str(key)) else self._clean(value)

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
    is installed, is imported for the first line that needs it.
    """

    def __init__(self, name: str) -> None:
        self._receiver = logging.getLogger(name)

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

    def _log(self, level: str, name: str, values: dict[str, Any]) -> None:
        receiver, number = self._receiver, LEVELS[level]
        if not receiver.isEnabledFor(number):
            return
        event = _complete(level, name, values)
        handler = _only_handler(receiver)
        if handler is not None:
            handler.write(event)
            return
        logged: Any = Redaction()(receiver, level, event)
        extra = {"_logger": receiver, "_name": level}  # by which ProcessorFormatter knows an event
        receiver.handle(receiver.makeRecord(receiver.name, number, "", 0, logged, (), None, extra=extra))


def get_logger(name: str) -> Logger:
    return Logger(name)


def _complete(level: str, name: str, values: dict[str, Any]) -> MutableMapping[str, Any]:
    """The event with what structlog's processors would add. They are not used: they took half of a line's time."""
    event = {**values, "event": name, "level": level, "timestamp": _timestamp()}
    if "structlog" in sys.modules:  # else nothing was bound
        import structlog  # noqa: PLC0415 - waits while another thread imports it

        structlog.contextvars.merge_contextvars(None, level, event)
    return _with_traceback(event) if "exc_info" in event else event


def _with_traceback(event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    import structlog  # noqa: PLC0415 - see Logger

    return structlog.processors.format_exc_info(None, "", event)


def _timestamp() -> str:
    """Now, in UTC."""
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_to_the_second(seconds)}.{microseconds:06}Z"


@lru_cache(maxsize=1)
def _to_the_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def configure(level: str, *, json: bool, stream: TextIO, colors: bool = False, secrets: Iterable[str] = ()) -> None:
    """Send events of at least `level` to `stream`, one line each: JSON, or key=value for people. Replaces what an
    earlier call set up.

    Raises: ValueError for an unknown level, naming the known ones.
    """
    if level.lower() not in LEVELS:
        raise ValueError(f"{level!r} is not a log level: use one of {', '.join(LEVELS)}")
    _ROOT.handlers = [_Handler(stream, _Formatter(json=json, colors=colors, secrets=secrets))]
    _ROOT.setLevel(LEVELS[level.lower()])
    _ROOT.propagate = False


class _Handler(logging.StreamHandler[TextIO]):
    """Writes events to a stream, without a record of logging for each: that took a quarter of a line's time."""

    def __init__(self, stream: TextIO, formatter: _Formatter) -> None:
        super().__init__(stream)
        self.setFormatter(formatter)
        self._line = formatter.line
        self._redact = formatter.redact

    def write(self, event: MutableMapping[str, Any]) -> None:
        redacted = self._redact(None, "", event)
        try:
            line = self._line(redacted) + self.terminator
            self.acquire()
            try:
                self.stream.write(line)
                self.flush()
            finally:
                self.release()
        except Exception:  # noqa: BLE001 - as logging does
            self.handleError(logging.makeLogRecord({"msg": redacted}))


def _only_handler(receiver: logging.Logger) -> _Handler | None:
    """The handler of `configure`, where no other one is to get the event."""
    handlers = _ROOT.handlers
    if len(handlers) != 1 or receiver.handlers or _ROOT.propagate or receiver.parent is not _ROOT:
        return None
    handler = handlers[0]
    return handler if isinstance(handler, _Handler) else None


class _Formatter(logging.Formatter):
    """Makes lines of events, and of records by others as structlog does."""

    def __init__(self, *, json: bool, colors: bool, secrets: Iterable[str]) -> None:
        super().__init__()
        self._colors = colors
        self.redact = Redaction(secrets)
        self.line: Callable[[Any], str] = _json_line if json else self._text_line

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, _Redacted):
            record.msg = self.redact(None, "", record.msg)  # in the record: logging prints it if the write fails
            return self.line(record.msg)
        return self._of_others.format(record)

    def _text_line(self, event: Mapping[str, Any]) -> str:
        return self._render(None, "", event)

    @cached_property
    def _render(self) -> Callable[..., str]:
        return _console(self._colors)

    @cached_property
    def _of_others(self) -> logging.Formatter:
        import structlog  # noqa: PLC0415 - see Logger

        return structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                self.redact,  # after everything that makes text, tracebacks included
                lambda _logger, _method, event: self.line(event),
            ],
        )


def _json_line(event: Mapping[str, Any]) -> str:
    """The event in ASCII, on one line."""
    try:
        encoded = _json_encode()(event)
    except (TypeError, ValueError, OverflowError):  # a lone surrogate, a key or a number that is not in JSON
        encoded = None
    if encoded is not None and encoded.isascii():
        return encoded.decode()
    return json_text.dumps(event, separators=(",", ":"))


@cache
def _json_encode() -> Callable[[object], bytes]:
    import msgspec  # noqa: PLC0415 - most runs log nothing

    return msgspec.json.Encoder().encode


def _console(colors: bool) -> Callable[..., str]:
    """A renderer for people; values cannot break out of their line or steer the terminal."""
    import structlog  # noqa: PLC0415 - see Logger

    render = structlog.dev.ConsoleRenderer(
        colors=colors, force_colors=colors, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )

    def console(logger: Any, method: str, event: Mapping[str, Any]) -> str:
        safe = {
            key: value if not isinstance(value, str) else neutral(value) if key in _MANY_LINES else _in_line(value)
            for key, value in event.items()
        }
        return render(logger, method, safe)

    return console


def _in_line(text: str) -> str:
    return neutral(text).replace("\n", "\\n")
