"""Which tokens a request presents, and which token is good."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping


class Credentials:
    """The token of the API, and those that open `/_sandbox/*`: the current one and all before it."""

    def __init__(self, token: str) -> None:
        self._first = token
        self._token = token
        self._past: set[str] = set()

    @property
    def token(self) -> str:
        return self._token

    def set_token(self, token: str) -> None:
        """From now on the API takes this token alone."""
        self._past.add(self._token)
        self._token = token

    def reset(self) -> None:
        """Back to the token of the start."""
        self.set_token(self._first)

    def open_api(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        return any(_equal(shown, self._token) for shown in _presented(headers, query))

    def open_control(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        good = {self._token, *self._past}
        return any(_equal(shown, token) for shown in _presented(headers, query) for token in good)


def _presented(headers: Mapping[str, str], query: Mapping[str, str]) -> Iterator[str]:
    """By each scheme (vendor facts, section 2); the legacy pairs need an e-mail, whichever it is."""
    scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        yield token.strip()
    if headers.get("X-USER-EMAIL"):
        yield headers.get("X-USER-TOKEN", "")
    if query.get("user_email"):
        yield query.get("user_token", "")


def _equal(shown: str, token: str) -> bool:
    return hmac.compare_digest(shown.encode(errors="backslashreplace"), token.encode())
