"""Lines of results that cannot be written."""

from __future__ import annotations

import errno
import io
import os
import sys

import pytest

from bulkops.errors import TaskFailed
from bulkops.operations.jsonl_output import STDOUT, write_result


class _Full(io.StringIO):
    """Standard output on a disk without space."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(("output", "where"), [("/dev/full", "/dev/full"), (STDOUT, "stdout")])
async def test_a_full_disk_is_told_by_the_name_of_the_output(
    output: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", _Full())
    with pytest.raises(TaskFailed, match=f"cannot be written to {where}: No space left on device") as caught:
        await write_result(output, {"account": "7"})
    assert caught.value.failure_class == "output"
