"""`/_sandbox/*`: the sandbox's own view for tests. Same token, counted in no quota, struck by no fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from bulkops.sandbox.faults import Faults
from bulkops.sandbox.openapi import document
from bulkops.sandbox.request import RefusedError

if TYPE_CHECKING:
    from bulkops.sandbox.app import Service

Control = Callable[["Service", bytes], Any]


def _ledger(service: Service, _: bytes) -> Any:
    return {"effects": service.state.ledger.effects()}


def _requests(service: Service, _: bytes) -> Any:
    return service.state.requests()


def _settings(service: Service, _: bytes) -> Any:
    settings = service.settings
    plain = ("customers", "seed", "window", "time_scale", "retry_after", "server_timeout_s")
    return {name: getattr(settings, name) for name in plain} | {
        "assumptions": attrs.asdict(settings.assumptions),
        "deny": service.state.denied,
        "faults": service.state.faults.to_mapping(),
    }


def _openapi(service: Service, _: bytes) -> Any:
    """All calls, with the schema of each answer as this sandbox gives it."""
    return document(service.settings.assumptions)


def _faults(service: Service, body: bytes) -> Any:
    """Replace all faults: `{"error": 0.05}`; those not named are off."""
    faults = Faults.from_mapping(_object(body))
    service.state.set_faults(faults)
    return {"faults": faults.to_mapping()}


def _rights(service: Service, body: bytes) -> Any:
    """`{"deny": ["managed_users.imports.*"]}`: the token has no right to these calls; an empty list gives all back."""
    patterns = _object(body).get("deny")
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        raise RefusedError(400, "deny must be a list of calls")
    service.deny(tuple(patterns))
    return {"deny": patterns}


def _reset(service: Service, _: bytes) -> Any:
    """Back to the start: customers, ledger, counts, faults and token."""
    service.reset()
    return {"success": True}


def _token(service: Service, body: bytes) -> Any:
    """`{"token": "..."}`: the API takes it alone; it is neither expired nor revoked."""
    token = _object(body).get("token")
    if not isinstance(token, str):
        raise RefusedError(400, "token must be a text")
    service.set_token(token)
    return {"success": True}


def _workspaces(service: Service, body: bytes) -> Any:
    """`{"workspace": 90001, "token": "..."}`: another partner on this host, whose token sees its own customers."""
    wanted = _object(body)
    workspace, token = wanted.get("workspace"), wanted.get("token")
    if type(workspace) is not int or not isinstance(token, str):
        raise RefusedError(400, "workspace must be a number and token a text")
    service.add_workspace(workspace, token)
    return {"success": True}


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, "the body is not valid JSON") from error
    if not isinstance(data, dict):
        raise RefusedError(400, "the body is not a JSON object")
    return data


CONTROLS: Final[Mapping[tuple[str, str], Control]] = {
    ("GET", "ledger"): _ledger,
    ("GET", "requests"): _requests,
    ("GET", "settings"): _settings,
    ("GET", "openapi.json"): _openapi,
    ("POST", "faults"): _faults,
    ("POST", "reset"): _reset,
    ("POST", "rights"): _rights,
    ("POST", "token"): _token,
    ("POST", "workspaces"): _workspaces,
}
"""(method, name) -> what it does; the answer is JSON data. Raises: RefusedError, or ConfigError for a 400."""
