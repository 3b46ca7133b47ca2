"""Bad answers. Each is an async generator of bytes; the connection ends with it unless the trick says otherwise."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Sequence
from functools import cache
from typing import Any

from tests.chaos.hostile import Answer, Asked, Trick, head, whole

HTML = b"<html><head><title>502 Bad Gateway</title></head><body><script>alert(1)</script>nginx</body></html>"

NASTY: Sequence[str] = (
    "bell \x07 and escape \x1b[2J\x1b[31m",
    "line\nbreak\r\nand\ttab",
    "\"quotes\" 'single' `back`",
    "<script>alert('x')</script>",
    '=HYPERLINK("http://evil.example")',
    "right \u202e to left \u2066 marks \u200f",
    "null \x00 byte",
    "x" * 10_000,
    "emoji \U0001f469\u200d\U0001f4bb and combining a\u0301\u0301\u0301",
    "\\ud800 spelled out",
    "{braces} {0} {account} %s %n",
    "../../etc/passwd",
)


def says(status: int, body: bytes, *lines: str) -> Answer:
    async def answer(_: Asked) -> AsyncIterator[bytes]:
        yield whole(body, status, *lines)

    return answer


def says_json(value: Any, status: int = 200, *lines: str) -> Answer:
    return says(status, json.dumps(value).encode(), *lines)


def does_and_says(status: int, body: bytes, *lines: str) -> Answer:
    """The effect happens, and the answer is worth nothing."""

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        await asked.good()
        yield whole(body, status, *lines)

    return answer


def raw(*parts: bytes) -> Answer:
    async def answer(_: Asked) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return answer


async def huge_body(_: Asked) -> AsyncIterator[bytes]:
    yield head(length=200 * 1024 * 1024) + b'{"result": ['
    for _number in range(3200):
        yield b" " * 65_536


async def endless_chunks(_: Asked) -> AsyncIterator[bytes]:
    yield head(200, "Transfer-Encoding: chunked")
    while True:
        yield b"10000\r\n" + b" " * 65_536 + b"\r\n"


async def one_byte_at_a_time(_: Asked) -> AsyncIterator[bytes]:
    body = b'{"result": []}' + b" " * 10_000
    yield head(length=len(body))
    for position in range(len(body)):
        yield body[position : position + 1]
        await asyncio.sleep(0.2)


async def silence(_: Asked) -> AsyncIterator[bytes]:
    await asyncio.sleep(60)
    yield b""


async def long_headers(_: Asked) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(1024):
        yield f"X-Padding-{number}: {'x' * 1000}\r\n".encode()
    yield b"Content-Length: 2\r\n\r\n{}"


async def endless_continue(_: Asked) -> AsyncIterator[bytes]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100
        await asyncio.sleep(0.001)


@cache
def _bomb() -> bytes:
    """200 MB in 200 KB."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * 2**20) for _ in range(200)) + packer.flush()


async def gzip_bomb(_: Asked) -> AsyncIterator[bytes]:
    yield whole(_bomb(), 200, "Content-Encoding: gzip")


async def endless_list(asked: Asked) -> AsyncIterator[bytes]:
    start = asked.number * 100
    rows = [{"id": start + row, "name": f"n{start + row}", "running": False} for row in range(100)]
    yield whole(json.dumps({"result": rows}).encode())


async def repeating_list(_: Asked) -> AsyncIterator[bytes]:
    rows = [{"id": row, "name": f"n{row}", "running": False} for row in range(100)]
    yield whole(json.dumps({"result": rows}).encode())


async def an_answer_too_many(asked: Asked) -> AsyncIterator[bytes]:
    """A second answer that a careless client takes for that to its next request."""
    yield (await asked.good()) + whole(b'{"result": [{"id": 1, "name": "smuggled"}]}') * 3


