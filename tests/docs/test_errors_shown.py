"""Each class of error, raised by the code that raises it, with its whole text: what a stranger reads."""

from __future__ import annotations

import pytest

from bulkops import errors
from bulkops.errors import BulkopsError
from docs.error_examples import WITHOUT_EXAMPLE, examples, shown

SHOWN = {
    "BadRequest": (
        "GET /api/managed_users/4100231: 400 can't modify running recipe; correct the value that the message names "
        "(attempt 1, request 3f2a91c4-1)"
    ),
    "Unauthorized": (
        "GET /api/managed_users/4100231: 401 Unauthorized; check WORKATO_API_TOKEN, and that it belongs to "
        "this data center (WORKATO_HOST) (attempt 1, request 3f2a91c4-1)"
    ),
    "Forbidden": (
        "GET /api/managed_users/4100231: 403 Access denied; check what the API client's role and folder "
        "scope allow (attempt 1, request 3f2a91c4-1)"
    ),
    "NotFound": (
        "GET /api/managed_users/4100231: 404 Not found; check that it still exists, and that this is its "
        "data center (WORKATO_HOST) (attempt 1, request 3f2a91c4-1)"
    ),
    "Conflict": (
        "GET /api/managed_users/4100231: 409 is being changed by somebody else; check the account "
        "(attempt 1, request 3f2a91c4-1)"
    ),
    "Invalid": (
        "GET /api/managed_users/4100231: 422 name is too long; correct the value that the message names "
        "(attempt 1, request 3f2a91c4-1)"
    ),
    "RateLimited": (
        "GET /api/managed_users/4100231: 429 Too many requests; leave other tools more room (`share` in a "
        "client file), then try again (attempt 1, request 3f2a91c4-1)"
    ),
    "ServerError": (
        "GET /api/managed_users/4100231: 500 Internal server error (the server's id for it: 5b7c); the "
        "vendor has a problem: try again later (attempt 1, request 3f2a91c4-1)"
    ),
    "StatusError": (
        "GET /api/managed_users/4100231: the response says success: false: the plan does not allow it; check "
        "the account (attempt 1, request 3f2a91c4-1)"
    ),
    "DecodeError": (
        "GET /api/managed_users/4100231: unexpected response: Expected `int`, got `str` - at `$.id`; "
        "check with -v that WORKATO_HOST is the vendor's API; if it is, report this with the call's id "
        "(attempt 1, request 3f2a91c4-1)"
    ),
    "BodyTooLarge": (
        "GET /api/managed_users/4100231: the response is larger than 1000 bytes; raise max_body_bytes in a "
        "client file, or ask for less (attempt 1, request 3f2a91c4-1)"
    ),
    "ConnectFailed": (
        "GET /api/managed_users/4100231: cannot connect to https://www.workato.com: Connection refused; "
        "check the network and WORKATO_HOST (attempt 1, request 3f2a91c4-1)"
    ),
    "ConnectionLost": (
        "GET /api/managed_users/4100231: the connection was lost before the whole response arrived: the server closed "
        "the connection; try again (attempt 1, request 3f2a91c4-1)"
    ),
    "RequestTimeout": (
        "GET /api/managed_users/4100231: no response within 1.2 s; try again (attempt 1, request 3f2a91c4-1)"
    ),
    "OutcomeUnknown": (
        "POST /api/managed_users/4100231/folders: sent, but no usable response: the connection was lost "
        "before the whole response arrived: the server closed the connection; check the account before you "
        "send it again (attempt 1, request 3f2a91c4-1)"
    ),
    "ConfigError": "no API token; set the environment variable WORKATO_API_TOKEN",
    "InputError": (
        "accounts.csv, line 3: 'Acme Ltd' is neither a numeric id nor E and an external id; write 4100231 or "
        "EORG-7, or put the external id into a column external_id"
    ),
    "PlanError": "twice.csv, line 4: account 7 is already in line 2; remove one",
    "JournalMismatch": (
        "the operation is not the one the run began with (upgrade to plan 'b'); restore its files and "
        "parameters, or start a new run"
    ),
    "JournalError": (
        "the journal /home/ana/rollout/nowhere does not exist; give the directory of an earlier run with "
        "--journal DIR, or start a run"
    ),
    "JournalCorrupt": (
        "the journal /home/ana/rollout/damaged/journal.sqlite3 is damaged: database disk image is malformed; "
        "move the file away to begin a new journal, or restore it from a backup"
    ),
    "WouldChange": "managed_users.folders.create may change something, and this plan only reads: nothing was sent",
    "TaskUnknown": (
        "outcome of step 'create-key' is unknown: POST /api/keys: the line went dead; look at the account's keys"
    ),
    "TaskFailed": "no folder is named 'CRM'; import into it first",
    "RunFailed": "Finished: 1 unknown of 1 account in 1.2 s (run RUN); see report.failures",
    "RunAborted": (
        "Interrupted: 1 not attempted of 1 account in 1.2 s (run RUN); resume with: bulkops resume RUN "
        "--journal /home/ana/rollout/journal"
    ),
    "RunLocked": "run RUN is already in progress in process 4711; wait until it ends, or stop it with Ctrl-C",
}


@pytest.fixture(scope="module")
def raised() -> dict[str, BulkopsError]:
    return examples()


@pytest.mark.parametrize("name", SHOWN)
def test_the_whole_text(raised: dict[str, BulkopsError], name: str) -> None:
    error = raised[name]
    assert type(error).__name__ == name
    assert shown(str(error)) == SHOWN[name]
    assert str(error).isprintable()
    assert error.cause
    assert error.remedy or name == "WouldChange"


def test_none_is_left_out(raised: dict[str, BulkopsError]) -> None:
    kinds = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, BulkopsError) and value.__module__ == errors.__name__
    }
    assert set(SHOWN) == set(raised) == kinds - WITHOUT_EXAMPLE
