"""Files that are there whole or not at all, and what is not a file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bulkops.cli.output_file import check_writable
from bulkops.errors import ConfigError
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


def test_links_in_a_circle_are_no_obstacle(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    check_writable(circle)
    write_whole(circle, b"report")
    assert circle.read_bytes() == b"report"


def test_the_folder_that_a_link_leads_to_is_tried(tmp_path: Path) -> None:
    link = tmp_path / "latest.txt"
    link.symlink_to(tmp_path / "reports" / "monday.txt")
    with pytest.raises(ConfigError, match=r"cannot write .*latest\.txt: No such file or directory; check the path"):
        check_writable(link)
    (tmp_path / "reports").mkdir()
    check_writable(link)
    assert list((tmp_path / "reports").iterdir()) == []


FORBIDDEN_FOLDER = """
import os, sys
from pathlib import Path
from bulkops.cli.doctor import _disk
from bulkops.cli.output_file import check_writable
from bulkops.errors import ConfigError
from bulkops.journal import Location
from bulkops.operations.jsonl_output import check_output
path = Path(sys.argv[1])
if os.geteuid() == 0:  # root may look everywhere
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
for asked in sys.argv[2:]:
    try:
        print(eval(asked))
    except ConfigError as error:
        print(error)
"""


def test_a_folder_that_may_not_be_looked_into(tmp_path: Path) -> None:
    answers = {
        "check_writable(path)": "cannot write {path}: Permission denied; check the path after -o",
        "check_output(str(path))": "cannot write {path}; check the path of the output file",
        "next(_disk(path)).state": "fix",
        "Location.of(str(path)).exists()": "True",  # opening it says what is forbidden
    }
    (tmp_path / "mine").mkdir(mode=0)
    path = tmp_path / "mine" / "report.html"
    command = [sys.executable, "-c", FORBIDDEN_FOLDER, str(path), *answers]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [answer.format(path=path) for answer in answers.values()]
