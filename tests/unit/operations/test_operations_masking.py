"""What a vendor repeats of a refused credential does not get any further."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import InputError, Invalid, OutcomeUnknown, ServerError
from bulkops.operations._credentials import mask, read_credentials

VALUES = {"host": "https://x.example", "key": "hunter2-secret-value", "port": 443}


def test_every_text_of_an_error_is_masked() -> None:
    error = Invalid(
        "422: key hunter2-secret-value is wrong",
        status=422,
        said="key hunter2-secret-value is wrong",
        errors={"key": ["hunter2-secret-value"]},
        call="managed_users.connections.update",
        method="PUT",
        path="/api/managed_users/1/connections/2",
    )
    mask(error, VALUES)
    shown = [str(error), repr(error), error.cause, error.said, str(error.errors), str(error.args)]
    assert not [text for text in shown if "hunter2" in text]
    assert "***" in str(error)


def test_what_an_error_comes_from_is_masked_too() -> None:
    where: dict[str, Any] = {"call": "managed_users.connections.create", "method": "POST", "path": "/api"}
    first = ServerError("500: hunter2-secret-value", status=500, said="hunter2-secret-value", **where)
    unknown = OutcomeUnknown("sent, 500: hunter2-secret-value", **where)
    unknown.__cause__ = first
    mask(unknown, VALUES)
    assert not [
        text for text in (str(unknown), repr(unknown), str(first), repr(first), first.said) if "hunter2" in text
    ]


@pytest.mark.parametrize("line", ['api_key = { column = "shop" }', 'shop = { column = "crm password" }'])
def test_a_secret_cannot_come_from_a_column(tmp_path: Path, line: str) -> None:
    """The columns of an account file are written to the journal; secrets never are."""
    path = tmp_path / "connections.toml"
    path.write_text(f"[connections.CRM.input]\n{line}\n")
    with pytest.raises(InputError, match=r"looks secret.*journal") as caught:
        read_credentials(path)
    assert "env" in str(caught.value.remedy)
