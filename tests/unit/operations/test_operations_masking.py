"""What a vendor repeats of a refused credential does not get any further."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import InputError, Invalid, OutcomeUnknown, ServerError
from bulkops.masking import masked
from bulkops.operations._credentials import mask, read_credentials
from bulkops.operations._templates import fill_in

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


def test_a_value_from_outside_is_masked_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIN", "pin of the environment")
    (tmp_path / "pin.txt").write_text("pin of the file\n")
    for reference in ("{env:PIN}", f"{{file:{tmp_path / 'pin.txt'}}}"):
        value = fill_in("str", reference, {}, "7")
        assert masked(f"it said {value}, twice") == "it said ***, twice"


def test_the_mark_that_an_editor_puts_before_the_text_is_no_part_of_a_value(tmp_path: Path) -> None:
    (tmp_path / "pin.txt").write_bytes(b"\xef\xbb\xbfpin of Notepad\r\n")
    assert fill_in("str", f"{{file:{tmp_path / 'pin.txt'}}}", {}, "7") == "pin of Notepad"
