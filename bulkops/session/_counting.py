"""What a request is counted under, where the vendor counts apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from bulkops.settings import Limit

_EMAIL: Final = "email"


def counts_emails(limits: Sequence[Limit]) -> bool:
    """Whether one of the limits is for one e-mail address at a time ("email + workspace id")."""
    return any(_EMAIL in (limit.key or "") for limit in limits)


def key_of(account: str | None, json: object) -> str | None:
    """The account and the address that the body names, in one text that does not hold the address: the journal
    remembers it for later processes."""
    email = json.get(_EMAIL) if isinstance(json, Mapping) else None
    if not isinstance(email, str):
        return account
    digest = hashlib.sha256(email.strip().lower().encode(errors="surrogatepass")).hexdigest()
    return f"{account or ''} {digest[:16]}"
