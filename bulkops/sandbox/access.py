"""Access of a request with a good token: rights of the API client, ownership of the customer, disabled calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from bulkops.catalogue import ACCOUNT, CALLS, Call
from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.customers import Customer
from bulkops.sandbox.request import NOT_FOUND, RefusedError


def is_denied(call_id: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(call_id, pattern) for pattern in patterns)


def check_patterns(patterns: Iterable[str]) -> None:
    """Each names a call or, with `*`, several. Raises: ConfigError with the nearest for one that names none."""
    for pattern in patterns:
        if not any(fnmatchcase(id_, pattern) for id_ in CALLS):
            hint = did_you_mean(pattern, CALLS, cutoff=0.5) or "`bulkops calls WORD` finds calls by words"
            raise ConfigError(f"sandbox: call {pattern!r} to deny does not exist", remedy=hint)


NO_RIGHT: Final = "Your API client has no right to this call"

_V1: Final = ("api_clients.", "api_access_profiles.")
_NESTED: Final = "managed_users.api_access_profiles.create_nested"


def admit(
    call: Call, names: Mapping[str, str], customer: Customer | None, *, denied: Iterable[str], assumptions: Assumptions
) -> None:
    """Raises: RefusedError with the status that the assumptions name."""
    off = _switched_off(call, assumptions)
    if off is not None:
        raise RefusedError(off, "This version of the API is no longer available" if off == 410 else NOT_FOUND)
    if is_denied(call.id, denied):
        status = assumptions.missing_right
        raise RefusedError(status, "Unauthorized" if status == 401 else NO_RIGHT)
    segment = names.get(ACCOUNT)
    if segment is not None and not segment.isdigit() and not assumptions.e_ids:
        raise RefusedError(404, NOT_FOUND)
    if segment is not None and customer is None:
        # by external id nobody else's customer can be named: it is this partner's own word
        if segment.isdigit() and assumptions.foreign_customer == 403:
            raise RefusedError(403, "You have no access to this customer")
        raise RefusedError(404, NOT_FOUND)


def _switched_off(call: Call, assumptions: Assumptions) -> int | None:
    name = call.id.removeprefix("managed_users.")
    if assumptions.v1_api_clients != "served" and name.startswith(_V1):
        return int(assumptions.v1_api_clients)
    if assumptions.nested_access_profiles != "served" and call.id == _NESTED:
        return int(assumptions.nested_access_profiles)
    if assumptions.inferred_calls != "served" and call.confidence == "inferred":
        return int(assumptions.inferred_calls)
    return None
