"""Download of a file from an address in a response: without credentials, only from the vendor's hosts."""

from __future__ import annotations

from random import Random
from typing import Final
from urllib.parse import urljoin, urlsplit

import attrs

from bulkops.catalogue import CALLS
from bulkops.errors import InputError, TransportError
from bulkops.hosts import FILE_DOMAINS, LOOPBACK, is_host_name, is_of_domain
from bulkops.models.text import one_line
from bulkops.session._other_hosts import send_to_other_host
from bulkops.session._request import Request, encoded
from bulkops.settings import Settings

_HOPS: Final = 4
_RESENDS: Final = 4


async def download(url: str, *, settings: Settings, most_bytes: int, rng: Random) -> bytes:
    """The bytes at `url`; redirects are followed as far as they stay with the vendor. Outside all quotas: files are
    not served by the API.

    Raises: InputError for an address that is not the vendor's; StatusError; TransportError, BodyTooLarge above
        `most_bytes`.
    """
    tuning = attrs.evolve(settings.tuning, max_body_bytes=most_bytes)
    base = settings.url
    for _ in range(_HOPS):
        origin, path, query = _place(url, base, settings)
        request = Request(
            call=CALLS["packages.download"],
            path=path,
            query=query,
            body=None,
            content_type=None,
        )
        host = attrs.evolve(settings, url=origin, tuning=tuning)
        try:
            answer = await send_to_other_host(request, host, named=origin, most_resends=_RESENDS, rng=rng)
        except TransportError as error:
            error.message, error.remedy = f"the package cannot be fetched: {error.message}", None
            raise
        if not 300 <= answer.status < 400:
            return answer.body
        base, url = f"{origin}{path}?{query}", answer.headers.get("Location", "")
    raise InputError("the package's address redirects too many times", remedy="export it again")


def _place(url: str, base: str, settings: Settings) -> tuple[str, str, str]:
    """Origin, encoded path and query of an address of the vendor's, relative to `base` where it is not whole.

    Raises: InputError; the address is never shown whole.
    """
    try:
        parts = urlsplit(urljoin(base, url))
        port = parts.port
    except ValueError:
        raise InputError("the package's address is not a valid URL", remedy="export it again") from None
    host = parts.hostname or ""
    if parts.username is not None or not _is_allowed(parts.scheme, host, settings):
        raise InputError(
            f"the package's file is on {one_line(host) or 'no host'!r}, which is not a host of the vendor",
            remedy="download and inspect it yourself, then give the file instead of the manifest",
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else ""), *encoded(parts)


def _is_allowed(scheme: str, host: str, settings: Settings) -> bool:
    """This machine counts as a vendor host only if the API is here too: a sandbox."""
    here = urlsplit(settings.url).hostname
    if not is_host_name(host):
        return False
    if host in LOOPBACK:
        return here in LOOPBACK and scheme in {"http", "https"}
    return scheme == "https" and (host == here or is_of_domain(host, FILE_DOMAINS))
