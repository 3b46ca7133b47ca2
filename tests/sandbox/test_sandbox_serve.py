"""The sandbox as a process and as a context: when files and lines appear, and that it is gone afterwards."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import aiohttp
import pytest

from bulkops.errors import ConfigError
from bulkops.sandbox import Faults, Sandbox, SandboxSettings, serve
from bulkops.settings import Tuning
from tests.sandbox.kit import FIRST, vendor

SCRIPT = """
import asyncio, sys
from pathlib import Path
from bulkops.sandbox import SandboxSettings, serve

def out(line):
    assert Path(sys.argv[1]).exists(), "the file must be there before the first line"
    print(line, flush=True)

asyncio.run(serve(SandboxSettings(token="t"), client_file=Path(sys.argv[1]), as_json=sys.argv[2] == "json", out=out))
print("ended well", flush=True)
"""


@contextmanager
def served(client_file: Path, form: str, number: signal.Signals) -> Iterator[IO[str]]:
    """What a sandbox in a process of its own says. Told to end by the signal, it ends well."""
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(client_file), form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, rest, errors) == (0, "ended well\n", "")


def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    client_file = tmp_path / "client.toml"
    with served(client_file, "json", signal.SIGINT) as out:
        said = json.loads(out.readline())
        assert said["token"] == "t"
        assert Tuning.from_file(client_file).quotas
        request = urllib.request.Request(f"{said['url']}/api/managed_users", headers={"Authorization": "Bearer t"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert json.load(reply)["result"][0]["id"] == FIRST


def test_people_get_sentences(tmp_path: Path) -> None:
    with served(tmp_path / "client.toml", "text", signal.SIGTERM) as out:
        lines = [out.readline() for _ in range(3)]
    assert "300 customers" in lines[0]
    assert "WORKATO_API_TOKEN=t" in lines[1]
    assert "client.toml" in lines[2]


async def test_a_taken_port_or_a_bad_path_is_said_in_words(tmp_path: Path) -> None:
    async with Sandbox(SandboxSettings()) as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(ConfigError, match="cannot listen"):
            await serve(SandboxSettings(port=port), client_file=None, as_json=True, out=print)
    with pytest.raises(ConfigError, match=r"cannot write .*c\.toml"):
        await serve(SandboxSettings(), client_file=tmp_path / "no" / "c.toml", as_json=True, out=print)


async def test_it_is_gone_on_exit_whatever_is_in_flight() -> None:
    async with vendor(time_scale=1, faults=Faults(slow=1.0)) as client:
        url = client.sandbox.url
        waiting = asyncio.create_task(client.get("/api/managed_users"))
        await asyncio.sleep(0.05)
        await client.sandbox.__aexit__(None, None, None)
        with pytest.raises(aiohttp.ClientError):
            await waiting
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.http.get(url)
