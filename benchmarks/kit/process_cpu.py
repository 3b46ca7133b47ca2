"""CPU seconds of other processes, from /proc: Linux only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bulkops.postgres.embedded import Server

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def cpu_s_of(pid: int, *, with_ended_children: bool = False) -> float:
    """User and system time of a process; 0 for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if with_ended_children else 13])) / _TICKS_PER_S


def server_cpu_s(server: Server) -> float:
    """Of a PostgreSQL server: its first process, with those that have ended, and one for each connection."""
    first = int((server.directory / "data" / "postmaster.pid").read_text().split()[0])
    return cpu_s_of(first, with_ended_children=True) + sum(map(cpu_s_of, _children(first)))


def _children(pid: int) -> Sequence[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
