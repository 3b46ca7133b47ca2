"""A list page of a hundred recipes, from bytes to typed objects, beside `orjson.loads` and others.

Two pages: rows as the vendor documents them (70 KB), and short rows, of which the model knows every member. There the
typed objects cost most beside plain ones.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from functools import partial
from importlib import import_module
from typing import Any, Final

from benchmarks.kit.bare_server import RECIPE
from benchmarks.kit.harness import Row, arguments, publish, ratio, ratios, rounds, version
from bulkops.models import Recipe
from bulkops.session import decode_list
from tests.replies import reply

BAR: Final = 1.3
SHORT_BAR: Final = 1.6
ROWS: Final = 100
SHORT: Final = ("id", "name", "running", "folder_id", "version_no", "created_at", "updated_at", "last_run_at")


def page(members: Collection[str]) -> bytes:
    """As the vendor answers a list of recipes: ids fall, texts differ."""
    row = {name: value for name, value in RECIPE.items() if name in members}
    rows = [row | {"id": 612_001 - place, "name": f"Sync accounts {place}"} for place in range(ROWS)]
    return json.dumps({"result": rows}, separators=(",", ":")).encode()


def decoders(body: bytes) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {
        "bulkops": partial(decode_list, reply(body, "managed_users.recipes.list"), Recipe),
        "json.loads": partial(json.loads, body),
    }
    if version("orjson"):
        found["orjson.loads"] = partial(import_module("orjson").loads, body)
    return found


def repeated(decode: Callable[[], Any], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        decode()
    return (time.process_time() - began) / times


def compared(members: Collection[str], what: str, bar: float, *, smoke: bool) -> tuple[Row, dict[str, Any]]:
    """The row of one page, and its figures."""
    body = page(members)
    found = decoders(body)
    typed = found["bulkops"]()
    if len(typed) != ROWS or not all(isinstance(recipe, Recipe) for recipe in typed):
        raise RuntimeError("the page was not decoded whole")
    times = 2 if smoke else 200
    figures = rounds(found, measure=lambda decode: repeated(decode, times), count=1 if smoke else 25)
    base = "orjson.loads" if "orjson.loads" in figures else "json.loads"
    row = Row(
        what=f"list page of {len(body) / 1000:.0f} KB{what} to typed objects / {base}",
        measured=ratio(figures, "bulkops", base),
        bar=bar,
        better="below",
        peers={name: figure for name, figure in ratios(figures, to=base).items() if name != "bulkops"},
    )
    us = {name: [round(one * 1e6, 1) for one in figure] for name, figure in figures.items()}
    return row, {"body_bytes": len(body), "cpu_us": us}


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    whole, details = compared(RECIPE, "", BAR, smoke=smoke)
    short, of_short = compared(SHORT, " (short rows)", SHORT_BAR, smoke=smoke)
    publish("list_page", [whole, short], smoke=smoke, details=details | {"short rows": of_short})


if __name__ == "__main__":
    main()
