"""Build the example packages: crm-v1/, crm-v2/ and crm-api/ into bulkops/_demo/*.zip, the same bytes on every machine.

    python examples/packages/build.py [DIRECTORY]

A package in the vendor's layout is a zip of one JSON file per asset; sub-folders are directories; references between
assets go by zip name. Real ones come from an export; these are written by hand, small enough to read.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "bulkops" / "_demo"
PACKAGES = ("crm-v1", "crm-v2", "crm-api")


def build(name: str, target: Path) -> Path:
    """Write `target/NAME.zip` from the tree `NAME/`.

    Fixed times, fixed order, no compression: compressed bytes differ between versions of zlib.
    """
    source = HERE / name
    path = target / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(source.rglob("*.json")):
            member = zipfile.ZipInfo(file.relative_to(source).as_posix(), date_time=(2026, 1, 1, 0, 0, 0))
            member.create_system = 3  # as on Unix, wherever it is built
            member.external_attr = 0o644 << 16
            archive.writestr(member, file.read_bytes())
    return path


if __name__ == "__main__":
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    directory.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        print(build(package, directory))
