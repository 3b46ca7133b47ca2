"""Files and names that an operation cannot use: the words for each."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from bulkops.errors import ConfigError, InputError
from bulkops.files import write_whole
from bulkops.operations import named
from bulkops.operations._package_files import check_place, is_same, make_directory, read_existing
from bulkops.operations.functions import load_from_file
from bulkops.operations.package import MAX_UNPACKED_BYTES, Package, PackageEndpoint


def zipped(*names: str, text: str = '{"name": "A"}', compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name in names:
            archive.writestr(name, text)
    return buffer.getvalue()


def bomb() -> bytes:
    """Small, and a zip whose directory says that it unpacks to more than is allowed."""
    data = bytearray(zipped("a.recipe.json"))
    place = data.rindex(b"PK\x01\x02") + 24  # the unpacked size in the central directory
    data[place : place + 4] = (MAX_UNPACKED_BYTES + 1).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK no zip", "is not a zip|no zip"),
        (bomb(), f"unpacks to more than {MAX_UNPACKED_BYTES} bytes"),
        (zipped("/a.recipe.json"), "points outside the package"),
        (zipped("x/../../a.recipe.json"), "points outside the package"),
        (zipped("a\\b.recipe.json"), "points outside the package"),
        (zipped("a\x1b.recipe.json"), "has invalid characters"),
        (zipped("a.recipe.json", "b.recipe.json").replace(b"b.recipe", b"a.recipe"), "occurs twice in the package"),
    ],
)
def test_a_package_that_cannot_be_one(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        Package.from_bytes(data, path="crm.zip")
    assert "crm.zip" in str(caught.value)
    assert caught.value.remedy


def test_a_package_may_hold_twenty_thousand_files() -> None:
    Package.from_bytes(zipped(*(f"{n}.json" for n in range(20_000))), needs_recipes=False)
    with pytest.raises(InputError, match="contains 20001 files, more than 20000") as caught:
        Package.from_bytes(zipped(*(f"{n}.json" for n in range(20_001))), path="crm.zip")
    assert "crm.zip" in str(caught.value)
    assert caught.value.remedy


def test_what_a_package_holds_is_read_from_its_files() -> None:
    files: dict[str, dict[str, object]] = {
        "CRM/order.recipe.json": {"name": "Order"},
        "CRM/sf.connection.json": {"name": "SF"},
        "CRM/shop.api_group.json": {"name": "Shop"},
        "CRM/get.api_endpoint.json": {"name": "Get", "recipe_id": {"zip_name": "CRM/order.recipe.json"}},
        "CRM/old.api_endpoint.json": {"name": "Old", "recipe_id": None},
        "CRM/notes.txt": {},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, json.dumps(content))
    package = Package.from_bytes(buffer.getvalue())
    (recipe,) = package.recipes
    assert (recipe.name, recipe.directory) == ("Order", "CRM")
    assert (package.connections, package.collections) == (("SF",), ("Shop",))
    assert package.endpoints == (PackageEndpoint("Get", recipe.key), PackageEndpoint("Old", ""))


def test_the_name_of_an_operation() -> None:
    assert named("create-folder").name == "create-folder"
    with pytest.raises(ConfigError, match="operation 'create-foldre' does not exist") as near:
        named("create-foldre")
    assert near.value.remedy == "did you mean 'create-folder'?"
    with pytest.raises(ConfigError) as far:
        named("qqq")
    assert str(far.value.remedy).startswith("use one of add-member, ")


def test_a_function_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text("def tidy(): ...\n")
    assert callable(load_from_file(f"{tmp_path}/job.py:tidy"))
    for reference, words in {
        "tidy": "'tidy' has no function name",
        ":tidy": "':tidy' has no function name",
        "job.py:": "'job.py:' has no function name",
        f"{tmp_path}/none.py:tidy": "Python file .* does not exist",
        f"{tmp_path}:tidy": "Python file .* does not exist",
        f"{tmp_path}/job.py:other": "other",
    }.items():
        with pytest.raises(ConfigError, match=words) as caught:
            load_from_file(reference)
        assert caught.value.remedy


def test_a_zip_with_the_same_files_is_the_same() -> None:
    one = zipped("a.json", "b.json")
    assert is_same(one, one)
    assert is_same(one, zipped("b.json", "a.json", compression=zipfile.ZIP_DEFLATED))
    assert is_same(one, zipped("a.json", "b.json", "folder/"))
    assert not is_same(one, zipped("a.json"))
    assert not is_same(one, zipped("a.json", "b.json", text="{ }"))
    assert not is_same(b"not a zip", one)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "crm.zip"
    assert read_existing(path) is None
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert (read_existing(path), path.stat().st_mode & 0o777) == (b"two", 0o600)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "folder", b"three")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["crm.zip", "folder"]
    with pytest.raises(InputError, match=r"cannot read .*directory"):
        read_existing(tmp_path / "folder")


def test_a_place_for_a_file(tmp_path: Path) -> None:
    check_place(tmp_path / "crm.zip")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="is a directory"):
        check_place(tmp_path)
    with pytest.raises(InputError, match="cannot write into"):
        check_place(tmp_path / "none" / "crm.zip")
    make_directory(tmp_path / "a" / "b")
    make_directory(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot create the directory"):
        make_directory(tmp_path / "file" / "b")
