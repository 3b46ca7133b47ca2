"""HTTP/1.1 on a bare asyncio.Protocol, in a process of its own: fast enough that it is the client that is measured.

It reads a request line, a Content-Length, and no more; it takes pipelined requests, and answers from memory.

    python -m benchmarks.kit.bare_server recipe              every GET gets one recipe
    python -m benchmarks.kit.bare_server jobs sliding 2.5    a vendor with three quotas and jobs that take up to 2.5 s

Prints its URL on one line and runs until its standard input ends. `GET /_counts` says what it saw, and its CPU time.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from benchmarks.kit.windows import WINDOWS

Reply = tuple[bytes, float]
"""The whole reply, and the seconds to wait before it goes out."""

Handler = Callable[[bytes, bytes], Reply]
"""(method, target) -> reply."""

RECIPE: Final = {
    "id": 612001,
    "user_id": 4100231,
    "name": "Sync accounts",
    "created_at": "2024-03-11T09:15:00.000-07:00",
    "updated_at": "2024-03-11T09:20:00.000-07:00",
    "copy_count": 1,
    "trigger_application": "salesforce",
    "action_applications": ["netsuite"],
    "applications": ["salesforce", "netsuite"],
    "description": "Copies new accounts",
    "parameters_schema": [],
    "parameters": {},
    "webhook_url": None,
    "folder_id": 7001,
    "running": False,
    "job_succeeded_count": 16,
    "job_failed_count": 2,
    "lifetime_task_count": 40,
    "last_run_at": "2024-03-11T09:20:00.000-07:00",
    "stopped_at": None,
    "version_no": 3,
    "stop_cause": None,
    "config": [
        {
            "keyword": "application",
            "name": "salesforce",
            "provider": "salesforce",
            "skip_validation": False,
            "account_id": 9001,
        }
    ],
}
"""A row of a recipe list, every member as the vendor's documents show it (without the code, as we ask for it)."""

LIMITS: Final[Mapping[str, tuple[int, float]]] = {"create": (600, 6.0), "start": (600, 6.0), "poll": (10_000, 6.0)}
"""The three quotas of the jobs server: requests, seconds."""

SHORTEST_JOB: Final = 0.2
"""Of the longest one."""

TRANSIT_S: Final = 0.02
"""Up to so long after its arrival a request is counted, and up to so long after that its reply leaves."""


def reply(status: str, value: object, extra: str = "") -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


class Recipes:
    """The same recipe to everybody at once."""

    def __init__(self) -> None:
        self._reply = (reply("200 OK", RECIPE), 0.0)
        self.counted = 0

    def __call__(self, method: bytes, target: bytes) -> Reply:
        del method, target
        self.counted += 1
        return self._reply

    def counts(self) -> Mapping[str, Any]:
        return {"recipe": self.counted}


class Jobs:
    """POST .../imports begins a job (quota "create"), GET .../imports/ID polls it ("poll"), PUT .../start ("start").

    The n-th job takes as long in every run. A refusal says `Retry-After` in whole seconds, rounded up.
    """

    def __init__(self, window: str, longest_s: str) -> None:
        self._job_s = (SHORTEST_JOB * float(longest_s), float(longest_s))
        self._windows = {name: WINDOWS[window](*limit) for name, limit in LIMITS.items()}
        self._durations = Random(7)
        self._transit = Random(11)
        self._ends: list[float] = []
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def __call__(self, method: bytes, target: bytes) -> Reply:
        name = {b"POST": "create", b"PUT": "start", b"GET": "poll"}[method]
        now = asyncio.get_running_loop().time()
        retry_after_s = self._windows[name].take(now)
        transit_s = self._transit.uniform(0, TRANSIT_S)
        if retry_after_s is not None:
            self.refused[name] += 1
            seconds = f"Retry-After: {math.ceil(retry_after_s)}\r\n"
            return reply("429 Too Many Requests", {"message": "Too many requests"}, seconds), transit_s
        self.accepted[name] += 1
        if name == "start":
            return reply("200 OK", {"success": True}), transit_s
        if name == "create":
            self._ends.append(now + self._durations.uniform(*self._job_s))
            return reply("200 OK", {"id": len(self._ends), "status": "in_progress"}), transit_s
        number = int(target.rpartition(b"/")[2])
        status = "completed" if now >= self._ends[number - 1] else "in_progress"
        return reply("200 OK", {"id": number, "status": status, "recipe_status": []}), transit_s

    def counts(self) -> Mapping[str, Any]:
        return {"accepted": self.accepted, "refused": self.refused}


class Connection(asyncio.Protocol):
    def __init__(self, app: Recipes | Jobs) -> None:
        self._app = app
        self._arrives_late = isinstance(app, Jobs)
        self._lateness = Random(13)
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            whole = end + 4 + (0 if head.startswith(b"GET ") else _content_length(head))
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            method, target, _ = head.split(b" ", 2)
            if self._arrives_late and not target.startswith(b"/_"):
                lateness_s = self._lateness.uniform(0, TRANSIT_S)
                asyncio.get_running_loop().call_later(lateness_s, self._answer, method, target)
            else:
                self._answer(method, target)

    def _answer(self, method: bytes, target: bytes) -> None:
        if target == b"/_counts":
            told = dict(self._app.counts()) | {"cpu_s": time.process_time()}
            self._transport.write(reply("200 OK", told))
            return
        out, delay_s = self._app(method, target)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._transport.write, out)
        else:
            self._transport.write(out)


def _content_length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0


async def main(kind: str, *arguments: str) -> None:
    app = Recipes() if kind == "recipe" else Jobs(*arguments)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(app), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # the parent's end is ours: nothing is left running
    server.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
