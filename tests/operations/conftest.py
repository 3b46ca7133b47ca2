"""What a user of the operations has around them."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _everywhere(surroundings: None) -> None:
    """For each test of this folder."""
