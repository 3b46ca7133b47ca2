"""The rollout of the vendor's guide on 300 new customers: killed, resumed, again, undone; every key opens its API."""

from __future__ import annotations

import json
import stat
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from bulkops.operations import Package
from tests.fleet import API_PACKAGE, SandboxProcess, fleet, kill, wait_until

REAL = Path(__file__).parents[3] / "shared" / "data" / "packages" / "sf-api-collection.zip"
CUSTOMERS = 300


def _write_inputs(home: Path, package: Package) -> None:
    rows = [f"N {n}/ü,New {n},n{n}@x.example" for n in range(CUSTOMERS)]
    text = "\n".join(["external_id,name,notification_email", *rows, ""])
    (home / "new.csv").write_text(text, encoding="utf-8")
    tables = [f'[connections."{name}".input]\nkey = "canary-credential-0815"\n' for name in package.connections]
    (home / "connections.toml").write_text("".join(tables), encoding="utf-8")


def _get(vendor: SandboxProcess, path: str) -> Any:
    request = urllib.request.Request(vendor.url + path, headers={"Authorization": f"Bearer {vendor.token}"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["result"]


def _call(endpoint: dict[str, Any], secret: str) -> int:
    url = endpoint["url"].replace("{number}", "7")
    request = urllib.request.Request(url, method=endpoint["method"], headers={"API-TOKEN": secret})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return int(reply.status)
    except HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("v2", marks=[pytest.mark.slow, pytest.mark.timeout(400)]),
        pytest.param("v1", marks=[pytest.mark.chaos, pytest.mark.timeout(400)]),
    ],
)
def test_three_hundred_new_customers(tmp_path: Path, version: str) -> None:
    package = Package.load(REAL if REAL.is_file() else API_PACKAGE)
    _write_inputs(tmp_path, package)
    command = (
        *("rollout", package.path, "--folder", "API", "--connections", "connections.toml"),
        *("--secrets-to", "keys.jsonl", "--api-platform", version, "--accounts", "new.csv", "--json"),
    )
    key = "api_key" if version == "v2" else "access_profile"
    expected = {
        "customer.created": 1,
        "import.completed": 1,
        "connection.authorized": len(package.connections),
        "api_client.created": 1,
        f"{key}.created": 1,
        "recipe.started": len(package.recipes),
        "endpoint.enabled": len(package.endpoints),
    }
    with fleet(tmp_path, customers=0, time_scale=250) as vendor:
        process = vendor.start(*command, *vendor.policy)
        goal = CUSTOMERS * sum(expected.values()) // 3
        wait_until(process, lambda: len(vendor.ledger()), goal)
        kill(process)
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": CUSTOMERS}), done.err
        kinds = vendor.kinds()
        assert {kind: kinds[kind] for kind in expected} == {kind: n * CUSTOMERS for kind, n in expected.items()}
        assert [effect for effect in vendor.twice() if effect[1] != f"{key}.refreshed"] == []
        assert vendor.refused() == 0
        _check_keys(vendor, tmp_path / "keys.jsonl")

        again = vendor.cli(*command, *vendor.policy)
        assert (again.code, again.outcomes) == (0, {"unchanged": CUSTOMERS}), again.err
        assert vendor.kinds() == kinds
        undone = vendor.cli("undo", done.report["run"], *vendor.policy, "--json")
        assert (undone.code, undone.outcomes) == (0, {"changed": CUSTOMERS}), undone.err
        _check_as_before(vendor, version)


def _check_keys(vendor: SandboxProcess, path: Path) -> None:
    """The last line of each account is a secret that opens its endpoints; a few are tried."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    newest = {line["account"]: line.get("auth_token") or line.get("secret") for line in lines}
    assert len(newest) == CUSTOMERS
    for account, secret in list(newest.items())[::30]:
        endpoints = _get(vendor, f"/api/managed_users/{quote(account, safe='')}/api_endpoints")
        assert {_call(endpoint, secret) for endpoint in endpoints} == {200}
    journal = b"".join(file.read_bytes() for file in vendor.journal.rglob("*") if file.is_file())
    assert [account for account, secret in newest.items() if secret.encode() in journal] == []


def _check_as_before(vendor: SandboxProcess, version: str) -> None:
    """By the ledger: each thing made is gone, each thing switched is back; and a few accounts are looked at."""
    kinds = vendor.kinds()
    pairs = {
        "recipe.started": "recipe.stopped",
        "endpoint.enabled": "endpoint.disabled",
        "connection.authorized": "connection.disconnected",
        **({"api_client.created": "api_client.deleted"} if version == "v2" else {}),
        **({"access_profile.created": "access_profile.disabled"} if version == "v1" else {}),
    }
    assert {there: kinds[back] for there, back in pairs.items()} == {there: kinds[there] for there in pairs}
    deleted = Counter(effect["account"] for effect in vendor.ledger() if effect["kind"] == "folder.deleted")
    assert len(deleted) == CUSTOMERS
    for account in list(deleted)[::60]:
        nouns = ("folders", "recipes", "connections", "api_collections", "api_endpoints")
        found = {noun: _get(vendor, f"/api/managed_users/{account}/{noun}") for noun in nouns}
        assert found == {noun: [] for noun in nouns}
