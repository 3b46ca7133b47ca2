"""The facts about the vendor's API, where a developer has them: BULKOPS_FACTS=.../endpoints.yaml, or ../shared.

A second file beside it, endpoints-2.yaml, adds calls and quotas and corrects the first one. Without them the tests that
compare are skipped.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

_BESIDE: Final = Path(__file__).parents[2] / "shared" / "workato-api" / "endpoints.yaml"

PATH: Final = Path(os.environ.get("BULKOPS_FACTS", _BESIDE))  # read now: a fixture empties the environment

CONFIDENCE: Final = {"documented": "documented", "seen in client code": "client", "inferred": "inferred"}
"""Words of the facts and of the catalogue, the best first."""

_NOT_CAPTURED: Final = re.compile("assum|uncertain|unknown|may be wrapped|inferred|accept")


def facts() -> dict[str, Any]:
    """Both files as one: `endpoints`, corrected, and `rate_limit_buckets`."""
    if not PATH.is_file():
        pytest.skip("there are no facts: see tests/facts.py")
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it
    first, second = (
        yaml.load(PATH.with_name(name).read_text(encoding="utf-8"), loader) for name in (PATH.name, "endpoints-2.yaml")
    )
    rows = {row["id"]: row for row in (*first["endpoints"], *second["endpoints"])}
    assert len(rows) == len(first["endpoints"]) + len(second["endpoints"])
    for correction in second["corrections"]:
        _correct(rows[correction["id"]], correction)
    return {
        "endpoints": [*rows.values()],
        "rate_limit_buckets": first["rate_limit_buckets"] | second["rate_limit_buckets"],
        "corrections": second["corrections"],
    }


def _correct(row: dict[str, Any], correction: Mapping[str, Any]) -> None:
    field, new = correction["field"], correction["new"]
    if field == "rate_limit" and isinstance(new, dict):
        row["rate_limit"] = new
    elif field == "params" and isinstance(new, list):
        row["params"] = [*row["params"], *new]
    elif field == "params":  # "additionally q (text filter)"
        name = new.split()[1]
        kind = "boolean" if "boolean" in new else "string"
        row["params"] = [*row["params"], {"name": name, "in": "query", "type": kind, "required": False}]
    elif field == "response.envelope":
        by_analogy = " (assumed)" if correction["confidence"] == "inferred" else ""
        row["response"] = {**row["response"], "envelope": new + by_analogy}


def confidence(row: Mapping[str, Any]) -> str:
    """The best that any source of the call gives."""
    levels = [*CONFIDENCE.values()]
    return min((CONFIDENCE[source["confidence"]] for source in row["source"]), key=levels.index)


def assumes_envelope(row: Mapping[str, Any]) -> bool:
    """Whether no page shows how the answer is wrapped."""
    return _NOT_CAPTURED.search(row["response"]["envelope"]) is not None
