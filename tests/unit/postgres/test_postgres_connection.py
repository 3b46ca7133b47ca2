"""One sentence for each way in which a database cannot be used."""

from __future__ import annotations

import sys
import threading
import time
from functools import partial

import psycopg
import pytest

from bulkops.errors import ConfigError, JournalError
from bulkops.postgres import DatabaseUrl, connect, connect_again, connect_async, migrate, version
from bulkops.postgres.connection import _check_version
from tests.patience import wait_until
from tests.postgres import own_server, with_parts

_SCRIPTS = ["CREATE TABLE first (x integer)", "ALTER TABLE first ADD COLUMN y integer; CREATE TABLE second (z text)"]


def said(url: str) -> str:
    with pytest.raises(JournalError) as caught:
        connect(DatabaseUrl.parse(url))
    assert caught.value.__cause__ is None
    return str(caught.value)


async def test_a_connection_writes_durably_into_its_schema(postgres: str) -> None:
    url = DatabaseUrl.parse(f"{postgres}&schema=ops")
    connection = await connect_async(url)
    try:
        cursor = await connection.execute("SHOW search_path")
        assert await cursor.fetchone() == ("ops, pg_temp",)
    finally:
        await connection.close()
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("ALTER ROLE postgres SET synchronous_commit = off")
        try:
            with connect(url) as connection_2:
                assert connection_2.execute("SHOW synchronous_commit").fetchone() == ("on",)
        finally:
            admin.execute("ALTER ROLE postgres RESET synchronous_commit")


def test_settings_of_a_session_fail_in_words_too(postgres: str) -> None:
    url = DatabaseUrl.parse(postgres)
    with connect_again(url, part="journal", settings={"statement_timeout": "5s"}) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
    for attempt in (connect, partial(connect_again, part="ledger")):
        with pytest.raises(JournalError, match="invalid value for parameter"):
            attempt(url, settings={"statement_timeout": "nonsense"})


def test_no_server() -> None:
    words = said("postgresql://ann:hunter2pw@127.0.0.1:1/fleet")
    assert words.startswith("cannot use the database ann@127.0.0.1:1/fleet: ")
    assert "Connection refused" in words
    assert words.endswith("check that the server runs and that the URL is correct")
    assert "hunter2pw" not in words


def test_no_such_database_and_a_wrong_password(postgres: str, postgres_role: str) -> None:
    assert 'database "nowhere" does not exist; create it, or correct the URL' in said(
        with_parts(postgres, dbname="nowhere")
    )
    words = said(with_parts(postgres_role, password="wrong-hunter2"))
    assert "password authentication failed" in words
    assert words.endswith("correct user and password, in the URL, PGPASSWORD or ~/.pgpass")
    assert "wrong-hunter2" not in words


def test_a_host_without_an_address() -> None:
    assert said("postgresql://ann@no-such-host.invalid/fleet").endswith("; correct the host in the URL")


def test_a_url_that_libpq_refuses_does_not_show_its_password() -> None:
    with pytest.raises(ConfigError, match="is not valid: invalid URI query parameter; correct") as caught:
        connect(DatabaseUrl.parse("postgresql://ann:hunter2pw@db/fleet?wrong=1"))
    assert "hunter2pw" not in str(caught.value)


