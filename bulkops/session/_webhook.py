"""Webhook: POST one JSON message to the user's URL, without the token, without redirects, within a time limit."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final
from urllib.parse import urlsplit

from bulkops.catalogue import Call, RetryClass
from bulkops.errors import ConfigError, StatusError, TransportError
from bulkops.hosts import LOOPBACK, is_host_name
from bulkops.secret import Secret
from bulkops.session._other_hosts import send_to_other_host
from bulkops.session._request import Request, encoded
from bulkops.settings import Auth, Settings, Tuning

_RESENDS: Final = 2
_PAUSE_S: Final = 1.0
_RNG: Final = Random()  # noqa: S311 - spreads retries, protects nothing
_POST: Final = Call(
    id="webhook",
    method="POST",
    path="",
    scope="partner",
    quota="",
    retry=RetryClass.IDEMPOTENT,
    envelope="none",
    pages="none",
    body="json",
)
"""As if it were a call. A message that comes twice does no harm, because it names its run."""


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
    if parts.scheme not in {"https", "http"} or not is_host_name(host):
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
    parts = urlsplit(address.reveal())
    try:
        host = Settings(
            url=f"{parts.scheme}://{parts.netloc}",
            auth=Auth(token=Secret("none")),
            tuning=Tuning(call_timeout_s=within_s, attempt_timeout_s=within_s),
        )
        path, query = encoded(parts)
        request = Request(call=_POST, path=path, query=query, body=body, content_type="application/json")
        async with asyncio.timeout(within_s):
            answer = await send_to_other_host(
                request, host, named="the webhook", most_resends=_RESENDS, pause_s=_PAUSE_S, rng=_RNG
            )
    except TimeoutError:
        return f"no response within {within_s:g} s"
    except StatusError as error:
        return f"it answered {error.status}"
    except TransportError as error:
        return error.message
    return f"it answered {answer.status}" if answer.status >= 300 else None
