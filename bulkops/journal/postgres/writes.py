"""Writes to PostgreSQL, as data: the function `write` of the schema carries them out.

Each is a list: its kind, the boot-clock time at which it was made (the committer turns it into an age), and its values.
Text is free of NUL, which PostgreSQL cannot store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from bulkops.clock import Instant
from bulkops.journal.codec import LONGEST_NAME, encode, utf8_text
from bulkops.journal.copying import RunCopy
from bulkops.journal.records import AccountResult, InventoryRow, RunRecord, RunState, StepState

Data: TypeAlias = list[Any]
_AT_ONCE = None
ADD_COPY: Final = "add_copy"


def storable(text: str) -> str:
    r"""The text with lone surrogates and NUL spelled out.

    >>> storable("a\0b")
    'a\\x00b'
    """
    return utf8_text(text).replace("\0", "\\x00")


def _or_none(text: str | None) -> str | None:
    return None if text is None else storable(text)


def create_run(record: RunRecord, inventory: Sequence[InventoryRow], request: Mapping[str, Any] | None = None) -> Data:
    """A run. `request`: it is handed over to workers."""
    return [
        "create_run",
        _AT_ONCE,
        storable(record.run_id),
        record.created_at,
        storable(record.title),
        encode(record.operation),
        storable(record.host),
        _or_none(record.workspace),
        storable(record.inventory_hash),
        record.inventory_count,
        encode(record.policy),
        encode(record.tuning),
        record.state.value,
        _or_none(record.reason),
        record.ended_at,
        inventory,
        storable(record.tenant),
        None if request is None else encode(request),
    ]


def account_data(row: InventoryRow) -> Data:
    """An account of an inventory; encoded by the committer, in its thread."""
    return [
        row.seq,
        storable(row.account),
        encode(row.params),
        encode(row.name[:LONGEST_NAME]) if row.name else None,
    ]


def set_state(run_id: str, state: RunState, reason: str | None, now: Instant) -> Data:
    return ["set_state", now.boot_s, storable(run_id), state.value, _or_none(reason)]


def set_policy(run_id: str, policy: Mapping[str, Any], tuning: Mapping[str, Any]) -> Data:
    return ["set_policy", _AT_ONCE, storable(run_id), encode(policy), encode(tuning)]


def set_operation(run_id: str, operation: Mapping[str, Any]) -> Data:
    return ["set_operation", _AT_ONCE, storable(run_id), encode(operation)]


def delete_run(run_id: str) -> Data:
    return ["delete_run", _AT_ONCE, storable(run_id)]


def start_account(run_id: str, seq: int, now: Instant) -> Data:
    """Begin and claim an account."""
    return ["start_account", now.boot_s, storable(run_id), seq]


def end_account(run_id: str, seq: int, ending: AccountResult, now: Instant, *, gives_back: bool = False) -> Data:
    """`gives_back`: another worker goes on with the account."""
    return [
        "end_account",
        now.boot_s,
        storable(run_id),
        seq,
        ending.outcome.value,
        _or_none(ending.failure_class),
        _or_none(ending.cause),
        _or_none(ending.reason),
        _or_none(ending.remedy),
        encode(ending.detail),
        not gives_back,
    ]


def begin_step(run_id: str, seq: int, step: str, data: object, boot_s: float) -> Data:
    return ["begin_step", boot_s, storable(run_id), seq, storable(step), encode(data)]


def end_step(
    run_id: str, seq: int, step: str, state: StepState, result: object, *, changed: bool, boot_s: float
) -> Data:
    return ["end_step", boot_s, storable(run_id), seq, storable(step), state.value, encode(result), changed]


def put_fact(tenant: str, account: str, kind: str, key: str, value: object) -> Data:
    return ["put_fact", _AT_ONCE, storable(tenant), storable(account), storable(kind), storable(key), encode(value)]


def add_event(run_id: str, kind: str, data: object, now: Instant) -> Data:
    return ["add_event", now.boot_s, storable(run_id), storable(kind), encode(data)]


def begin_process(run_id: str) -> Data:
    return ["begin_process", _AT_ONCE, storable(run_id)]


def end_process() -> Data:
    return ["end_process", _AT_ONCE, None]


def take_lock(run_id: str, gone: int | None, *, coordinates: bool) -> Data:
    """Take a run's lock. `gone`: a process that this machine knows to be dead; `coordinates`: for the workers."""
    return ["take_lock", _AT_ONCE, storable(run_id), gone, coordinates]


def give_lock(run_id: str) -> Data:
    return ["give_lock", _AT_ONCE, storable(run_id)]


def join_section(name: str, ticket: str) -> Data:
    """Wait for an exclusive section, behind those who wait already."""
    return ["join_section", _AT_ONCE, storable(name), ticket]


def clear_section(name: str) -> Data:
    """Declare processes dead that hold the section or wait for it, and whose lease has ended."""
    return ["clear_section", _AT_ONCE, storable(name)]


def leave_section(name: str, ticket: str) -> Data:
    return ["leave_section", _AT_ONCE, storable(name), ticket]


def claim_account(run_id: str, seq: int) -> Data:
    """Claim an account of a run that was handed over, if it is free and the run goes on."""
    return ["claim_account", _AT_ONCE, storable(run_id), seq]


def release_account(run_id: str, seq: int) -> Data:
    return ["release_account", _AT_ONCE, storable(run_id), seq]


def request_run(run_id: str, request: Mapping[str, Any], seqs: Sequence[int]) -> Data:
    """Hand a run over to workers: these of its accounts."""
    return ["request_run", _AT_ONCE, storable(run_id), encode(request), list(seqs)]


def stop_run(run_id: str, reason: str, kind: str) -> Data:
    return ["stop_run", _AT_ONCE, storable(run_id), storable(reason), kind]


def begin_worker(settings: Mapping[str, Any]) -> Data:
    return ["begin_worker", _AT_ONCE, encode(settings)]


def join_run(run_id: str, problem: str | None) -> Data:
    return ["join_run", _AT_ONCE, storable(run_id), _or_none(problem)]


def leave_run(run_id: str) -> Data:
    return ["leave_run", _AT_ONCE, storable(run_id)]


def bury_workers() -> Data:
    """Declare workers dead whose lease has ended."""
    return ["bury_workers", _AT_ONCE, None]


def add_copy(copy: RunCopy) -> Data:
    """All rows of a run of another journal; the committer writes them."""
    return [ADD_COPY, _AT_ONCE, copy]


def nothing() -> Data:
    return []
