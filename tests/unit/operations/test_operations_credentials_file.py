"""A credentials file: what each value becomes, and the words for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkops.errors import BulkopsError, ConfigError, InputError
from bulkops.operations._credentials import Column, Reference, read_credentials
from bulkops.secret import Secret

INPUT = '[connections."CRM"]\nprovider = "salesforce"\n[connections."CRM".input]\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "connections.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_kind_of_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_KEY", " k-1 ")
    (tmp_path / "secret.txt").write_text(" s-2\n")
    rows = (
        'plain = "p"\nport = 8443\nratio = 0.5\nis_on = true\n'
        'key = { env = "CRM_KEY" }\npassword = { file = "secret.txt" }\n'
        'user = { column = "who" }\nown = { env = "KEY_{id}" }\nown_file = { file = "{id}.txt" }\n'
    )
    (found,) = read_credentials(written(tmp_path, INPUT + rows))
    assert (found.connection, found.provider) == ("CRM", "salesforce")
    shown = {key: value.reveal() if isinstance(value, Secret) else value for key, value in found.input.items()}
    assert shown == {
        "plain": "p",
        "port": 8443,
        "ratio": 0.5,
        "is_on": True,
        "key": " k-1 ",
        "password": "s-2",
        "user": Column("who"),
        "own": Reference("env", "KEY_{id}", tmp_path),
        "own_file": Reference("file", "{id}.txt", tmp_path),
    }


def test_several_connections_keep_their_order(tmp_path: Path) -> None:
    text = "[connections.B.input]\nx = 1\n[connections.A.input]\nx = 2\n"
    assert [(one.connection, one.provider) for one in read_credentials(written(tmp_path, text))] == [
        ("B", None),
        ("A", None),
    ]


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("[connections", "not valid TOML", InputError),
        ("", r"connections\.toml: no table \[connections\.NAME\]", InputError),
        ("connections = 7", r"no table \[connections\.NAME\]", InputError),
        ("[connections]", r"no table \[connections\.NAME\]", InputError),
        ("other = 1\n[connections.A.input]\nx = 1", "unknown key 'other'", InputError),
        ("[connections]\nA = 7", "connections.'A' must have the keys input", InputError),
        ('[connections.A]\nprovider = "x"', "connections.'A' must have the keys input", InputError),
        ('[connections.A]\nnote = "x"\n[connections.A.input]\nx = 1', "optionally, provider", InputError),
        ("[connections.A]\nprovider = 7\n[connections.A.input]\nx = 1", "'A'.provider must be text", InputError),
        ("[connections.A]\ninput = 7", "'A'.input must be a table", InputError),
        ("[connections.A.input]", "'A'.input must be a table", InputError),
        (INPUT + "x = [1]", r"input\.x is neither a plain value", InputError),
        (INPUT + 'x = { env = "A", file = "B" }', r"input\.x is neither a plain value", InputError),
        (INPUT + 'x = { shell = "A" }', r"input\.x is neither a plain value", InputError),
        (INPUT + "x = { env = 7 }", r"input\.x\.env must be a name", InputError),
        (INPUT + 'x = { env = "" }', r"input\.x\.env must be a name", InputError),
        (INPUT + 'password = { column = "a" }', r"input\.password looks secret", InputError),
        (INPUT + 'x = { column = "api_key" }', r"input\.x looks secret", InputError),
        (INPUT + 'x = { env = "BULKOPS_TEST_NOT_SET" }', "variable BULKOPS_TEST_NOT_SET is not set", ConfigError),
        (INPUT + 'x = { file = "missing.txt" }', r"cannot read missing\.txt: No such file", ConfigError),
        (INPUT + 'x = { file = "latin.txt" }', r"cannot read latin\.txt: not UTF-8 text", ConfigError),
    ],
)
def test_each_mistake_names_its_place_and_what_to_do(
    tmp_path: Path, text: str, words: str, kind: type[BulkopsError]
) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xe4")
    with pytest.raises(kind, match=words) as caught:
        read_credentials(written(tmp_path, text))
    assert caught.value.remedy


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the credentials file .*: No such file") as caught:
        read_credentials(tmp_path / "connections.toml")
    assert caught.value.remedy == "check the path"
