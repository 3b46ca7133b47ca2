"""What a row of the database can make a worker do: nothing but built-in operations and the worker's own code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import ConfigError, JournalMismatch
from bulkops.operations import CreateFolder, ExportPackage
from bulkops.operations.functions import as_operation, load_from_file
from bulkops.operations.restore import describe
from bulkops.workers.operation import local_only, worker_operation

TIDY = "async def tidy(ctx):\n    await ctx.account.folders.find('A')\n"


def of_a_file(path: Path) -> dict[str, Any]:
    source = f"{path}:tidy"
    return describe(as_operation(load_from_file(source)), source=source)


@pytest.fixture
def described(tmp_path: Path) -> dict[str, Any]:
    """A run of a Python file that is on the submitter's machine, and here too, outside of the worker's directory."""
    (tmp_path / "tidy.py").write_text(TIDY)
    return of_a_file(tmp_path / "tidy.py")


def test_built_in_operations_need_nothing() -> None:
    assert worker_operation(describe(CreateFolder(folder="A")), None).title == CreateFolder(folder="A").title


def test_a_python_file_outside_of_the_directory_is_never_loaded(tmp_path: Path, described: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"is in the Python file tidy.py; start the worker with --code DIR"):
        worker_operation(described, None)
    code = tmp_path / "code"
    code.mkdir()
    with pytest.raises(ConfigError, match=r"its Python file 'tidy.py' is not in"):
        worker_operation(described, code)
    for path in ("../tidy.py", f"{tmp_path}/code/../tidy.py", "..", "..\\tidy.py"):
        with pytest.raises(ConfigError, match="is not in"):
            worker_operation({**described, "source": f"{path}:tidy"}, code)


def test_the_workers_own_file_must_say_the_same(tmp_path: Path, described: dict[str, Any]) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "tidy.py").write_text(TIDY)
    assert worker_operation(described, code).digest == described["digest"]
    (code / "tidy.py").write_text(TIDY.replace("'A'", "'B'"))
    with pytest.raises(JournalMismatch, match="is not the one the run began with"):
        worker_operation(described, code)


def test_code_inside_of_another_operation_is_looked_for_too(described: dict[str, Any]) -> None:
    undo = {"name": "undo-run", "parameters": {"run": "r", "operation": described}, "digest": "d"}
    with pytest.raises(ConfigError, match=r"is in the Python file tidy.py"):
        worker_operation(undo, None)


def test_what_writes_files_works_without_workers(tmp_path: Path) -> None:
    assert local_only(describe(CreateFolder(folder="A"))) is None
    export = describe(ExportPackage(folder="A", into=str(tmp_path)))
    words = "export-package writes files on the machine that runs it (into)"
    assert local_only(export) == words
    assert local_only({"name": "chain", "parameters": {"operations": [export]}, "digest": "d"}) == words
    with pytest.raises(ConfigError, match="writes files on the machine that runs it"):
        worker_operation(export, None)
