"""What a user's test says of the vendor: which answers it gives, and what the token may not do."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import Request, urlopen

from anyio.from_thread import start_blocking_portal

from bulkops.testing import Assumptions, SandboxInThread, SandboxSettings, TestVendor


def test_assumptions_and_rights_are_those_of_the_mark_and_can_be_changed() -> None:
    settings = SandboxSettings(customers=1, assumptions=Assumptions(foreign_customer=403), deny=("users.me",))
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(TestVendor(settings)) as vendor,
    ):
        sandbox = SandboxInThread(vendor, portal)

        def status(path: str) -> int:
            request = Request(sandbox.url + path, headers={"Authorization": f"Bearer {sandbox.token}"})
            try:
                with urlopen(request, timeout=60) as reply:
                    return int(reply.status)
            except HTTPError as error:
                with error:
                    return error.code

        assert [status("/api/managed_users/17"), status("/api/users/me"), status("/api/managed_users")] == [
            403,
            403,
            200,
        ]
        sandbox.deny("managed_users.list")
        assert [status("/api/users/me"), status("/api/managed_users")] == [200, 403]
        sandbox.deny()
        assert status("/api/managed_users") == 200
