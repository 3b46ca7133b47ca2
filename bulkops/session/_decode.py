"""Decoder from bytes to models: strict about types, ignores unknown members, accepts the vendor's envelopes.

The first attempt decodes bytes directly into the model. Only if that fails, a second one decodes a tree: it unwraps
`{"result": ...}` and `{"data": ...}`, takes ids spelled as numeric strings, `Success` for `success`, and null for
"absent". Half of a surrogate pair in one name does not make a list unreadable: it becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from bulkops.catalogue import RetryClass
from bulkops.errors import ApiError, DecodeError, ErrorContext, OutcomeUnknown
from bulkops.logs import get_logger
from bulkops.models.members import INFORMATIVE_MEMBERS, INTEGER_MEMBERS
from bulkops.secret import Secret
from bulkops.session._context import Reply
from bulkops.session._status import verdict_error

T = TypeVar("T")

_OBJECT_WRAPPERS: Final = ("result", "data")
_LIST_WRAPPERS: Final = ("result", "data", "items", "assets", "tags")
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)
_NUMERIC: Final = re.compile(r"[0-9]{1,19}")
_PATH: Final = re.compile(r"\$[\w.\[\]]*")
_STEPS: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_INDEX: Final = re.compile(r"\[\d+\]")
_SURROGATES: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
"""An escaped backslash, a surrogate pair, or, as its group, half of one."""
_MOST_MISFITS: Final = 40
"""Members of unexpected types in one reply: a reply with more is not what the model describes."""

_warned: Final[set[tuple[str, str]]] = set()

log = get_logger("bulkops.session")

_PLACES: Final = re.compile(r"\[\d+\]|\(byte \d+\)|position \d+")


def decode_object(reply: Reply, type_: type[T]) -> T:
    """The one object in `reply`: bare, or in `{"result": {...}}` or `{"data": {...}}`.

    Raises: StatusError when it says `success: false` (unless the call's envelope is "verdict": then it is a result);
    DecodeError with the path of the field that does not fit. A call that must not be repeated raises OutcomeUnknown
    from it: the server has acted, but its result is lost.
    """
    if reply.call.envelope != "verdict":
        _refuse_verdict(reply)
    try:
        found: T = _object_decoder(_key(type_)).decode(reply.body)
    except _UNREADABLE:
        if _mended(reply):
            return decode_object(reply, type_)
        found = decode_tolerantly(reply, type_, _object_in)
    return found


def decode_list(reply: Reply, type_: type[T]) -> list[T]:
    """The rows in `reply`: a bare array, or one in `result`, `items` or `data`, or in one of those below another.

    Raises: as `decode_object`.
    """
    try:
        found = _rows_decoder(_key(type_)).decode(reply.body)
    except _UNREADABLE:
        if _mended(reply):
            return decode_list(reply, type_)
        _refuse_verdict(reply)
        return decode_tolerantly(reply, list[type_], _list_in)  # type: ignore[no-any-return, valid-type]  # a type at run time
    if found.is_refusal:
        _refuse_verdict(reply)
    rows: list[T] = found.result
    return rows


def facts_of(reply: Reply) -> ErrorContext:
    """What an error about `reply` carries."""
    return ErrorContext(
        call=reply.call.id,
        method=reply.call.method,
        path=reply.path,
        account=reply.account,
        attempt=reply.attempt,
        elapsed_s=reply.elapsed_s,
        request_id=reply.request_id,
        sent_at=reply.sent_at,
        is_read=reply.call.is_read,
    )


def decode_error(reply: Reply, reason: str) -> ApiError:
    """The error for an answer that does not fit: DecodeError, or OutcomeUnknown where repeating is not safe."""
    reason = reply.one_line(reason)
    cause = f"{reply.call.id}: unexpected response: {_PLACES.sub('', reason)}"
    remedy = "check with -v that WORKATO_HOST is the vendor's API; if it is, report this with the call's id"
    error = DecodeError(f"unexpected response: {reason}", cause=cause, remedy=remedy, **facts_of(reply))
    if reply.call.retry is not RetryClass.RECONCILE_FIRST:
        return error
    unknown = OutcomeUnknown(
        f"sent, but the response cannot be read: {reason}",
        cause=cause,
        remedy="check the account before you send it again",
        **facts_of(reply),
    )
    unknown.__cause__ = error
    return unknown


def _mended(reply: Reply) -> bool:
    """Replace escapes of lone surrogates, which no text can hold. Returns: whether there were any.

    Bytes that are not UTF-8 stay an error: the body is of another encoding then, and no name in it would be found.
    """
    body = _SURROGATES.sub(lambda found: rb"\ufffd" if found[1] else found[0], reply.body)
    is_changed = body != reply.body
    reply.body = body
    return is_changed


def _key(type_: type[T]) -> Hashable:
    """mypy does not take a generic class for hashable; every class is."""
    return type_  # type: ignore[return-value]


@cache
def _object_decoder(type_: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_, dec_hook=_own_types)


@cache
def _rows_decoder(type_: Hashable) -> msgspec.json.Decoder[Any]:
    """The usual form only, `{"result": [...]}`; the second attempt decodes the others."""
    fields = [("result", list[type_])]  # type: ignore[valid-type]  # a type at run time
    rows = msgspec.defstruct("Rows", fields, bases=(_Said,), kw_only=True)
    return msgspec.json.Decoder(rows, dec_hook=_own_types)


def _own_types(type_: type[Any], value: Any) -> Any:
    """A secret text in a response."""
    if type_ is not Secret:
        raise NotImplementedError(type_)
    if not isinstance(value, str):
        raise ValueError("Expected `str`")  # noqa: TRY004 - what the decoder takes for "does not fit"
    return Secret(value)


class _Said(msgspec.Struct):
    """Status members beside the payload. The overview page spells Success with a capital S."""

    success: Any = None
    capital: Any = msgspec.field(name="Success", default=None)

    @property
    def is_refusal(self) -> bool:
        return any(value is False or value == "false" for value in (self.success, self.capital))


class _Verdict(_Said):
    """And what it wraps."""

    result: msgspec.Raw = msgspec.Raw(b"")
    data: msgspec.Raw = msgspec.Raw(b"")


_VERDICT: Final = msgspec.json.Decoder(_Verdict)


def _refuse_verdict(reply: Reply) -> None:
    """Raise for `success: false`, at the top or inside the wrapper. Does nothing if the word is absent."""
    if b'uccess"' not in reply.body:
        return
    layer = reply.body
    try:
        while layer.lstrip()[:1] == b"{":
            verdict = _VERDICT.decode(layer)
            if verdict.is_refusal:
                raise verdict_error(
                    reply.status, msgspec.json.decode(layer), facts=facts_of(reply), one_line=reply.one_line
                )
            layer = bytes(verdict.result) or bytes(verdict.data)
    except _UNREADABLE:
        return  # decoding the payload reports what is wrong


def decode_tolerantly(reply: Reply, type_: Any, unwrap: Callable[[Any], tuple[Any, str]]) -> Any:
    """The second attempt. A member of another type than the model's is left out, with a warning, if operations do not
    need it.
    """
    place = "$"
    try:
        tree, place = unwrap(_tolerant(msgspec.json.decode(reply.body)))
        found, left_out = _without_misfits(tree, type_)
    except _UNREADABLE as error:
        reason = _reason(error, reply.body, place)
    else:
        for path in left_out:
            _warn(reply, place + _INDEX.sub("[]", path[1:]))
        return found
    raise decode_error(reply, reason)


def _without_misfits(tree: Any, type_: Any) -> tuple[Any, list[str]]:
    """The value, and the paths of members that were left out. Raises: msgspec.ValidationError."""
    misfit: msgspec.ValidationError | None = None
    left_out: list[str] = []
    for _ in range(_MOST_MISFITS):
        try:
            found = msgspec.convert(tree, type_, dec_hook=_own_types)
        except msgspec.ValidationError as error:
            misfit = error
            path = _PATH.search(str(error))
            if path is None or not _leave_out(tree, path.group()):
                break
            left_out.append(path.group())
        else:
            return found, left_out
    raise misfit or AssertionError("a misfit was found")


def _leave_out(tree: Any, path: str) -> bool:
    """Remove the member at a path, and from the other rows where it has the same type. Returns: whether it may be left
    out.
    """
    steps: list[str | int] = [name or int(index) for name, index in _STEPS.findall(path)]
    while steps and isinstance(steps[-1], int):
        steps.pop()
    if not steps or steps[-1] not in INFORMATIVE_MEMBERS:
        return False
    *way, name = steps
    owner = tree
    for step in way:
        owner = owner[step]
    kind = type(owner[name])
    for row in _alike(tree, way):
        if isinstance(row, dict) and type(row.get(name)) is kind:
            del row[name]
    return True


def _alike(tree: Any, way: Sequence[str | int]) -> Sequence[Any]:
    """Everything that the way leads to when each index in it is any index."""
    places = [tree]
    for step in way:
        if isinstance(step, int):
            places = [row for place in places if isinstance(place, list) for row in place]
        else:
            places = [place[step] for place in places if isinstance(place, dict) and step in place]
    return places


def _warn(reply: Reply, member: str) -> None:
    """Once for each member of each call."""
    if (reply.call.id, member) in _warned:
        return
    _warned.add((reply.call.id, member))
    log.warning(
        "unexpected type of a member: it is left out",
        call=reply.call.id,
        member=member,
        remedy="`bulkops doctor --learn` shows how this tenant differs",
    )


def _reason(error: Exception, body: bytes, place: str) -> str:
    """Why a body does not fit, without bytes of it; the path starts at the top of the body, above the wrapper."""
    if not body.strip():
        return "it is empty"
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    try:
        body.decode()
    except UnicodeDecodeError:  # asked here because the decoder's own error differs between its releases
        return "it is not UTF-8"
    reason = str(error)
    if place != "$" and isinstance(error, msgspec.ValidationError):
        return reason.replace("`$", f"`{place}") if "`$" in reason else f"{reason} - at `{place}`"
    return reason


def _object_in(tree: Any) -> tuple[Any, str]:
    if isinstance(tree, dict):
        for name in _OBJECT_WRAPPERS:
            if isinstance(tree.get(name), dict):
                return tree[name], f"$.{name}"
    return tree, "$"


def _list_in(tree: Any) -> tuple[Any, str]:
    place = "$"
    while isinstance(tree, dict):
        name = next((name for name in _LIST_WRAPPERS if isinstance(tree.get(name), list | dict)), None)
        if name is None:
            break
        tree, place = tree[name], f"{place}.{name}"
    return tree, place


def _tolerant(tree: Any) -> Any:
    """The tree without nulls, ids as integers, and `success` in its usual spelling."""
    if isinstance(tree, list):
        return [_tolerant(value) for value in tree]
    if not isinstance(tree, dict):
        return tree
    made = {
        name: _whole(value) if name in INTEGER_MEMBERS else _tolerant(value)
        for name, value in tree.items()
        if value is not None
    }
    if "Success" in made:
        made.setdefault("success", made["Success"])
    return made


def _whole(value: Any) -> Any:
    """Numeric texts as numbers, one or a list of them; the rest as it is."""
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, str) and _NUMERIC.fullmatch(value) else _tolerant(value)
