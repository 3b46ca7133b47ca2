"""What `import bulkops` promises, and what it does not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bulkops

ROOT = Path(bulkops.__file__).parent


def test_the_promised_names_are_these() -> None:
    assert bulkops.__all__ == sorted(bulkops.__all__, key=bulkops.__all__.index)
    assert set(bulkops.__all__) == {
        *(
            "Account",
            "ApiError",
            "AuthorizeConnections",
            "BulkopsError",
            "Chain",
            "ConfigError",
            "Context",
            "StopSignal",
        ),
        *("ImportPackage", "InputError", "Intent", "Inventory", "JournalError", "Limit", "Operation", "Outcome"),
        *("OutcomeUnknown", "Package", "PlanError", "Policy", "Report", "RunFailed", "Settings", "StartRecipes"),
        *("StatusError", "TaskFailed", "TaskOutcome", "TaskUnknown", "Tuning", "Workato", "__version__", "fan_out"),
        *("DisableEndpoints", "EnableApiPlatform", "EnableEndpoints", "Ensure", "Rollout"),
        *("AddMember", "CreateCustomer", "DowngradePlan", "RemoveMember", "StopRecipes", "UpgradePlan"),
        *(
            "CreateConnection",
            "CreateFolder",
            "DeleteCustomer",
            "ExportPackage",
            "GrantManager",
            "SetProperties",
            "export_to_file",
        ),
        *("NotFound", "Plan", "RunAborted", "RunLocked", "StepRow", "TransportError", "Unauthorized"),
        *("Fleet", "operation", "read_accounts", "run", "select"),
    }


@pytest.mark.parametrize("name", [name for name in bulkops.__all__ if name != "__version__"])
def test_every_promised_name_is_there_and_documented(name: str) -> None:
    thing = getattr(bulkops, name)
    assert callable(thing)
    assert thing.__doc__ or issubclass(thing, Exception)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        bulkops.nothing  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, bulkops; print([m for m in ('aiohttp', 'sqlite3', 'click', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_front_door_reads_no_environment_and_configures_nothing() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text())
    assert not {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"environ", "configure"}
