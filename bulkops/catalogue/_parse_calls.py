"""Parse the tables of calls.

A block is one line of columns, then indented lines that a mark begins:

    id method prefix path scope group quota retry envelope pages body confidence [call]
      = what it does
      / parameters of the path that are not whole numbers (the address itself names them all)
      ? parameters of the query
      > parameters of the body
      ! deprecated: what replaces it
      ~ how to tell whether a lost one happened
      % what other versions of the vendor's pages say
      + what else the vendor's pages say
      @ the other prefix under which some pages have it

A `?` after the envelope: no page shows it. `call`: a 429 speaks of this call alone.
A parameter is `name`, `name*` (required), `name:int`; without a type it is text; `<any>` stands for members that no
page names. The columns are read at once, the
rest on first use: importing the catalogue must cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bulkops.catalogue._call import Call, RetryClass


def read_calls(tables: Iterable[str]) -> dict[str, Call]:
    """All calls by id, in the order of the tables."""
    classes = {each.value: each for each in RetryClass}
    calls: dict[str, Call] = {}
    for table in tables:
        for block in table.strip().replace("\n  ", "\0").split("\n"):
            row, *about = block.split("\0")
            id_, method, prefix, path, scope, group, quota, retry, envelope, pages, body, level, *rest = row.split()
            calls[id_] = Call(
                id=id_,
                method=method,
                prefix=prefix,
                path=prefix + path,
                scope=scope,  # type: ignore[arg-type]  # a test checks every row against the literals
                group=group,
                quota=quota,
                retry=classes[retry],
                envelope=envelope.removesuffix("?"),
                assumes_envelope=envelope.endswith("?"),
                pages=pages,
                body=body,  # type: ignore[arg-type]
                confidence=level,  # type: ignore[arg-type]
                speaks_of="call" if rest else "quota",
                about=tuple(about),
            )
    return calls
