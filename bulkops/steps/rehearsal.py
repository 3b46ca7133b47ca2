"""`Rehearsal`: the step log of a plan. It records effects in place of sending them (contract C8)."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from bulkops.catalogue import Call
from bulkops.errors import BulkopsError, NotFound, WouldChange
from bulkops.journal import StepRow, StepState
from bulkops.session import Reply
from bulkops.steps.effect import NOT_PLANNED, Effect, Offline, as_json
from bulkops.steps.log import StepLog

T = TypeVar("T")

_NUMBER: Final = re.compile(r"(?: +\d+)+$")
_ONE: Final = re.compile(r" 1 (\w+)$")
_CUSTOMER: Final = "managed_users.get"
_IDS: Final = itertools.count(-1, -1)
_EMPTY_LISTS: Final[Mapping[str, bytes]] = {
    "array": b"[]",
    "list": b'{"result": []}',
    "data_list": b'{"data": []}',
    "items": b'{"items": []}',
    "result_items": b'{"result": {"items": []}}',
    "assets": b'{"result": {"assets": []}}',
    "result": b'{"result": {}}',
}
"""The answer of a list without rows, by the call's envelope."""
_PLANNED: Final = b'{"id": 0, "name": "", "running": false}'
"""The answer about one thing that only the plan knows."""


def planned_id() -> int:
    """An id for what a rehearsed effect would make: negative, each time another. The API has no such ids."""
    return next(_IDS)


def is_planned(value: object) -> bool:
    """Whether it is a `planned_id`."""
    return isinstance(value, int) and value < 0


class Rehearsal(StepLog):
    """The steps of one account in a plan: each is done at once, with the result that its author planned.

    Reads are sent. A read of something that only the plan knows (its id is a `planned_id`) is answered as an empty
    account would, and counted. So is every read after `begin_anew`, and every read of a rehearsal `offline`.
    `begins_effects`: whether to call an effect's function, which sends nothing, to learn which request it begins with.
    """

    def __init__(self, *, offline: Offline | None = None, **given: Any) -> None:
        super().__init__(**given)
        self.offline = offline
        self.begins_effects = False
        self._customer: bytes | None = None
        self._is_confirming = False
        self._changes: list[str] = []
        self._requests: defaultdict[str, float] = defaultdict(float)
        self._scope.stand_in = self._answer

    def take_changes(self) -> tuple[str, ...]:
        """The changes recorded since the last call, one phrase for each kind."""
        changes, self._changes = self._changes, []
        return _counted(changes)

    def take_requests(self) -> dict[str, float]:
        """Requests of each call, by catalogue id, that were counted and not sent since the last call."""
        counted, self._requests = self._requests, defaultdict(float)
        return dict(counted)

    def expect(self, requests: Mapping[str, float]) -> None:
        """Count requests of each call, by catalogue id, which a run sends and the rehearsal does not come to."""
        for call, count in requests.items():
            self._requests[call] += count

    def begin_anew(self, customer: Mapping[str, object]) -> None:
        """From here on the account is one that the plan would create, with these members of `customer`."""
        self._customer = msgspec.json.encode({**customer, "id": 0})
        self.is_new_account = True

    def reset(self, name: str) -> None:
        self._steps.pop(self.prefix + name, None)
        self._used.discard(self.prefix + name)

    async def ensure(
        self, name: str, find: Callable[[], Awaitable[Any]], effect: Effect, *, look_again: bool = False
    ) -> Any:
        if self.offline is None:
            return await super().ensure(name, find, effect, look_again=look_again)
        key = self._use(name)
        found = None
        with suppress(NotFound):
            found = await find()
        if found is None and self.offline is Offline.DONE:
            found = effect.planned
        return as_json(found, f"what step {key!r} found") if found is not None else await self._do(key, effect)

    async def look(self, find: Callable[[], Awaitable[T]], *, missing: T) -> T:
        """What `find` finds; offline, `missing`. Raises: WouldChange after a look that finds nothing to be done."""
        if self.offline is None:
            return await find()
        with suppress(NotFound):
            await find()
        if self.offline is Offline.DONE:
            raise WouldChange("nothing")
        return missing

    async def confirm(self, check: Callable[[], Awaitable[None]]) -> None:
        """Count the requests of the check: what it looks for would be there after the effects alone."""
        if self.offline is Offline.DONE:
            return
        self._is_confirming = True
        try:
            with suppress(BulkopsError):
                await check()
        finally:
            self._is_confirming = False

    async def _do(self, key: str, effect: Effect) -> Any:
        name = key.removeprefix(self.prefix)
        if self.offline is Offline.DONE:
            raise WouldChange(name)
        if self.offline is None:
            effect.intended(name, _unplanned_as_none)  # raises what a run would raise
        if self.begins_effects:
            await self._count(effect)
        if effect.changes:
            self._changes += (_kind_of(name),) if effect.says is None else effect.says
        result: Any = (
            _Unplanned(name) if effect.planned is NOT_PLANNED else as_json(effect.planned, f"planned of step {name!r}")
        )
        self._steps[key] = StepRow(
            step=key, state=StepState.DONE, data=effect.data, result=result, changed=effect.changes, began_age_s=0.0
        )
        return result

    async def _count(self, effect: Effect) -> None:
        try:
            await effect.fn()
        except WouldChange as would:
            if would.call is not None:
                self._requests[would.call] += 1

    def _answer(self, call: Call, path: Mapping[str, object], query: Mapping[str, object]) -> Reply | None:
        """The answer of an empty account, where the real one cannot be asked. Raises: NotFound."""
        names_planned = any(map(is_planned, (*path.values(), *query.values())))
        is_empty = self.offline is not None or (self._customer is not None and call.names_account)
        if not (is_empty or self._is_confirming or names_planned):
            return None
        self._requests[call.id] += 1
        body = self._customer if call.id == _CUSTOMER else None
        if names_planned and call.envelope not in _EMPTY_LISTS:
            body = _PLANNED
        return _reply(call, self._scope.account, body)


