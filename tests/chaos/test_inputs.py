"""Packages and job files nobody should be given: one line with the file and a remedy, exit 2, no request."""

from __future__ import annotations

import io
import json
import logging
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkops.cli.app import main
from bulkops.runs import read_accounts
from tests.fleet import PACKAGE, SandboxProcess, fleet

RECIPE = json.dumps({"name": "R", "code": {}})


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with fleet(tmp_path_factory.mktemp("vendor"), customers=3, time_scale=400) as running:
        yield running


@pytest.fixture
def refused(
    vendor: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """`refused("import-package", ...)`: what stderr says; two lines at most, exit code 2, nothing sent."""
    for name, value in vendor.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    before = vendor.requests()["total"]

    def invoke(*arguments: str | Path) -> str:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert code == 2, err
        assert out == ""
        lines = err.splitlines()
        assert len(lines) <= 2, err
        assert lines[0].startswith("error: ")
        assert all(line.isprintable() and len(line) < 1500 for line in lines), err
        assert vendor.requests()["total"] == before
        return err

    yield invoke
    logger = logging.getLogger("bulkops")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


def test_one_customer_by_its_id_and_by_its_external_id_is_found_out(vendor: SandboxProcess, tmp_path: Path) -> None:
    """The file alone cannot tell: the token's workspace and the list of customers are asked for, and nothing else."""
    (tmp_path / "a.txt").write_text("4100231\nEORG-1\n")
    named = vendor.cli("call", "managed_users.get", "--account", "4100232", *vendor.policy[:2])
    external = json.loads(named.out)["external_id"]
    (tmp_path / "a.txt").write_text(f"4100231\n4100232\nE{external}\n")
    before = vendor.requests()["total"]
    done = vendor.rollout("--accounts", str(tmp_path / "a.txt"))
    assert done.code == 2, done.err
    assert f"a.txt: 4100232 and E{external} are the same customer" in done.err
    assert vendor.requests()["total"] == before + 2
    assert vendor.ledger() == []


def test_a_file_as_a_spreadsheet_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffid,external_id,plan\r\n1,,x\r\n,ORG-7,y\r\n,org-8,z\r\n".encode())
    rows = read_accounts(tmp_path / "a.csv").rows
    assert [row.account for row in rows] == ["1", "EORG-7", "Eorg-8"]
    assert [row.params["plan"] for row in rows] == ["x", "y", "z"]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "txt"])
def test_a_million_rows(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    head = "id\n" if form == "csv" else ""
    path.write_text(head + "\n".join(map(str, range(1_000_000))) + "\n")
    began = time.process_time()
    inventory = read_accounts(path)
    took_s = time.process_time() - began
    assert len(inventory) == 1_000_000
    print(f"{took_s:.1f} s of CPU for a million rows of {form}")
    assert took_s < 60


@pytest.mark.parametrize(
    "use", ["os:system", "os.system", "subprocess", "evil", "./evil", "evil.py", "__import__('evil')", "../evil.py"]
)
def test_a_job_file_runs_no_code_that_it_does_not_name(refused: Callable[..., str], tmp_path: Path, use: str) -> None:
    """Python files lie beside it, under names that things get imported by."""
    for name in ("evil.py", "conftest.py", "sitecustomize.py", "bulkops.py"):
        (tmp_path / name).write_text("open('ran.txt', 'w')\n")
    (tmp_path / "job.toml").write_text(f'[[operation]]\nuse = {json.dumps(use)}\ncommand = "touch ran.txt"\n')
    (tmp_path / "a.txt").write_text("4100231\n")
    assert "job.toml" in refused("run", "job.toml", "--accounts", "a.txt", "--yes")
    assert not (tmp_path / "ran.txt").exists()


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def _bomb(*, declared: int | None = None) -> bytes:
    """600 MB of zeros in 600 KB; `declared`: the size that its directory lies about."""
    data = bytearray(zipped(("a.recipe.json", RECIPE.encode()), ("zeros.json", bytes(600 * 2**20))))
    if declared is not None:
        entry = data.rindex(b"PK\x01\x02")
        data[entry + 24 : entry + 28] = struct.pack("<I", declared)
    return bytes(data)


def wrong_crc() -> bytes:
    data = bytearray(zipped(("a.recipe.json", RECIPE.encode()), compression=zipfile.ZIP_STORED))
    data[data.index(RECIPE.encode()) + 3] ^= 1
    return bytes(data)


def encrypted() -> bytes:
    data = bytearray(zipped(("a.recipe.json", RECIPE.encode()), compression=zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


def unknown_compression() -> bytes:
    data = bytearray(zipped(("a.recipe.json", RECIPE.encode()), compression=zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + offset : data.index(mark) + offset + 2] = struct.pack("<H", 97)
    return bytes(data)


PACKAGES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "no zip": lambda: b"PK\x03\x04 but no zip at all" * 50,
    "cut": lambda: PACKAGE.read_bytes()[:-40],
    "cut early": lambda: PACKAGE.read_bytes()[:500],
    "a bomb": _bomb,
    "a bomb that lies": lambda: _bomb(declared=100),
    "an absolute name": lambda: zipped(("/etc/a.recipe.json", RECIPE.encode())),
    "a name that climbs": lambda: zipped(("../../a.recipe.json", RECIPE.encode())),
    "a name that climbs within": lambda: zipped(("x/../../a.recipe.json", RECIPE.encode())),
    "a drive": lambda: zipped(("C:\\a.recipe.json", RECIPE.encode())),
    "a name of control characters": lambda: zipped(("\x1b[2J\n../a.recipe.json", RECIPE.encode())),
    "a wrong checksum": wrong_crc,
    "encrypted": encrypted,
    "an unknown compression": unknown_compression,
    "nested only": lambda: zipped(("inner.zip", PACKAGE.read_bytes())),
    "no recipe": lambda: zipped(("a.connection.json", b"{}")),
    "a recipe that is no json": lambda: zipped(("a.recipe.json", b"{")),
    "a recipe nested deep": lambda: zipped(("a.recipe.json", b"[" * 200_000)),
    "a recipe of a list": lambda: zipped(("a.recipe.json", b"[]")),
    "a recipe without a name": lambda: zipped(("a.recipe.json", b'{"name": ""}')),
    "a recipe that is not utf-8": lambda: zipped(("a.recipe.json", b'{"name": "\xff"}')),
    "a name of 5,000 digits": lambda: zipped(("a.recipe.json", b'{"name": ' + b"9" * 5000 + b"}")),
}


SLOW = pytest.mark.slow


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW if "bomb" in name else ()) for name in PACKAGES])
def test_bad_packages(refused: Callable[..., str], tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.zip").write_bytes(PACKAGES[name]())
    (tmp_path / "a.txt").write_text("4100231\n")
    began = time.process_time()
    assert "bad.zip" in refused("import-package", "bad.zip", "--folder", "CRM", "--accounts", "a.txt", "--yes")
    assert time.process_time() - began < 30


def test_a_package_of_500_mb_is_not_even_read(refused: Callable[..., str], tmp_path: Path) -> None:
    with (tmp_path / "bad.zip").open("wb") as file:
        file.truncate(500 * 2**20)
    (tmp_path / "a.txt").write_text("4100231\n")
    tracemalloc.start()
    try:
        said = refused("import-package", "bad.zip", "--folder", "CRM", "--accounts", "a.txt", "--yes")
        assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    finally:
        tracemalloc.stop()
    assert "bad.zip" in said
