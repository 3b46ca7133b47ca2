"""A URL shows everything but its passwords."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, strategies as st

from bulkops.errors import ConfigError
from bulkops.masking import masked
from bulkops.postgres import DatabaseUrl, is_database_url, without_password


def test_a_url_is_told_from_a_directory() -> None:
    assert is_database_url("postgres://db/fleet")
    assert not is_database_url("./postgresql")


def test_the_schema_is_ours_and_the_rest_is_libpqs() -> None:
    url = DatabaseUrl.parse("postgresql://ann@db:6432/fleet?schema=ops_2&sslmode=require")
    assert (url.schema, url.place) == ("ops_2", "ann@db:6432/fleet schema ops_2")
    assert url.conninfo.reveal() == "postgresql://ann@db:6432/fleet?sslmode=require"
    assert DatabaseUrl.parse("postgresql:///fleet?host=/run/pg").place == "/run/pg/fleet"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunter2pw@db/fleet",
        "postgresql://ann:hunter2pw@db1:1,db2:2/fleet?sslmode=require",
        "postgresql://ann:p@ss/hunter2pw@db/fleet",
        "postgresql://db/fleet?user=ann&password=hunter2pw",
        "postgresql://db/fleet?sslpassword=hunter2pw&sslmode=verify-full",
    ],
)
def test_a_password_is_never_shown(url: str) -> None:
    parsed = DatabaseUrl.parse(url)
    for shown in (str(parsed), repr(parsed), parsed.place, masked("libpq said hunter2pw"), without_password(url)):
        assert "hunter2pw" not in shown
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(parsed)


@given(st.text("ab@:/?#%+ '\"=&", min_size=1, max_size=12))
def test_what_stands_between_user_and_host_is_masked_also_when_malformed(noise: str) -> None:
    secret = f"Zq9{noise}Zq9"
    url = f"postgresql://ann:{secret}@db/fleet"
    assert "Zq9" not in without_password(url)
    try:
        said = str(DatabaseUrl.parse(url))
    except ConfigError as error:
        said = str(error)
    assert "Zq9" not in said


@pytest.mark.parametrize("schema", ["", "Ops", "a-b", "x; DROP TABLE runs", "1a", "a" * 64])
def test_a_schema_needs_no_quotes(schema: str) -> None:
    with pytest.raises(ConfigError, match=r"schema=.* is not a valid name; use lower-case"):
        DatabaseUrl.parse(f"postgresql://db/fleet?schema={schema}")


def test_without_a_password() -> None:
    assert str(DatabaseUrl.parse("postgresql://ann@db/fleet")) == "postgresql://ann@db/fleet"


def test_a_suggested_command_names_the_database_also_where_secrets_are_masked() -> None:
    for url in ("postgresql://ann@db7/fleet", "postgresql://ann:hunter2pw@db7/fleet"):
        command = f"bulkops resume --journal {DatabaseUrl.parse(url).without_password}"
        assert masked(command) == "bulkops resume --journal postgresql://ann@db7/fleet"
