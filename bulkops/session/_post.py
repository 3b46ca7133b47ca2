"""Webhook: POST one JSON message to the user's URL, without the token, without redirects, within a time limit."""

from __future__ import annotations

import asyncio
import sys
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bulkops.errors import ConfigError
from bulkops.secret import Secret
from bulkops.session._transport import reason_of
from bulkops.settings import LOOPBACK

_TRIES: Final = 3
_PAUSE_S: Final = 1.0
_WORTH_ANOTHER_TRY: Final = frozenset({429, 500, 502, 503, 504})


def webhook_address(text: str) -> Secret:
    """The checked URL, as a Secret because its path may hold a key. Raises: ConfigError, whose text has only the scheme
    of the URL.
    """
    remedy = "write https://HOST/PATH; http is for this machine only"
    try:
        parts = urlsplit(text)
        host, user, _ = parts.hostname or "", parts.username, parts.port
    except ValueError:
        raise ConfigError("the webhook is not a valid URL", remedy=remedy) from None
    if parts.scheme not in {"https", "http"} or not host:
        raise ConfigError("the webhook is not an https URL", remedy=remedy)
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ConfigError("a webhook over plain http would send the summary unencrypted", remedy=remedy)
    if user is not None:
        raise ConfigError("the webhook URL contains a user name or password", remedy="use a URL with a key in its path")
    return Secret(text)


async def post_json(address: Secret, body: bytes, *, within_s: float) -> str | None:
    """POST `body`. Returns None on success, else the reason, without the URL. Ends after `within_s`. A temporary
    refusal (429, 5xx, no connection) is tried again twice; redirects are not followed.
    """
    try:
        async with asyncio.timeout(within_s):
            return await _post(URL(address.reveal(), encoded=True), body)
    except TimeoutError:
        return f"no response within {within_s:g} s"


async def _post(url: URL, body: bytes) -> str | None:
    why: str | None = None
    headers = {"Content-Type": "application/json", "User-Agent": f"bulkops/{_version()}"}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, headers=headers) as client:
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_PAUSE_S)
            try:
                async with client.post(url, data=body, allow_redirects=False) as answer:
                    if 200 <= answer.status < 300:
                        return None
                    why = f"it answered {answer.status}"
                    if answer.status not in _WORTH_ANOTHER_TRY:
                        return why
            except (aiohttp.ClientError, OSError, ValueError) as error:
                why = reason_of(error)
    return why


def _version() -> str:
    return str(getattr(sys.modules.get(__name__.partition(".")[0]), "__version__", "0"))
