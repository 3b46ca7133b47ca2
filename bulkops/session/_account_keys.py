"""What a request is counted under, where the vendor counts apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from bulkops.settings import Limit

_EMAIL: Final = "email"


class AccountNames:
    """One name for each workspace, for the quotas that the vendor counts per workspace.

    An account is called by its number or by its E-id, and the vendor counts both as one. That two names are one account
    is learned from customers as they are read. The name that was counted first stays.
    """

    def __init__(self) -> None:
        self._same: dict[str, str] = {}
        self._counted: set[str] = set()

    def learn(self, number: int, external_id: str) -> None:
        names = str(number), f"E{external_id}"
        if names[0] in self._same:
            return
        one = names[1] if names[1] in self._counted and names[0] not in self._counted else names[0]
        self._same |= dict.fromkeys(names, one)

    def counted(self, account: str | None) -> str | None:
        """The name under which a request of the account is counted from now on."""
        if account is None:
            return None
        name = self._same.get(account, account)
        self._counted.add(name)
        return name


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
