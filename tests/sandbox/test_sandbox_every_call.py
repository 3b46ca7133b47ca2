"""Each call of the catalogue, once: it reaches the sandbox, counts in its own quota, decodes, and fits its schema."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jsonschema
import pytest

from bulkops.catalogue import CALLS, Call
from bulkops.client import Workato
from bulkops.errors import StatusError
from bulkops.sandbox import Assumptions
from bulkops.sandbox.handlers import ANSWERS
from bulkops.sandbox.openapi import document
from tests.here import client_of
from tests.sandbox.kit import Vendor, vendor
from tests.sandbox.walking import Walker, in_order

REFUSED = {"api_access_profiles.update_without_id": 404}
"""Printed by the vendor's guide; there is no such call."""

ELSEWHERE = {"packages.download": 302}
"""An ordinary client is told where the file is; ours fetches it from there, without its token."""


@asynccontextmanager
async def furnished(**settings: Any) -> AsyncIterator[Walker]:
    async with vendor(**settings) as client:
        walker = Walker(client)
        await walker.furnish()
        yield walker


def test_the_sandbox_knows_every_call() -> None:
    assert len(CALLS) == 475
    assert set(ANSWERS) == set(CALLS)


async def test_each_call_reaches_the_sandbox_counts_in_its_quota_and_decodes() -> None:
    async with furnished() as walker, client_of(walker.vendor.sandbox) as workato:
        for call in in_order():
            given = await walker.parameters(call)
            walker.forget(call)
            before = _counts(walker.vendor)
            assert await _call(workato, call, walker.account, given) == REFUSED.get(call.id, 200), call.id
            after = _counts(walker.vendor)
            assert {name: after[name] - before.get(name, 0) for name in after} == {
                name: int(name == call.quota) for name in after
            }, call.id


async def _call(workato: Workato, call: Call, account: str, given: dict[str, Any]) -> int:
    """The status; 200 for an answer that decodes. Members go in as parameters, or under their own wrapper's name."""
    body = given.pop("body", None)
    try:
        answer = await workato.call(call.id, account=account if call.names_account else None, body=body, **given)
    except StatusError as error:
        return error.status
    kind = {"array": list, "list": list, "data_list": list, "items": list, "result_items": list, "assets": list}
    kind["tags"] = list
    assert isinstance(answer, kind.get(call.envelope, object)), (call.id, answer)
    return 200


def _counts(vendor: Vendor) -> dict[str, int]:
    return {name: row["requests"] for name, row in vendor.sandbox.requests()["quotas"].items()}


FORMS = [
    Assumptions(),
    Assumptions(
        single_objects="result",
        running_recipe_update=200,
        members_list="bare",
        recipes_list="items",
        properties_list="pairs",
        success_spelling="Success",
        running_state="processing",
        import_reply="completed",
    ),
]


@pytest.mark.parametrize("assumptions", FORMS, ids=["default", "other"])
async def test_each_answer_fits_its_schema(assumptions: Assumptions) -> None:
    described, expected = document(assumptions), REFUSED | ELSEWHERE
    async with furnished(assumptions=assumptions) as walker:
        for call in in_order():
            reply = await walker.ask(call.id, **await walker.parameters(call))
            assert reply.status < 300 or reply.status == expected.get(call.id), (call.id, reply.text)
            answers = described["paths"][call.path][call.method.lower()]["responses"]
            answer = answers.get(str(reply.status), answers["default"])
            if "content" not in answer:
                assert reply.text == ""
                continue
            schema = answer["content"]["application/json"]["schema"] | {"components": described["components"]}
            faults = [
                f"{error.json_path}: {error.message}"
                for error in jsonschema.Draft202012Validator(schema).iter_errors(reply.data)
            ]
            assert faults == [], call.id
