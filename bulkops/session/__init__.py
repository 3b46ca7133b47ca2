"""One request, done right (contracts C1-C4): the only package that speaks HTTP as a client."""

from __future__ import annotations

from bulkops.session._decode import decode_list, decode_object, unreadable
from bulkops.session._post import post_json, webhook_address
from bulkops.session._request import account_segment
from bulkops.session._scope import Reply, Scope, SignOfLife, StepWrites, in_step
from bulkops.session._session import ApiSession
from bulkops.session._status import remedy_for

__all__ = [
    "ApiSession",
    "Reply",
    "Scope",
    "SignOfLife",
    "StepWrites",
    "account_segment",
    "decode_list",
    "decode_object",
    "in_step",
    "post_json",
    "remedy_for",
    "unreadable",
    "webhook_address",
]
