"""`bulkops calls`: search of the catalogue, the table of calls, and one call in full."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from bulkops.catalogue import CALLS, QUOTAS, Call, Confidence, RetryClass
from bulkops.cli.listing import aligned
from bulkops.errors import ConfigError
from bulkops.rate_limit import Limit

_REPEATING: Final = {
    RetryClass.IDEMPOTENT: "a read: sent again when no response arrives",
    RetryClass.SAFE_TO_RETRY: "sent again when no response arrives: repeating it has the same effect",
    RetryClass.RECONCILE_FIRST: "never sent again when no response arrives: check first whether it happened",
}

_CONFIDENCE: Final[dict[Confidence, str]] = {
    "documented": "documented by the vendor",
    "client": "seen in client code",
    "inferred": "inferred from similar calls",
}

_PER: Final = {1: "a second", 60: "a minute", 3600: "an hour"}


def find(words: Sequence[str]) -> list[Call]:
    """The call of that id, or those that have every word in id, group, address or summary. Raises: ConfigError."""
    if len(words) == 1 and words[0] in CALLS:
        return [CALLS[words[0]]]
    wanted = [word.lower() for word in words]
    found = [call for call in CALLS.values() if all(word in _text(call) for word in wanted)]
    if not found:
        near = difflib.get_close_matches(" ".join(wanted), CALLS, n=3, cutoff=0.4)
        raise ConfigError(
            f"no API call matches {' and '.join(map(repr, words))}",
            remedy=f"did you mean {', '.join(near)}?" if near else "`bulkops calls` lists all calls",
        )
    return found


def _text(call: Call) -> str:
    return f"{call.id} {call.group} {call.method} {call.path} {call.summary}".lower()


def table(calls: Sequence[Call]) -> str:
    """One line a call."""
    width = max(len(call.id) for call in calls)
    lines = (f"{call.id:{width}}  {'read ' if call.is_read else 'write'}  {_gist(call)}" for call in calls)
    return "".join(f"{line}\n" for line in lines)


def _gist(call: Call) -> str:
    marks = [f"deprecated: {call.replacement}"] if call.is_deprecated else []
    marks += [] if call.confidence == "documented" else [_CONFIDENCE[call.confidence]]
    return call.summary + (f" ({'; '.join(marks)})" if marks else "")


def describe(call: Call) -> str:
    """All facts about a call, with an example command line."""
    lines = [call.id, *_wrapped(call.summary), f"  {call.method} {call.path}", ""]
    for name, text in _facts(call):
        lines += textwrap.wrap(text, 100, initial_indent=f"  {name:12}", subsequent_indent=" " * 14) or []
    rows = [(row.name, row.type, row.place, "required" if row.required else "") for row in call.parameters]
    if call.names_account:
        rows.insert(0, ("--account", "", "path", "required"))
    if rows:
        lines += ["", "  parameters", *(f"    {line}" for line in aligned(rows))]
    return "\n".join([*lines, "", f"  example     {_example(call)}"]) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 110, initial_indent="  ", subsequent_indent="  ")


def _facts(call: Call) -> Iterator[tuple[str, str]]:
    if call.is_deprecated:
        yield "deprecated", f"use {call.replacement}"
    limits = " and ".join(_limit(limit) for limit in QUOTAS[call.quota])
    assumed = " (assumed: the vendor states no figure)" if call.quota.startswith("assumed.") else ""
    yield "quota", f"{call.quota}: {limits}{assumed}"
    if call.speaks_of == "call":
        yield "", "a 429 concerns this call alone (trigger back-off, no credit); bulkops does not wait for it"
    yield "repeating", f"{call.retry}: {_REPEATING[call.retry]}"
    if call.look:
        yield "look", call.look
    if call.pages != "none":
        yield "pages", f"by {call.pages.replace('page0', 'page, from 0')}; --all-pages goes to the end"
    if call.body == "octets":
        yield "body", "a file's bytes"
    unseen = "; no page shows its response" if call.assumes_envelope else ""
    yield "confidence", f"{_CONFIDENCE[call.confidence]}{unseen}"
    if call.note:
        yield "note", call.note
    if call.drift:
        yield "drift", call.drift
    if call.other_path:
        yield "also at", call.other_path


def _limit(limit: Limit) -> str:
    per = _PER.get(int(limit.window_s), f"in {limit.window_s:g} s")
    return f"{limit.requests} {per}" + (f" for each {limit.key}" if limit.key else "")


def _example(call: Call) -> str:
    needed = [f"-p {row.name}=..." for row in call.parameters if row.required and row.type != "bytes"]
    account = ["--account A"] if call.names_account else []
    body = ["--body FILE"] if call.body == "octets" else []
    return " ".join(["bulkops call", call.id, *account, *needed, *body])
