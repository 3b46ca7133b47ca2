"""`vendor.toml`: what a tenant does, in the words of the sandbox and of a client file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from bulkops.learn.verdicts import Verdict
from bulkops.sandbox.assumptions import in_toml

_HEAD: Final = """\
# What this tenant of the vendor does where the documents leave it open. Written by `bulkops doctor --learn`.
# `bulkops sandbox --assumptions vendor.toml` answers like it; `bulkops run` reads [client] beside the client file.
"""


def vendor_toml(found: Iterable[Verdict]) -> str:
    """The file's text, in a fixed order and without dates: two tenants are compared by a plain diff."""
    found = list(found)
    scalars = [verdict for verdict in found if len(verdict.key) == 1 and verdict.value is not None]
    lines = [_HEAD, *(f"{verdict.key[0]} = {in_toml(verdict.value)}\n" for verdict in scalars)]
    tables: defaultdict[str, list[Verdict]] = defaultdict(list)
    for verdict in found:
        if len(verdict.key) > 1 and verdict.value is not None:
            tables[verdict.key[0]].append(verdict)
    for table in ("envelopes", "page_sizes"):
        lines += _table(table, tables[table])
    for call_id in sorted({verdict.key[1] for verdict in tables["members"]}):
        lines.append(f'\n[members."{call_id}"]\n')
        mine = sorted((verdict for verdict in tables["members"] if verdict.key[1] == call_id), key=_last)
        lines += [f'"{verdict.key[2]}" = {in_toml(verdict.value)}\n' for verdict in mine]
    if any(verdict.about == "home_folders" and verdict.value == "mixed" for verdict in scalars):
        lines.append("\n[client]\nonly_projects = false\n")
    lines += _table("client.page_sizes", tables["page_sizes"])
    return "".join(lines)


def _table(name: str, rows: Iterable[Verdict]) -> list[str]:
    made = [f'"{verdict.key[-1]}" = {in_toml(verdict.value)}\n' for verdict in sorted(rows, key=_last)]
    return [f"\n[{name}]\n", *made] if made else []


def _last(verdict: Verdict) -> str:
    return verdict.key[-1]
