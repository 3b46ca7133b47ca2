"""A reply of the vendor's as the decoder gets it: no socket, no server."""

from __future__ import annotations

import json

from bulkops.catalogue import CALLS
from bulkops.models.text import one_line
from bulkops.session import Reply


def reply(body: object, call: str = "managed_users.recipes.get") -> Reply:
    """To the call, for account 7. `body`: bytes as they are, anything else as JSON."""
    return Reply(
        status=200,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        call=CALLS[call],
        account="7",
        request_id="r",
        attempt=1,
        elapsed_s=0.1,
        sent_at=5.0,
        path="/p",
        one_line=one_line,
    )
