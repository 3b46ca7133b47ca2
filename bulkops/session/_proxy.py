"""A proxy from the environment, if the settings ask for it: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from bulkops.errors import ConfigError
from bulkops.hosts import LOOPBACK


def proxy_for(url: str) -> dict[str, Any]:
    """Arguments of aiohttp's `request` for a request to `url`: `proxy` and `proxy_headers`, or nothing.

    Raises: ConfigError for a proxy that cannot be one; its address is not shown, it may hold a password.
    """
    parts = urlsplit(url)
    found = getproxies()
    text = found.get(parts.scheme) or found.get("all")
    if not text or proxy_bypass(parts.netloc):
        return {}
    try:
        proxy = URL(text if "://" in text else f"http://{text}")
        user, password = proxy.user, proxy.password or ""
        proxy = proxy.with_user(None)
        is_usable = proxy.scheme in {"http", "https"} and bool(proxy.host)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(
            f"the proxy for {parts.scheme} in the environment is not an http(s) URL",
            remedy=f"correct {parts.scheme.upper()}_PROXY (http://host:port), or leave out proxy_from_environment",
        )
    if parts.scheme == "http" and proxy.host not in LOOPBACK:
        return {}  # only a host on this machine has plain http: the token would leave it in clear
    if user is None:
        return {"proxy": proxy}
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"proxy": proxy, "proxy_headers": {"Proxy-Authorization": f"Basic {basic}"}}
