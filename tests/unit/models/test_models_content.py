"""What a connection stands at."""

from __future__ import annotations

import pytest

from bulkops.models import Connection


@pytest.mark.parametrize(
    ("status", "is_shell", "is_authorized"),
    [(None, True, False), ("success", False, True), ("failed", False, False), ("exception", False, False)],
)
def test_what_a_connection_stands_at(status: str | None, is_shell: bool, is_authorized: bool) -> None:
    connection = Connection(id=811, name="Harbour ERP", authorization_status=status)
    assert (connection.is_shell, connection.is_authorized) == (is_shell, is_authorized)