def _reply(call: Call, account: str | None, body: bytes | None) -> Reply:
    """An answer with the body; None: that of an account with nothing in it. Raises: NotFound when it has none."""
    body = body or _EMPTY_LISTS.get(call.envelope)
    if body is None or (call.envelope == "result" and not call.id.endswith(".list")):
        raise NotFound(
            "does not exist yet",
            status=404,
            said="",
            call=call.id,
            method=call.method,
            path=call.path,
            is_read=True,
            remedy="create it first",
        )
    return Reply(
        status=200,
        body=body,
        call=call,
        account=account,
        request_id="",
        attempt=1,
        elapsed_s=0.0,
        sent_at=0.0,
        path=call.path,
        one_line=str,
    )


def phrases(names: Iterable[str]) -> tuple[str, ...]:
    """Names of steps as changes: those that differ by a number at their end count as one kind.

    >>> phrases(["stop 41", "stop 42", "create folder A"])
    ('stop (2 times)', 'create folder A')
    """
    return _counted(_kind_of(name) for name in names)


def _kind_of(step: str) -> str:
    return _NUMBER.sub("", step) or step


def _counted(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(_times(kind, count) for kind, count in Counter(kinds).items())


def _times(kind: str, count: int) -> str:
    """Of several "start 1 recipe" it is "start 3 recipes"."""
    if count == 1:
        return kind
    return _ONE.sub(rf" {count} \1s", kind) if _ONE.search(kind) else f"{kind} ({count} times)"


class _Unplanned:
    """The result of a step without `planned`. Using it ends the rehearsal: what follows cannot be foreseen."""

    def __init__(self, step: str) -> None:
        self._step = step

    def _used(self, *_: object, **__: object) -> NoReturn:
        raise WouldChange(f"what depends on {self._step!r}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # what the interpreter and libraries ask of any object
            raise AttributeError(name)
        self._used()

    __getitem__ = __iter__ = __contains__ = __len__ = __bool__ = __call__ = _used
    __str__ = __repr__ = __format__ = __int__ = __float__ = __index__ = __eq__ = __ne__ = __hash__ = _used
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _used


def _unplanned_as_none(value: object) -> None:
    """Data of a step may hold the result of a step without `planned`. Raises: TypeError for anything else."""
    if not isinstance(value, _Unplanned):
        raise TypeError(f"type {type(value).__name__} is not supported")
