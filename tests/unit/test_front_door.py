"""What `import bulkops` promises, and what it does not load."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import bulkops

ROOT = Path(bulkops.__file__).parent


def import_all() -> None:
    for module in pkgutil.walk_packages(bulkops.__path__, "bulkops."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


NAMES: list[str] = bulkops.__all__  # type: ignore[attr-defined]  # made by `lazily`
MODULES = ("errors", "events", "operations", "sandbox", "testing")


def test_the_promised_names_are_these() -> None:
    assert sorted(NAMES) == sorted(
        [
            *("Account", "Limit", "Secret", "Settings", "Tuning", "Workato"),
            *("Fleet", "Inventory", "Outcome", "Policy", "Report", "StopSignal", "read_accounts", "run", "select"),
            *("Context", "Ensure", "Intent", "Operation", "StepRow", "operation", "parameter"),
            *("BulkopsError", "TaskFailed", "TaskUnknown"),
            *("TaskOutcome", "fan_out"),
            *MODULES,
            "__version__",
        ]
    )
    assert dir(bulkops) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"__version__", *MODULES}])
def test_every_promised_name_is_there_and_documented(name: str) -> None:
    thing = getattr(bulkops, name)
    assert callable(thing)
    assert thing.__doc__ or issubclass(thing, Exception)


@pytest.mark.parametrize("name", MODULES)
def test_public_modules_are_found_without_an_import_of_their_own(name: str) -> None:
    code = f"import bulkops; print(bulkops.{name}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"bulkops.{name}\n"


def test_every_error_that_bulkops_raises_is_public() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    import_all()
    raised = [kind for kind in below(bulkops.BulkopsError) if kind.__module__.startswith("bulkops.")]
    assert len(raised) > 25
    assert [kind for kind in raised if getattr(bulkops.errors, kind.__name__, None) is not kind] == []


@pytest.mark.parametrize("thing", [bulkops.Workato, bulkops.Account], ids=lambda kind: kind.__name__)
def test_a_client_shows_no_session_and_no_pacer(thing: type) -> None:
    workato = bulkops.Workato(token="secret-token", host="us")
    made = workato if thing is bulkops.Workato else workato.account(7)
    assert {name for name in dir(made) if not name.startswith("_")} & {"session", "scope", "pacer", "over"} == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        bulkops.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, bulkops; print([m for m in ('aiohttp', 'sqlite3', 'click', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "most", "not_loaded"),
    [
        ("fan_out", 10, {"aiohttp", "sqlite3", "bulkops.session", "bulkops.settings"}),
        ("Outcome", 4, {"attrs", "bulkops.errors"}),
        (
            "Workato",
            133,
            {"sqlite3", "rich", "bulkops.runs", "bulkops.journal", "bulkops.operations", "bulkops.report"},
        ),
        ("BulkopsError", 8, {"aiohttp", "msgspec", "bulkops.settings"}),
    ],
)
def test_a_public_name_loads_what_it_needs_and_no_more(name: str, most: int, not_loaded: set[str]) -> None:
    """`most`: modules of bulkops."""
    code = f"import sys; from bulkops import {name}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded & not_loaded == set()
    assert len([module for module in loaded if module.startswith("bulkops")]) <= most


def test_the_front_door_reads_no_environment_and_configures_nothing() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text())
    assert not {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"environ", "configure"}