async def test_a_server_that_is_too_old(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = DatabaseUrl.parse(postgres)
    _check_version((140_000,), url)
    with pytest.raises(JournalError, match="is PostgreSQL 13, but bulkops needs 14 or newer; upgrade the server"):
        _check_version((139_999,), url)
    with connect(url) as opened:
        found = opened.info.server_version
    monkeypatch.setattr("bulkops.postgres.connection._OLDEST", found + 1)
    assert f"is PostgreSQL {found // 10_000}, but bulkops needs" in said(postgres)
    with pytest.raises(JournalError, match="but bulkops needs"):
        await connect_async(url)


def test_without_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install 'bulkops\[postgres\]'"):
        connect(DatabaseUrl.parse("postgresql://db/fleet"))


def test_migrations_run_once_and_in_order(postgres: str) -> None:
    url = DatabaseUrl.parse(postgres)
    with connect(url) as connection:
        assert version(connection, "journal") == 0
        migrate(connection, url, "journal", _SCRIPTS[:1])
        migrate(connection, url, "journal", _SCRIPTS)
        migrate(connection, url, "journal", _SCRIPTS)
        assert version(connection, "journal") == 2
        assert version(connection, "ledger") == 0
        connection.execute("INSERT INTO bulkops.first VALUES (1, 2)")
        with pytest.raises(JournalError, match="has schema version 2, but this bulkops supports version 1; use the"):
            migrate(connection, url, "journal", _SCRIPTS[:1])
        another = "journal in .* has the tables of another build of bulkops; use .* or another schema: add .schema=NAME"
        changed = [_SCRIPTS[0] + " -- and more", *_SCRIPTS[1:]]
        with pytest.raises(JournalError, match=another):
            migrate(connection, url, "journal", changed)
        migrate(connection, url, "journal", changed, is_own=False)
        connection.execute("ALTER TABLE bulkops.versions DROP COLUMN digest")
        with pytest.raises(JournalError, match=another):
            migrate(connection, url, "journal", [*_SCRIPTS, "SELECT 1"])


def test_a_migration_that_fails_leaves_nothing(postgres: str) -> None:
    url = DatabaseUrl.parse(postgres)
    with connect(url) as connection:
        with pytest.raises(JournalError, match="syntax error"):
            migrate(connection, url, "journal", [_SCRIPTS[0], "CREATE GIBBERISH"])
        assert version(connection, "journal") == 0
        migrate(connection, url, "journal", _SCRIPTS)


def test_many_processes_create_the_tables_once(postgres: str) -> None:
    url = DatabaseUrl.parse(postgres)
    failures: list[Exception] = []

    def work() -> None:
        try:
            with connect(url) as connection:
                migrate(connection, url, "journal", _SCRIPTS)
        except Exception as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_role_that_may_only_use_the_tables(postgres: str, postgres_role: str) -> None:
    url, user = DatabaseUrl.parse(postgres), DatabaseUrl.parse(postgres_role)
    with connect(user) as connection, pytest.raises(JournalError, match="may not create them: permission denied"):
        migrate(connection, user, "journal", _SCRIPTS)
    with connect(url) as owner:
        migrate(owner, url, "journal", _SCRIPTS)
        with connect(user) as connection, pytest.raises(JournalError, match="may not use it; ask the owner"):
            migrate(connection, user, "journal", _SCRIPTS)
        owner.execute(f"GRANT USAGE ON SCHEMA bulkops TO {user.place.partition('@')[0]}")
        with connect(user) as connection, pytest.raises(JournalError, match=r"table versions .*; ask the owner"):
            migrate(connection, user, "journal", _SCRIPTS)
        owner.execute(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA bulkops TO {user.place.partition('@')[0]}")
    with connect(user) as connection:
        migrate(connection, user, "journal", _SCRIPTS)
        connection.execute("INSERT INTO second VALUES ('x')")


def test_a_restart_is_waited_out_and_an_outage_is_not_waited_out_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    with own_server() as server:
        url = DatabaseUrl.parse(server.url)
        connection = connect(url)
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        began = time.monotonic()
        with pytest.raises(JournalError, match="check that the server runs"):
            connect_again(url, part="journal", patience_s=0.3)
        assert time.monotonic() - began < 1.0
        assert not caplog.records

        def start_when_told() -> None:
            wait_until(lambda: "database.away" in caplog.text)
            server.start()

        waiting = threading.Thread(target=start_when_told)
        waiting.start()
        with connect_again(url, part="journal", patience_s=60.0) as again:
            assert again.execute("SELECT 1").fetchone() == (1,)
        waiting.join()
    away, back = [record.getMessage() for record in caplog.records]
    assert "database.away part=journal reason=cannot use the database" in away
    assert "waits_up_to_s=60.0" in away
    assert ": connection to server " in away
    assert "connection is bad" not in away, "psycopg's own words, which say nothing more"
    assert "database.back part=journal after_s=" in back
