"""The HTTP client: quotas, authorization, retries and decoding of one request (contracts C1-C4)."""

from __future__ import annotations

from bulkops.session._context import Heartbeat, InStep, Reply, RequestContext, StepWrites
from bulkops.session._decode import decode_error, decode_list, decode_object
from bulkops.session._request import account_segment
from bulkops.session._session import ApiSession
from bulkops.session._status import remedy_for
from bulkops.session._webhook import post_json, webhook_address

__all__ = [
    "ApiSession",
    "Heartbeat",
    "InStep",
    "Reply",
    "RequestContext",
    "StepWrites",
    "account_segment",
    "decode_error",
    "decode_list",
    "decode_object",
    "post_json",
    "remedy_for",
    "webhook_address",
]
