"""A page of 70 KB, a hundred recipes, from bytes to typed objects, beside `orjson.loads` and others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from importlib import import_module
from typing import Any, Final

from benchmarks.kit.bare_server import RECIPE
from benchmarks.kit.harness import Row, arguments, publish, ratio, ratios, rounds, version
from bulkops.models import Recipe
from bulkops.session import decode_list
from tests.replies import reply

BAR: Final = 1.3
ROWS: Final = 100


def page() -> bytes:
    """As the vendor answers a list of recipes: ids fall, texts differ."""
    rows = [RECIPE | {"id": 612_001 - place, "name": f"Sync accounts {place}"} for place in range(ROWS)]
    return json.dumps({"result": rows}, separators=(",", ":")).encode()


def _with_cattrs(body: bytes) -> Any:
    return _cattrs().structure(import_module("orjson").loads(body)["result"], list[Recipe])


@cache
def _cattrs() -> Any:
    converter = import_module("cattrs").Converter()
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    return converter


def decoders(body: bytes) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {
        "bulkops": partial(decode_list, reply(body, "managed_users.recipes.list"), Recipe),
        "json.loads": partial(json.loads, body),
    }
    if version("orjson"):
        found["orjson.loads"] = partial(import_module("orjson").loads, body)
        if version("cattrs"):
            found["orjson + cattrs"] = partial(_with_cattrs, body)
    return found


def repeated(decode: Callable[[], Any], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        decode()
    return (time.process_time() - began) / times


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    body = page()
    found = decoders(body)
    typed = found["bulkops"]()
    if len(typed) != ROWS or not all(isinstance(recipe, Recipe) for recipe in typed):
        raise RuntimeError("the page was not decoded whole")
    times = 2 if smoke else 200
    figures = rounds(found, measure=lambda decode: repeated(decode, times), count=1 if smoke else 25)
    base = "orjson.loads" if "orjson.loads" in figures else "json.loads"
    row = Row(
        what=f"list page of {len(body) / 1000:.0f} KB to typed objects / {base}",
        measured=ratio(figures, "bulkops", base),
        bar=BAR,
        better="below",
        peers={name: figure for name, figure in ratios(figures, to=base).items() if name != "bulkops"},
    )
    us = {name: [round(one * 1e6, 1) for one in figure] for name, figure in figures.items()}
    publish("list_page", [row], smoke=smoke, details={"body_bytes": len(body), "cpu_us": us})


if __name__ == "__main__":
    main()
