"""The shape of the package: no import circles, modules that are read in one go, and lists of them that are whole."""

from __future__ import annotations

import ast
import statistics
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import bulkops

grimp = pytest.importorskip("grimp", reason="it comes with the tools of `make check`")

ROOT = Path(bulkops.__file__).parent
LONGEST = 350
MEDIAN = 110


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count; those for type checkers do not."""
    graph = grimp.build_graph("bulkops", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_modules_are_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.rglob("*.py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}
    assert statistics.median(lengths.values()) < MEDIAN


@pytest.mark.parametrize("package", ["cli", "cli/options"])
def test_a_list_of_modules_names_each(package: str) -> None:
    """In the docstring of a package, in two columns."""
    told = (ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))) or "").split()
    there = {path.name + "/" * path.is_dir() for path in (ROOT / package).glob("[!_]*")}
    assert {name for name in told if name.endswith((".py", ".json", "/"))} == there