READS: dict[str, Answer] = {
    "html on 502": says(502, HTML, "Content-Type: text/html"),
    "html on 200": says(200, HTML, "Content-Type: text/html"),
    "html on 404": says(404, HTML),
    "truncated json": says(200, b'{"result": [{"id": 1, "na'),
    "a body cut short": raw(head(length=1000) + b'{"result": ['),
    "invalid utf-8": says(200, b'{"result": [{"id": 1, "name": "\xff\xfe\xc0"}]}'),
    "utf-16": says(200, json.dumps({"result": []}).encode("utf-16")),
    "200 MB": huge_body,
    "endless chunks": endless_chunks,
    "one byte at a time": one_byte_at_a_time,
    "silence": silence,
    "1 MB of headers": long_headers,
    "endless 100 Continue": endless_continue,
    "gzip bomb": gzip_bomb,
    "not gzip": says(200, b"no gzip", "Content-Encoding: gzip"),
    "redirect to another host": says(302, b"", "Location: http://evil.example/steal?x=1"),
    "redirect without a place": says(307, b""),
    "redirect with line breaks": says(301, b"", "Location: http://evil.example/\x0b\x1b[2J"),
    "503, Retry-After 10^12": says(503, b"{}", "Retry-After: 1000000000000"),
    "204": says(204, b""),
    "200 without a body": says(200, b""),
    "success false": says_json({"success": False, "message": "no \x1b[31m luck\n"}),
    "success false inside": says_json({"result": {"Success": False, "message": ["not", {"text": 1}]}}),
    "a list that repeats itself": repeating_list,
    "a huge id": says_json({"result": [{"id": 10**40, "name": "CRM"}]}),
    "a negative id": says_json({"result": [{"id": -1, "name": "CRM"}]}),
    "an id that is no number": says(200, b'{"result": [{"id": NaN, "name": "CRM"}]}'),
    "a number of 100,000 digits": says(200, b'{"result": [{"id": ' + b"9" * 100_000 + b', "name": "CRM"}]}'),
    "two folders of the name": says_json(
        {"result": [{"id": 1, "folder_id": 8, "name": "CRM"}, {"id": 2, "folder_id": 9, "name": "CRM"}]}
    ),
    "null": says(200, b"null"),
    "a text": says(200, b'"' + b"x" * 10_000 + b'"'),
    "a list of lists": says(200, b'{"result": [[[]]]}'),
    "nested 100,000 deep": says(200, b"[" * 100_000),
    "an object 100,000 deep": says(200, b'{"result":' * 100_000),
    "no http": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "nothing": raw(),
    "http/0.9": raw(HTML),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 14\r\n\r\n{}"),
    "length and chunks": raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "a negative length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
    "status 999": raw(b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}"),
    "status 101": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxxxx"),
    "a header of null bytes": raw(b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\n{}"),
    "error of errors": says_json({"errors": {"a" * 5000: [{"b": ["\u202e" * 500]}]}, "message": NASTY[0]}, 422),
}
"""Answers to a read that end the account's way: none of them brings it further."""

STUBBORN: dict[str, Answer] = {
    "429, Retry-After -1": says(429, b"{}", "Retry-After: -1"),
    "429, Retry-After a past date": says(429, b"{}", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"),
    "429, Retry-After nonsense": says(429, b"{}", "Retry-After: soon", "Retry-After: 5, 6"),
    "an endless list": endless_list,
}
"""The same, and it takes long: a 429 closes the quota for everyone, a list without end is followed for a while."""

HARMLESS: dict[str, Answer] = {
    # only its checksum is missing
    "a cut gzip": says(200, gzip.compress(b'{"result": []}')[:-6], "Content-Encoding: gzip"),
    "an answer too many": an_answer_too_many,
    "nasty names": says_json({"result": [{"id": 900 + n, "name": name} for n, name in enumerate(NASTY)]}),
    "duplicated ids": says_json({"result": [{"id": 7, "name": "a"}, {"id": 7, "name": "b"}]}),
}
"""Odd answers to the look for folders that must not keep an account from its end."""

WRITES: dict[str, Answer] = {
    "done, html on 502": does_and_says(502, HTML),
    "done, 500": does_and_says(500, b"{}"),
    "done, truncated": does_and_says(200, b'{"id": 12'),
    "done, 204": does_and_says(204, b""),
    "done, success false": does_and_says(200, b'{"success": false, "message": "no"}'),
    "done, null": does_and_says(200, b"null"),
    "done, a list": does_and_says(200, b"[]"),
    "done, a huge id": does_and_says(200, b'{"id": 99999999999999999999999999}'),
    "done, redirect": does_and_says(303, b"", "Location: https://evil.example/"),
    "not done, html on 502": says(502, HTML),
    "not done, 500": says(500, b"{}"),
    "not done, 204": says(204, b""),
    "not done, silence": silence,
    "not done, cut": raw(head(length=50) + b"{"),
    "refused, 403": says(403, b"{}"),
    "refused, 422": says_json({"message": NASTY[5], "errors": list(NASTY)}, 422),
}

POLLS: dict[str, Answer] = {
    "never completes": says_json({"id": 1, "status": "in_progress"}),
    "a status that nobody knows": says_json({"id": 1, "status": "\x1b[2J" * 100}),
    "failed without a word": says_json({"id": 1, "status": "failed"}),
    "failed with too many": says_json({"id": 1, "status": "failed", "error": NASTY[1] + NASTY[7]}),
    "a strange result": says_json(
        {"id": 1, "status": "completed", "recipe_status": [{"id": 5, "import_result": NASTY[3]}]}
    ),
    "recipes that are not there": says_json(
        {"id": 1, "status": "completed", "recipe_status": [{"id": n, "import_result": "restarted"} for n in (1, 2, 3)]}
    ),
    "50,000 results": says_json(
        {
            "id": 1,
            "status": "completed",
            "recipe_status": [{"id": n, "import_result": "not_found"} for n in range(50_000)],
        }
    ),
}


def tricks(answers: dict[str, Answer], at: str) -> list[Trick]:
    return [Trick(name=name, at=at, answer=answer, lives=name in HARMLESS) for name, answer in answers.items()]
