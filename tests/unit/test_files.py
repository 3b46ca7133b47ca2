"""Files that are there whole or not at all, and what is not a file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bulkops.files import write_whole


def test_a_file_is_replaced_and_a_link_to_it_stays(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    target, link = tmp_path / "reports" / "monday.txt", tmp_path / "latest.txt"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, [b"n", b"ew"])
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["latest.txt", "monday.txt", "reports"]


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, seen = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: seen.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"report")
    reader.join(timeout=60)
    assert seen == [b"report"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "link"])
@pytest.mark.parametrize("mode", ["ab", "wb"])
def test_an_open_file_is_written_to_where_it_stands(tmp_path: Path, name: str, mode: str) -> None:
    log = tmp_path / "all.log"
    log.write_text("precious\n")
    (tmp_path / "link").symlink_to("/dev/stdout")
    code = "import os, sys; from bulkops.files import *; os.write(1, b'1\\n'); write_whole(Path(sys.argv[1]), b'2\\n')"
    with log.open(mode) as stdout:
        subprocess.run(
            [sys.executable, "-c", f"{code}; os.write(1, b'3\\n')", name], stdout=stdout, check=True, cwd=tmp_path
        )
    assert log.read_text() == ("precious\n" if mode == "ab" else "") + "1\n2\n3\n"
