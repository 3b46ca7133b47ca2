"""`masked` removes secrets from texts: those that are known, and what looks like one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MASK: Final = "***"

_SHORTEST_KNOWN: Final = 6
"""Characters. A shorter registered secret would mask parts of ordinary words."""
_MOST_KNOWN: Final = 4096
"""Maximum number of registered secrets; beyond it the oldest is forgotten."""
_SHORT_TEXT: Final = 100
"""Characters. Results for texts up to this length are kept."""
_SHORTEST_CUT: Final = 6
"""Characters of a secret at the end of a cut-off text. Fewer reveal nothing."""

_NAMES: Final = (
    r"(?:token|authori[sz]ation|password|passwd|pwd|passphrase|secret|credential|api[_.-]?key|private[_-]?key|cookie)"
)
_SECRET_NAME: Final = re.compile(_NAMES, re.IGNORECASE)
# Every repetition is bounded, and none precedes a name, so a hostile text cannot keep the patterns busy.
_LOOKS_SECRET: Final = re.compile(
    "|".join(
        (
            rf"""(?P<quoted>{_NAMES}[\w.-]{{0,40}}["']?\s{{0,9}}[:=]\s{{0,9}})(?P<mark>["'])(?![{{*<]).{{1,400}}?(?P=mark)""",
            rf"""(?P<named>{_NAMES}[\w.-]{{0,40}}=)(?!(?<=_id=)\d{{1,19}}\b(?![-.~+/:]\w)|[{{*<"'=])[^\s,;&|)\]}}"']+""",
            r"(?P<scheme>\b(?:Bearer|Basic)\s{1,9})(?=[\w.~+/-]{0,200}[\d=+/_-])[\w.~+/=-]{8,}",
            rf"""(?P<told>{_NAMES}[\w.-]{{0,40}}:\s{{1,9}})(?![{{*<"'])(?=\S{{0,200}}\d|\S{{20}})[^\s,;&|)\]}}"']{{8,}}""",
            r"\beyJ[\w-]{8,500}\.[\w-]+\.[\w-]*",  # a JSON Web Token
            r"\b(?:wrka?[a-z]{2}-|sk-|sk_live_|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|ya29\.)[\w/+=.-]{8,}",
            r"(?P<url>://)[^\s/@:]{1,200}:[^\s/@]{1,200}(?=@)",
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.{0,8192}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)",
        )
    ),
    re.IGNORECASE | re.DOTALL,
)

_known: Final[dict[str, None]] = {}


def register(text: str) -> None:
    """Let `masked` know a secret that is not held in a `Secret`."""
    if len(text) < _SHORTEST_KNOWN:
        return
    _known.pop(text, None)
    _known[text] = None
    if len(_known) > _MOST_KNOWN:
        del _known[next(iter(_known))]
    _masked_again.cache_clear()


@lru_cache(maxsize=1024)
def looks_secret(name: str) -> bool:
    """Whether a value under this name may be a secret.

    >>> looks_secret("Api-Key"), looks_secret("folder")
    (True, False)
    """
    return _SECRET_NAME.search(name) is not None


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without `secrets`, registered secrets, and parts that look like one.

    A server may repeat a secret as it is, on one line, or escaped as in JSON or in a URL. `secrets` may also be cut off
    at the end of the text.

    >>> masked("login as root with password=hunter2 failed")
    'login as root with password=*** failed'
    """
    named = tuple(secrets)
    return _masked_again(text, named) if len(text) <= _SHORT_TEXT else _masked_now(text, named)


def _masked_now(text: str, secrets: tuple[str, ...]) -> str:
    for secret in _longest_first(secrets):
        for form in _forms(secret):
            text = _without_cut(text.replace(form, MASK), form)
    for secret in _longest_first(_known):
        for form in _forms(secret):
            if form in text:
                text = text.replace(form, MASK)
    return _LOOKS_SECRET.sub(_covered, text)


# A log line repeats the names of calls, quotas and accounts. Forgotten when another secret is registered.
_masked_again = lru_cache(maxsize=4096)(_masked_now)


def _longest_first(secrets: Iterable[str]) -> list[str]:
    """Longest first, because one secret may contain another."""
    return sorted(filter(str.strip, secrets), key=len, reverse=True)


@lru_cache(maxsize=_MOST_KNOWN)
def _forms(secret: str) -> tuple[str, ...]:
    from urllib.parse import quote  # noqa: PLC0415 - as hmac

    try:
        quoted = {quote(secret), quote(secret, safe="")}
    except UnicodeEncodeError:
        quoted = set()
    forms = {secret, " ".join(secret.split()), json.dumps(secret)[1:-1], *quoted}
    return tuple(sorted(forms, key=len, reverse=True))


def _without_cut(text: str, secret: str) -> str:
    whole = text.rstrip("\u2026. ")
    if whole[-_SHORTEST_CUT:] not in secret:
        return text
    cut = next((n for n in range(len(secret) - 1, _SHORTEST_CUT - 1, -1) if whole.endswith(secret[:n])), None)
    return text if cut is None else whole[:-cut] + MASK


def _covered(found: re.Match[str]) -> str:
    kept = next(filter(None, (found[name] for name in ("quoted", "named", "scheme", "told", "url"))), "")
    mark = found["mark"] or ""
    return f"{kept}{mark}{MASK}{mark}"
