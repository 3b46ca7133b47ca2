"""Packages that nobody would make: the import ends with a word on it, and the workspace serves on."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from bulkops.sandbox.installing import install
from bulkops.sandbox.package_zip import parse_package
from bulkops.sandbox.workspace import Ids, Import, Workspace
from tests.sandbox.kit import FIRST, Vendor, package, recipe
from tests.work import lines_run

HOME = f"/api/managed_users/{FIRST}"


@pytest.mark.parametrize("pointer", [{"zip_name": ["x"]}, {"zip_name": {}}, {"zip_name": None}, {}, [], None, 1.5])
async def test_a_call_of_another_recipe_may_point_at_anything(it: Vendor, pointer: object) -> None:
    calls = {"number": 0, "provider": "clock", "block": [{"number": 1, "flow_id": pointer}, {"flow_id": GOOD}]}
    files = {
        "a.recipe.json": {"name": "A", "code": calls, "config": []},
        "b.recipe.json": recipe("B", connection=None),
    }
    folder = await it.folder()
    done = await it.imported(package(files), folder)
    assert done["status"] == "completed"
    callee, caller = await it.recipes()
    code = json.loads(caller["code"])
    assert [step["flow_id"] for step in code["block"]] == [pointer, callee["id"]]
    wanted = {"name": "All", "auto_generate_assets": True, "folder_id": folder}
    made = await it.post(f"{HOME}/export_manifests", json={"export_manifest": wanted})
    assert (await it.post(f"{HOME}/exports/{made.result['id']}")).status == 200


GOOD = {"zip_name": "b.recipe.json", "name": "B", "folder": ""}


def _zip(compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("a.recipe.json", json.dumps(recipe("A" * 200, connection=None)))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_zip(zipfile.ZIP_LZMA), "compression"),
        (_zip(zipfile.ZIP_BZIP2), "compression"),
        (_zip(zipfile.ZIP_DEFLATED).replace(b"a.recipe.json", b"\0.recipe.json"), "without a name"),
        (package({"/".join("d" * 101) + "/a.recipe.json": recipe("A", connection=None)}), "too deep"),
    ],
)
async def test_a_zip_that_no_export_makes_fails_with_a_word(it: Vendor, data: bytes, why: str) -> None:
    done = await it.imported(data, await it.folder())
    assert done["status"] == "failed"
    assert why in done["error"]


def test_the_work_of_an_import_grows_with_its_package_and_no_faster() -> None:
    def work(count: int) -> int:
        files: dict[str, object] = {"g.api_group.json": {"name": "G"}}
        for n in range(count):
            files[f"d{n}/r.recipe.json"] = recipe(f"R{n}", connection="none", said="Nowhere")
            files[f"c{n}.connection.json"] = {"name": f"C{n}", "provider": "salesforce"}
            files[f"g{n}.api_group.json"] = {"name": f"G{n}"}
            files[f"e{n}.api_endpoint.json"] = {
                "name": f"E{n}",
                "recipe_id": {"zip_name": f"d{n}/r.recipe.json"},
                "api_group_id": {"zip_name": "g.api_group.json"},
            }
        parsed = parse_package(package(files), str(count))
        workspace = Workspace(Ids(), owner=1, created_at="now")
        job = Import(
            id=1,
            folder_id=workspace.home.id,
            home_folder_id=workspace.home.id,
            package=parsed,
            restart_recipes=False,
            duration_s=0.0,
        )
        return lines_run(lambda: install(workspace, job, now="now", note=lambda *_: None))

    assert work(400) < 9 * work(50)
