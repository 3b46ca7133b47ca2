"""An account's outcome, computed from its effects and the error that ended it. Pure functions."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec

from bulkops import plain_json
from bulkops.client import scope_of
from bulkops.errors import ApiError, BulkopsError, TaskFailed, Unauthorized
from bulkops.exception_groups import leaves_of, worst_of
from bulkops.journal import AccountResult, AccountRow
from bulkops.masking import masked
from bulkops.models.text import one_line
from bulkops.outcome import Outcome
from bulkops.report.failure_clusters import normalized
from bulkops.steps import Context, log_of

TOKEN_REFUSED: Final = "the vendor refused the token"  # noqa: S105 - a reason, not a password

_LONGEST_REASON: Final = 1000
_LONGEST_READ: Final = 20_000
_MOST_NAMED: Final = 3

_NOT_THE_USERS: Final = (
    Path(__file__).parent.parent,
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")),
)


@attrs.frozen(kw_only=True)
class Effects:
    """The effects of a run on one account, in all of its processes.

    `unresolved`: names of the effects whose outcome is unknown; `has_steps`: a step was begun; `began_unresolved`: an
    earlier process left open intents; `stopped_by`: why the session sends nothing any more, if that affected a request
    of the account; `detail`: data from the operation for the report.
    """

    unresolved: str | None = None
    changed: bool = False
    has_steps: bool = False
    began_unresolved: bool = False
    stopped_by: ApiError | None = None
    detail: Mapping[str, Any] = attrs.field(factory=dict)

    @classmethod
    def of(cls, ctx: Context) -> Effects:
        log = log_of(ctx)
        return cls(
            unresolved=log.unresolved,
            changed=log.changed,
            has_steps=log.has_steps,
            began_unresolved=log.began_unresolved,
            stopped_by=scope_of(ctx.account).stopped_by,
            detail=_json_data(ctx.detail),
        )


def ending_of(effects: Effects, error: BaseException | None, before: AccountRow) -> AccountResult:
    """The outcome of an account whose operation returned (`error` None) or raised. `before`: its row when it began.

    In an exception group the worst error decides. If the token was refused or the host was never reached, the
    operation's result does not count, because it did not see the account.
    """
    worst = None if error is None else worst_of(error)
    if effects.stopped_by is not None or isinstance(worst, Unauthorized):
        return stopped(effects, before, stop_reason(effects.stopped_by or worst))
    if error is None or worst is None:
        return _returned(effects)
    ending = _failed(effects, worst) if isinstance(worst, BulkopsError) else _unexpected(effects, worst, before)
    # Only an operation's own verdict guarantees that all of its effects are known.
    if ending.outcome is Outcome.FAILED and not isinstance(worst, TaskFailed) and _is_still_unknown(effects, before):
        return _as_before(before, reason=_shown(f"{before.cause or before.reason}; this time: {ending.reason}"))
    others = [other for other in leaves_of(error) if other is not worst]
    return ending if not others else attrs.evolve(ending, reason=_shown(f"{ending.reason}; {_named(others)}"))


def _named(others: Sequence[BaseException]) -> str:
    """The errors of a group that do not decide."""
    shown = [str(other) if isinstance(other, BulkopsError) else _said(other) for other in others]
    more = [f"and {len(shown) - _MOST_NAMED} more"] if len(shown) > _MOST_NAMED else []
    return "also raised: " + "; ".join([*shown[:_MOST_NAMED], *more])


def stop_reason(error: BaseException | None) -> str:
    """Why a session has stopped sending, in words for a report."""
    return TOKEN_REFUSED if isinstance(error, Unauthorized) else "the vendor was never reached"


def stopped(effects: Effects, before: AccountRow, why: str) -> AccountResult:
    """The outcome of an account that was stopped from outside. `before`: its row when this process began with it."""
    if effects.unresolved:
        looks = "`bulkops resume` checks first, then continues"
        again = "check the account: `bulkops resume` runs the whole operation again, because it has no steps"
        remedy = looks if effects.has_steps else again
        return _unknown(effects, f"{why} while {effects.unresolved} was under way", remedy=remedy)
    if _is_still_unknown(effects, before):
        return _as_before(before, reason=before.reason)
    return AccountResult(
        outcome=Outcome.CANCELLED if effects.changed else Outcome.NOT_ATTEMPTED,  # whatever was read
        reason=why,
        remedy="`bulkops resume` continues",
        detail=effects.detail,
    )


def _is_still_unknown(effects: Effects, before: AccountRow) -> bool:
    """Whether an unknown outcome stands. Settled intents settle it; without any, only the operation's end does."""
    return before.outcome is Outcome.UNKNOWN and not effects.began_unresolved


