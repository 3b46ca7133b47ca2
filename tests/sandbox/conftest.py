"""The sandbox keeps its loop's time, so its tests run on a virtual clock: no import ends while they look away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.virtual_time import OVER_SOCKETS


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return OVER_SOCKETS
