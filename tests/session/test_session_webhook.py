"""A message to a webhook: what is tried again, how often, and after which pause."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

import bulkops
from bulkops.secret import Secret
from bulkops.session import post_json
from tests.virtual_time import over_sockets

pytestmark = over_sockets


@pytest.mark.parametrize(
    ("statuses", "answer", "sent"),
    [
        ([503, 429, 200], None, 3),
        ([500, 502, 504, 200], "it answered 504", 3),
        ([204], None, 1),
        ([501, 200], "it answered 501", 1),
        ([300, 200], "it answered 300", 1),
    ],
)
async def test_a_refusal_that_may_pass_is_tried_again_a_second_later(
    server: Any, statuses: list[int], answer: str | None, sent: int
) -> None:
    async def handler(seen: Any, out: Any) -> None:
        del seen
        await out.body(statuses[len(server.seen) - 1])

    server.handler = handler
    assert await post_json(Secret(server.url + "/hook"), b"{}", within_s=60.0) == answer
    assert len(server.seen) == sent
    assert {seen.headers["user-agent"] for seen in server.seen} == {f"bulkops/{bulkops.__version__}"}
    assert all(later.at - earlier.at == pytest.approx(1.0, abs=0.2) for earlier, later in pairwise(server.seen))


async def test_an_address_that_no_resolver_takes_is_told_as_one() -> None:
    why = await post_json(Secret(f"https://{'n' * 64}.example/hook-with-a-key"), b"{}", within_s=60.0)
    assert why is not None
    assert "hook-with-a-key" not in why


async def test_a_path_that_is_not_encoded_is_sent_encoded(server: Any) -> None:
    server.handler = lambda _, out: out.body(204)
    assert await post_json(Secret(server.url + "/hook/é b%20c?d=e f"), b"{}", within_s=60.0) is None
    assert [seen.target for seen in server.seen] == ["/hook/%C3%A9%20b%20c?d=e%20f"]
