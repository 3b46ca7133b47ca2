"""The vendor's hosts, and which URLs may stand for one: https, or http on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import urlsplit

from bulkops.errors import ConfigError

TOKEN_VARIABLE: Final = "WORKATO_API_TOKEN"  # noqa: S105 - the name of a variable

DATA_CENTERS: Final[Mapping[str, str]] = {
    "us": "https://www.workato.com",
    "eu": "https://app.eu.workato.com",
    "jp": "https://app.jp.workato.com",
    "sg": "https://app.sg.workato.com",
    "au": "https://app.au.workato.com",
    "il": "https://app.il.workato.com",
    "kr": "https://app.kr.workato.com",
    "uk": "https://app.uk.workato.com",
    "cn": "https://app.workatoapp.cn",
    "trial": "https://app.trial.workato.com",
}
"""Data-center names to base URLs. Source: vendor pages; the host of UK is from public clients."""

API_DOMAINS: Final = ("workato.com", "workatoapp.cn")
FILE_DOMAINS: Final = (*API_DOMAINS, "workato-assets.com", "workato-staging-assets.com")
"""Domains of the API, and of its files according to the vendor's samples."""

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_NAME: Final = re.compile(r"([a-z0-9_-]+\.)*[a-z0-9_-]+\.?", re.ASCII | re.IGNORECASE)


def is_host_name(host: str) -> bool:
    """Whether it can be a host: a name in ASCII, or an IP address. Copied text may contain invisible characters."""
    if ":" not in host:
        return _NAME.fullmatch(host) is not None
    try:
        IPv6Address(host)
    except AddressValueError:
        return False
    return True


def is_of_domain(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of these domains, or below one."""
    name = host.rstrip(".")
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def base_url(host: str) -> str:
    """The base URL for a data-center name or a URL.

    Raises: ConfigError for an unknown or impossible name, a URL with a path, query or credentials, or plain http to a
    host that is not loopback (a token would travel in clear).
    """
    if host.lower() in DATA_CENTERS:
        return DATA_CENTERS[host.lower()]
    if "://" not in host:
        raise ConfigError(
            f"{host!r} is neither a URL nor a data center",
            remedy=f"use a URL or one of {', '.join(DATA_CENTERS)}",
        )
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError as error:
        raise ConfigError("the host is not a valid URL", remedy="use the form https://host:port") from error
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "the host's URL contains a user name or password", remedy=f"put the token in {TOKEN_VARIABLE}"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{host!r} is not an http(s) URL", remedy="use the form https://host:port")
    if not is_host_name(parts.hostname):
        raise ConfigError(
            f"{parts.hostname!a} is not the name of a host",
            remedy="type it again; copied text may contain invisible characters",
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(
            f"{host!r} has more than scheme, host and port", remedy="leave out the rest; bulkops adds /api"
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError(
            f"plain http to {parts.hostname!r} would send the token unencrypted",
            remedy="use https; http is for a sandbox on this machine only",
        )
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")
