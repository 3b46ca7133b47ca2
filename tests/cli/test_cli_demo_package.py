"""The example packages are what their sources say, and in the vendor's layout."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "bulkops" / "_demo"
PACKAGES = ["crm-v1", "crm-v2", "crm-api"]


@pytest.fixture(scope="module")
def build() -> Any:
    spec = importlib.util.spec_from_file_location("build_packages", ROOT / "examples" / "packages" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def members(name: Any) -> Any:
    with zipfile.ZipFile(DEMO / f"{name}.zip") as archive:
        return {info.filename: json.loads(archive.read(info)) for info in archive.infolist()}


def test_all_packages_are_known_to_the_builder(build: Any) -> None:
    assert list(build.PACKAGES) == PACKAGES


@pytest.mark.parametrize("name", PACKAGES)
def test_the_shipped_zip_equals_a_fresh_build(build: Any, tmp_path: Path, name: Any) -> None:
    assert build.build(name, tmp_path).read_bytes() == (DEMO / f"{name}.zip").read_bytes()


@pytest.mark.parametrize("name", PACKAGES)
def test_layout_and_references(name: Any) -> None:
    files = members(name)
    kinds = [file.split(".", 1)[1] for file in files]
    with_api = ["api_endpoint.json"] * 3 + ["api_group.json"] if name == "crm-api" else []
    assert sorted(kinds) == with_api + ["connection.json"] * 2 + ["recipe.json"] * (4 if with_api else 3)
    assert {str(Path(file).parent) for file in files} == {".", "Functions"}
    references = list(references_in(list(files.values())))
    assert len(references) >= 5
    for reference in references:
        assert files[reference["zip_name"]]["name"] == reference["name"]


def references_in(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if "zip_name" in node:
            yield node
        for value in node.values():
            yield from references_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from references_in(value)


def test_one_recipe_calls_the_function() -> None:
    files = members("crm-v1")
    assert files["Functions/upsert_crm_contact.recipe.json"]["code"]["provider"] == "workato_recipe_function"
    calls = [
        step["input"]["flow_id"]["zip_name"]
        for step in files["new_order_to_crm.recipe.json"]["code"]["block"]
        if step["name"] == "call_recipe"
    ]
    assert calls == ["Functions/upsert_crm_contact.recipe.json"]


def test_the_second_version_has_the_same_names_and_other_content() -> None:
    first, second = members("crm-v1"), members("crm-v2")
    assert {file: data["name"] for file, data in first.items()} == {file: data["name"] for file, data in second.items()}
    changed = {file for file in first if first[file] != second[file]}
    assert changed == {file for file in first if file.endswith(".recipe.json")}


def test_a_package_is_a_readable_zip_of_plain_json() -> None:
    data = (DEMO / "crm-v1.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
    assert b"account_id" in data
