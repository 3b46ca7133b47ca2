"""schemathesis against the sandbox: no 5xx, and every answer fits the schema that the sandbox gives for it.

python -m tests.sandbox.check [--seed N] [--seconds N]      exit 1 when something does not fit

A sandbox of its own, without quotas, holds customers that have everything; half of the ids that are tried exist. What
deletes comes last, or nothing would be left to ask for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bulkops.catalogue import ACCOUNT, CALLS, Call
from bulkops.sandbox import Assumptions
from bulkops.sandbox.openapi import document
from tests.sandbox.kit import FIRST, Vendor, vendor
from tests.sandbox.walking import Walker

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
FURNISHED: Final = 2
"""Customers that have everything; the others are empty, and may be deleted."""

ENDS: Final = ("delete", "batch_delete")


async def main(seed: int, seconds: int) -> int:
    print(f"seed {seed}, {seconds} s; again with: python -m tests.sandbox.check --seed {seed} --seconds {seconds}")
    with tempfile.TemporaryDirectory() as home:
        async with vendor(customers=20, time_scale=10_000.0, seed=seed) as client:
            described = await _with_ids(client)
            path = Path(home) / "openapi.json"
            path.write_text(json.dumps(described), encoding="utf-8")
            passes = (
                ("--exclude-operation-id-regex", seconds * 3 // 4),
                ("--include-operation-id-regex", seconds // 4),
            )
            results = [
                await _schemathesis(client, path, [flag, f"({'|'.join(ENDS)})$"], seed=seed, seconds=budget)
                for flag, budget in passes
            ]
            print(f"{client.sandbox.requests()['total']} requests")
    return max(results)


async def _schemathesis(client: Vendor, path: Path, chosen: list[str], *, seed: int, seconds: int) -> int:
    arguments = [
        "run", str(path), "--url", client.sandbox.url, "--header", f"Authorization: Bearer {client.sandbox.token}",
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--seed", str(seed),
        "--max-time", str(seconds), "--max-examples", "20", "--continue-on-failure", "--no-shrink",
        "--suppress-health-check", "all", "--max-redirects", "0", "--warnings", "off", *chosen,
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", *arguments, cwd=path.parent, stdin=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


async def _with_ids(client: Vendor) -> dict[str, Any]:
    """The sandbox's own document, whose ids are those of things that are there, and sometimes others."""
    described = document(Assumptions())
    walkers = [Walker(client, account=str(FIRST + number)) for number in range(FURNISHED)]
    for walker in walkers:
        await walker.furnish()
    for call in CALLS.values():
        operation = described["paths"][call.path][call.method.lower()]
        ids = [await walker.parameters(call) for walker in walkers[: FURNISHED if call.names_account else 1]]
        for parameter in operation["parameters"]:
            name = parameter["name"]
            found = _accounts(call) if name == ACCOUNT else [each.get(name) for each in ids]
            known = [value for value in found if isinstance(value, str | int)]
            if parameter["in"] == "path" and known:
                parameter["schema"] = {"anyOf": [{"enum": known}, parameter["schema"]]}
                parameter["examples"] = {"there": {"value": known[0]}}
            if parameter["name"] == "by":
                parameter["examples"] = {"there": {"value": {"code": "DE"}}}
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        members = {
            name: value for name, value in ids[0].items() if body and name in body["schema"].get("properties", ())
        }
        if members:
            body["examples"] = {"there": {"value": members}}
    return described


def _accounts(call: Call) -> list[str]:
    if call.id == "managed_users.delete":
        return [str(FIRST + 15), "EORG-18"]
    return [str(FIRST), str(FIRST + 1), "EORG-1"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.check")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--seconds", type=int, default=80)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.seed, given.seconds)))
