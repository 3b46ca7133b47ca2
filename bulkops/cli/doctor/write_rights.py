"""What `bulkops doctor --check-writes` asks: whether a right to write is missing, by writes that cannot happen.

No call says which rights a token has: the vendor lists the roles of API clients by name alone, and not which client
the token is of. So each write is sent to a customer by an external id that was made up a moment ago: whatever the
vendor looks at first, nothing can come of it. What acts on the partner's own workspace is not asked.

A 403 (or 401) speaks of the right, as long as a read that the token may make is answered with 404 there. A 404 is a
good sign and no proof: the vendor says nowhere that it looks for the right before it looks for the customer.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable
from string import Formatter
from typing import Final

from bulkops.catalogue import ACCOUNT, CALLS, Call
from bulkops.cli.doctor.findings import Finding
from bulkops.client import Workato, session_of
from bulkops.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
)
from bulkops.session import RequestContext

_CONTROL: Final = "managed_users.folders.list"
_LEAVE: Final = "give the API client's role this right"
_LOOK: Final = "check that the API client's role may make these calls"


async def check_writes_of(workato: Workato, writes: Iterable[str]) -> AsyncIterator[Finding]:
    """One finding a call that acts on an account, and one for all others. Sends one request each, and one before."""
    left = sorted(writes)
    asked = [call_id for call_id in left if CALLS[call_id].names_account]
    nowhere = f"Ebulkops-doctor-{secrets.token_hex(16)}"
    if asked and await _says_not_found(workato, nowhere):
        for call_id in asked:
            finding = await _try(workato, CALLS[call_id], nowhere)
            yield finding
            left.remove(call_id)
            if finding.is_auth:  # after a 401 nothing more is sent
                break
    async for finding in untold(left):
        yield finding


async def untold(writes: Iterable[str]) -> AsyncIterator[Finding]:
    """The finding for writes that are not checked."""
    if names := ", ".join(sorted(writes)):
        yield Finding("rights", "note", f"not checked, because these calls write: {names}", _LOOK)


def fields(path: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(path) if field}


async def _says_not_found(workato: Workato, nowhere: str) -> bool:
    """Whether a permitted read returns 404 there; otherwise a 403 would not show a missing right."""
    try:
        await session_of(workato).send(CALLS[_CONTROL], scope=RequestContext(account=nowhere), path={ACCOUNT: nowhere})
    except NotFound:
        return True
    except ApiError:
        pass
    return False


async def _try(workato: Workato, call: Call, nowhere: str) -> Finding:
    path = {field: nowhere if field == ACCOUNT else 0 for field in fields(call.path)}
    data = b"" if call.body == "octets" else None
    json: object = {} if data is None else None
    try:
        await session_of(workato).send(call, scope=RequestContext(account=nowhere), path=path, json=json, data=data)
    except Forbidden as error:
        return Finding("rights", "fix", f"{call.id} is refused: {error.message}", _LEAVE)
    except Unauthorized as error:
        return Finding(
            "rights", "fix", f"{call.id} is refused although reads are not: {error.message}", _LEAVE, is_auth=True
        )
    except (NotFound, BadRequest, Conflict, Invalid) as error:
        return Finding("rights", "ok", f"{call.id} is permitted: {error.status} for a customer that does not exist")
    except ApiError as error:
        return Finding("rights", "note", f"{call.id}: {error.message}", "run doctor again")
    return Finding(
        "rights",
        "note",
        f"{call.id} succeeded for a customer that does not exist",
        "check with -v which server answers",
    )