def _as_before(before: AccountRow, *, reason: str | None) -> AccountResult:
    return AccountResult(
        outcome=before.outcome,
        failure_class=before.failure_class,
        cause=before.cause,
        reason=reason,
        remedy=before.remedy,
        detail=before.detail,
    )


def _returned(effects: Effects) -> AccountResult:
    """The operation ended well, but an effect with an unknown outcome contradicts it."""
    if effects.unresolved:
        words = f"the operation ended, but the outcome of {effects.unresolved} is unknown"
        return _unknown(effects, words, remedy="`bulkops resume` checks again")
    return AccountResult(outcome=Outcome.CHANGED if effects.changed else Outcome.UNCHANGED, detail=effects.detail)


def _unknown(effects: Effects, words: str, *, remedy: str) -> AccountResult:
    return AccountResult(
        outcome=Outcome.UNKNOWN,
        failure_class="outcome-unknown",
        cause=words,
        reason=words,
        remedy=remedy,
        detail=effects.detail,
    )


def cause_of(error: BaseException) -> str:
    """The cause that a failed account would have, for a plan that meets the error."""
    worst = worst_of(error)
    return _shown(worst.cause) if isinstance(worst, BulkopsError) else _mistake(worst)


def _failed(effects: Effects, error: BulkopsError) -> AccountResult:
    unknown = effects.unresolved is not None or error.may_have_acted
    return AccountResult(
        outcome=Outcome.UNKNOWN if unknown else Outcome.FAILED,
        failure_class=error.failure_class,
        cause=_shown(error.cause),
        reason=_shown(str(error)),
        remedy=error.remedy,
        detail=effects.detail,
    )


def _unexpected(effects: Effects, error: BaseException, before: AccountRow) -> AccountResult:
    """A bug, in bulkops or in the user's operation, fails one account only."""
    said = _mistake(error)
    return AccountResult(
        outcome=Outcome.UNKNOWN if effects.unresolved else Outcome.FAILED,
        failure_class="unexpected",
        cause=normalized(said, before.account),  # a mistake of the code is the same one in every account
        reason=said,
        remedy="correct the operation: the log has its traceback, once",
        detail=effects.detail,
    )


def _mistake(error: BaseException) -> str:
    where = _place(error)
    return _shown(_said(error) + (f" ({where})" if where else ""))


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _place(error: BaseException) -> str | None:
    """`archive.py, line 19`: the newest frame outside of bulkops and libraries."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not any(Path(frame.filename).is_relative_to(known) for known in _NOT_THE_USERS)
    ]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else None


def _shown(text: str) -> str:
    """One safe, short line: an operation's text may contain a server's text, or a secret."""
    return one_line(masked(text[:_LONGEST_READ]), longest=_LONGEST_REASON)


def _json_data(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The detail without secrets, if it is JSON data; other values must not break the journal."""
    try:
        data = plain_json.encode(detail)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return {"detail": f"left out: it is not JSON data: {error}"}
    plain: Mapping[str, Any] = _without_secrets(msgspec.json.decode(data))  # an object may hold secrets too
    return plain


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(key): _without_secrets(part) for key, part in value.items()}
    return [_without_secrets(part) for part in value] if isinstance(value, list) else value
