"""What a survey writes: `vendor.toml`, which runs read, and replies without a value of a customer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bulkops.errors import ConfigError
from bulkops.learn import Cassettes, Survey, vendor_toml, verdicts
from bulkops.sandbox import Assumptions, Sandbox, SandboxSettings
from bulkops.sandbox.recorded import FILE_NAME
from bulkops.settings import Tuning
from tests.fleet import API_PACKAGE
from tests.here import FIRST, Here, beside, client_of, main_job

pytestmark = pytest.mark.usefixtures("surroundings")


def test_nothing_of_a_customer_is_kept(tmp_path: Path) -> None:
    cassettes = Cassettes(tmp_path / "kept")
    values: set[str] = set()

    async def scene() -> None:
        async with beside(tmp_path / "journal", customers=150, time_scale=2000) as it:
            await it.run(main_job(API_PACKAGE, folder="API"), [{"id": FIRST}])
            for call, account in (("managed_users.list", None), ("managed_users.recipes.list", FIRST)):
                for row in await it.workato.call(call, account=account):
                    values.update(str(value) for value in row.values() if isinstance(value, str | int))
            values.update(str(row["email"]) for row in await it.workato.call("members.list"))
            survey = Survey(workato=it.workato, account=str(FIRST), keep=cassettes.keep)
            found = verdicts([look async for look in survey.looks()])
            (tmp_path / "vendor.toml").write_text(vendor_toml(found), encoding="utf-8")

    asyncio.run(scene())
    cassettes.write()
    text = (tmp_path / "vendor.toml").read_text() + (tmp_path / "kept" / FILE_NAME).read_text()
    long = {value for value in values if len(value) > 5} - {"completed", "in_progress"}
    assert len(long) > 400
    assert {value for value in long if value in text} == set()


def test_recorded_replies_are_given_in_place_of_the_sandboxs_own(tmp_path: Path) -> None:
    odd = Assumptions(envelopes={"managed_users.list": "items"}, members={"managed_users.list": {"plan_id": "missing"}})
    cassettes = Cassettes(tmp_path)

    async def record() -> None:
        async with beside(tmp_path / "journal", customers=5, time_scale=2000, assumptions=odd) as it:
            async for _ in Survey(workato=it.workato, keep=cassettes.keep).looks():
                pass

    async def replay() -> list[tuple[int, str | None]]:
        async with Sandbox(SandboxSettings(customers=2, recorded=tmp_path)) as sandbox, client_of(sandbox) as workato:
            return [(customer.id, customer.plan_id) async for customer in workato.customers.list()]

    asyncio.run(record())
    cassettes.write()
    replayed = asyncio.run(replay())
    assert [plan for _, plan in replayed] == [None] * 3
    assert len({id_ for id_, _ in replayed}) == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1: not a recorded reply"),
        ('{"call": "users.me"}', "line 1: not a recorded reply"),
        ('{"call": "users.you", "status": 200, "body": {}}', "unknown call 'users.you'"),
        ("\xff", "line 1: not a recorded reply"),
    ],
)
def test_a_damaged_recording_is_refused_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / FILE_NAME).write_text(line, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        SandboxSettings(recorded=tmp_path)
    with pytest.raises(ConfigError, match="cannot read"):
        SandboxSettings(recorded=tmp_path / "nowhere")


def test_a_run_reads_the_file_beside_its_client_file_which_is_stronger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Tuning.beside(None) == Tuning()
    (tmp_path / "vendor.toml").write_text('e_ids = false\n[client.page_sizes]\n"managed_users.list" = 25\n')
    (tmp_path / "client.toml").write_text("share = 0.5\n")
    assert Tuning.beside(None).page_sizes == {"managed_users.list": 25}
    both = Tuning.beside("client.toml")
    assert (both.share, both.page_sizes) == (0.5, {"managed_users.list": 25})
    assert Tuning.from_mapping(both.to_mapping(), source="journal") == both
    (tmp_path / "client.toml").write_text('[page_sizes]\n"managed_users.list" = 10\n')
    assert Tuning.beside("client.toml").page_sizes == {"managed_users.list": 10}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("client = 3", "vendor.toml: client must be a table"),
        ("[client]\nquota = 3", "vendor.toml: unknown key 'quota'"),
        ('[client.page_sizes]\n"managed_users.list" = 0', "vendor.toml: page_sizes must be a table of whole numbers"),
        ("[client", "vendor.toml is not valid TOML"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vendor.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        Tuning.beside(None)


def test_short_pages_lose_no_row_once_their_size_is_known(tmp_path: Path) -> None:
    """A vendor sends 50 rows when 100 are asked for: a client takes the first page for the last, and a survey tells."""
    short = Assumptions(page_sizes={"managed_users.list": 50})

    async def scene() -> None:
        async with beside(tmp_path / "journal", customers=120, time_scale=2000, assumptions=short) as it:
            assert await count(it) == 50
            found = verdicts([look async for look in Survey(workato=it.workato).looks()])
            (tmp_path / "vendor.toml").write_text(vendor_toml(found))
            (tmp_path / "client.toml").write_text("")
            learned = Tuning.beside(tmp_path / "client.toml")
            async with client_of(it.sandbox, page_sizes=learned.page_sizes) as workato:
                it.workato = workato
                assert await count(it) == 120

    asyncio.run(scene())


async def count(it: Here) -> int:
    return len([customer async for customer in it.workato.customers.list()])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"envelopes": 3}, "envelopes must be a table by call"),
        ({"envelopes": {"users.you": "list"}}, "unknown call 'users.you'"),
        ({"envelopes": {"users.me": "box"}}, "users.me must be one of object, result, data"),
        ({"page_sizes": {"users.me": True}}, "users.me must be a whole number above 0, not True"),
        ({"members": {"users.me": "none"}}, "users.me must be a table by member"),
        ({"members": {"users.me": {"id": "text"}}}, "id must be one of missing, null, boolean"),
    ],
)
def test_a_wrong_table_of_assumptions_is_refused(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Assumptions.from_mapping(json.loads(json.dumps(table)))
