"""Keys of requests, for quotas that the vendor counts per workspace or address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from bulkops.rate_limit import Limit

_EMAIL: Final = "email"
_PEOPLE: Final = (_EMAIL, "user")


class AccountNames:
    """One name for each workspace, for the quotas that the vendor counts per workspace.

    An account has a number and an E-id, and the vendor counts both as one. The session learns from each customer that
    it reads which names belong together. The name that was counted first stays.
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
    """Whether one of the limits counts per e-mail address ("email + workspace id", "user + workspace id")."""
    return any(word in (limit.key or "") for limit in limits for word in _PEOPLE)


def key_of(account: str | None, json: object) -> str | None:
    """A key for the account and the address in the body. It does not contain the address, because it is kept for later
    processes.
    """
    email = json.get(_EMAIL) if isinstance(json, Mapping) else None
    if not isinstance(email, str):
        return account
    digest = hashlib.sha256(email.strip().lower().encode(errors="surrogatepass")).hexdigest()
    return f"{account or ''} {digest[:16]}"
