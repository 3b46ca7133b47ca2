"""The sandbox keeps its loop's time, so its tests run on a virtual clock: no import ends while they look away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.kit import Vendor, vendor
from tests.virtual_time import OVER_SOCKETS


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return OVER_SOCKETS


@pytest.fixture
async def it() -> AsyncIterator[Vendor]:
    """The usual sandbox, with a client beside it."""
    async with vendor() as made:
        yield made
