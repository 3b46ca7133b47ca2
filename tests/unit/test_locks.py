"""Kernel locks, and the directory where a user's processes meet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bulkops.errors import JournalError
from bulkops.locks import _try_lock, state_directory


def test_a_file_system_that_cannot_lock(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    os.close(handle)
    with pytest.raises(JournalError, match=r"the file system cannot lock .*x.lock: Bad file descriptor; keep"):
        _try_lock(handle, tmp_path / "x.lock", 0.1)


def test_the_state_directory_is_the_users_alone(tmp_path: Path) -> None:
    place = state_directory({"XDG_STATE_HOME": str(tmp_path)})
    assert place == tmp_path / "bulkops"
    assert place.stat().st_mode & 0o777 == 0o700
    assert state_directory({"XDG_STATE_HOME": str(tmp_path)}) == place


def test_without_a_given_place_state_lies_below_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory({}) == tmp_path / ".local" / "state" / "bulkops"


@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_a_state_directory_of_others_is_refused(tmp_path: Path, trap: str) -> None:
    place = tmp_path / "bulkops"
    if trap == "open":
        place.mkdir()
        place.chmod(0o777)
        words = "other users can access"
    elif trap == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "elsewhere")
        words = "other users can access"
    else:
        place.write_text("x")
        words = "cannot create the state directory"
    with pytest.raises(JournalError, match=f"{words}.*XDG_STATE_HOME"):
        state_directory({"XDG_STATE_HOME": str(tmp_path)})
