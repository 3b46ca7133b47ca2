"""Parsing of account files: csv, json, jsonl and txt, as records with their place and columns."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

from bulkops.errors import InputError

MAX_FILE_BYTES: Final = 512 * 1024 * 1024
REMEDY: Final = "each account needs a column id (a number) or external_id"

_ID_COLUMNS: Final = frozenset({"id", "external_id"})
OTHER_COLUMNS: Final = ("account", "to")
"""Other names of the id column, in a file without the usual ones: reports, the output of `each` and the pairs of a copy
are account files too."""
_NUMBERS: Final = re.compile(r"[0-9]{1,19}(?:, *[0-9]{1,19})*")
_OWN_IDS: Final = re.compile(r"[\w-]+(?:,[\w-]+)*", re.ASCII)
_SEPARATORS: Final = ",;\t"
"""Separators of csv files. A spreadsheet uses one that its locale does not use in numbers."""
_ZIP: Final = b"PK\x03\x04"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")

Record = tuple[str, Mapping[str, object]]
"""One row: its place ("line 3") and its columns."""


def id_columns(columns: Iterable[object]) -> frozenset[str]:
    """The columns that identify the account."""
    named = set(columns)
    return frozenset(_ID_COLUMNS & named) or frozenset([name for name in OTHER_COLUMNS if name in named][:1])


def read_records(source: str | Path, stdin: TextIO | bytes | None = None) -> tuple[str, Iterator[Record]]:
    """Name of the source for messages, and its records. Raises: InputError, also while the records are read."""
    if str(source) == "-" or stdin is not None:
        name = "stdin" if str(source) == "-" else str(source)
        if isinstance(stdin, bytes):
            return name, _read_any(_text(stdin, name), name)
        return name, _read_any((stdin or sys.stdin).read().removeprefix("\ufeff"), name)
    path = Path(source)
    if _NUMBERS.fullmatch(str(source)) and not path.exists():
        ids = str(source).replace(" ", "").split(",")
        return "the list of ids", ((f"entry {place}", {"id": each}) for place, each in enumerate(ids, start=1))
    return path.name, _READERS.get(path.suffix.lower(), _read_any)(_read_text(path), path.name)


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(f"{path} is larger than {MAX_FILE_BYTES} bytes", remedy="split the file")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read the account file {path}: {error.strerror}", remedy=f"check the path{_if_external_ids(path)}"
        ) from error
    return _text(data, str(path))


def _text(data: bytes, name: str) -> str:
    if data.startswith(_ZIP):
        raise InputError(f"{name} is an Excel workbook or another zip file", remedy="save the sheet as CSV UTF-8")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        kind = "it seems to be UTF-16" if data.startswith(_UTF_16) else f"byte {error.start}"
        raise InputError(
            f"{name} is not UTF-8 text ({kind})", remedy="save it as UTF-8 (in a spreadsheet: CSV UTF-8)"
        ) from error


def _if_external_ids(path: Path) -> str:
    """How to write external ids, for a name that looks like a list of them."""
    if not _OWN_IDS.fullmatch(str(path)):
        return ""
    names = str(path).split(",")
    spelled = [name if name.startswith("E") or name.isdigit() else f"E{name}" for name in names]
    said = "; external ids need an E before them, one id per line"
    return f"{said}: printf '%s\\n' {' '.join(spelled)} | bulkops ... --accounts -"


def _read_csv(text: str, name: str) -> Iterator[Record]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=_separator(text))
    try:
        columns = [column.strip() for column in reader.fieldnames or ()]
        if columns and not id_columns(columns):
            near = sorted({column.lower() for column in columns} & _ID_COLUMNS)
            remedy = f"write {near[0]} in small letters" if near else REMEDY
            raise InputError(f"{name}: the header {', '.join(columns)!r} has no id", remedy=remedy)
        if len(set(columns)) < len(columns):
            raise InputError(f"{name}: the header has a duplicate column", remedy="rename one")
        reader.fieldnames = columns
        for row in reader:
            if None in row:
                raise InputError(
                    f"{name}, line {reader.line_num}: more cells than the header has", remedy="correct the row"
                )
            cells = {key: value.strip() for key, value in row.items() if value is not None}
            if any(cells.values()):  # a spreadsheet writes ",,," for a row that was cleared
                yield f"line {reader.line_num}", cells
    except csv.Error as error:
        # The line that cannot be read is not counted by the DictReader yet.
        raise InputError(f"{name}, line {reader.reader.line_num}: {error}", remedy="correct the row") from error


def _read_jsonl(text: str, name: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield (
                f"line {number}",
                _as_record(_load_json(line, f"{name}, line {number}"), f"{name}, line {number}"),
            )


def _read_json(text: str, name: str) -> Iterator[Record]:
    data = _load_json(text, name) if text.strip() else []
    if not isinstance(data, list):
        raise InputError(f"{name} is not a list of accounts", remedy='write [{"id": 4100231}, ...]')
    for number, entry in enumerate(data, start=1):
        yield f"entry {number}", _as_record(entry, f"{name}, entry {number}")


def _read_txt(text: str, name: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield f"line {number}", {"id": line.strip()}


def _read_any(text: str, name: str) -> Iterator[Record]:
    """Detect the format of a nameless source: JSON starts with a bracket, CSV has a header, else one id a line."""
    first = text.lstrip()[:1]
    if first == "[":
        return _read_json(text, name)
    if first == "{":
        return _read_jsonl(text, name)
    return _read_csv(text, name) if id_columns(_header(text, _separator(text))) else _read_txt(text, name)


def _separator(text: str) -> str:
    """The separator of the columns: the first one with which the header has an id."""
    return next((each for each in _SEPARATORS if id_columns(_header(text, each))), ",")


def _header(text: str, separator: str) -> list[str]:
    return [column.strip().strip('"') for column in text.lstrip().partition("\n")[0].split(separator)]


_READERS: Final = {".csv": _read_csv, ".json": _read_json, ".jsonl": _read_jsonl, ".txt": _read_txt}


def _load_json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not valid JSON: {error}", remedy="correct the JSON") from error


def _as_record(entry: object, where: str) -> Mapping[str, object]:
    if isinstance(entry, Mapping):
        return entry
    if isinstance(entry, str | int) and not isinstance(entry, bool):
        return {"id": str(entry)}
    raise InputError(f"{where} is neither an account nor an id", remedy=REMEDY)
