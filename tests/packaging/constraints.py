"""`make constraints`: writes constraints.txt, the version of each package that `make` installs.

The versions are resolved on the oldest supported Python, because newer releases of some packages leave it out. Each
version must install on the other Pythons too, as a wheel where the oldest has one.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "constraints.txt"
OLDEST: Final = (3, 11)
EDITABLE: Final = "editables"
"""Hatchling asks for it when it builds an editable wheel; pyproject.toml does not name it."""


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pythons() -> list[str]:
    """The supported versions of Python, oldest first: "3.11", "3.12" ..., from the classifiers."""
    rows = project()["project"]["classifiers"]
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", row) for row in rows)
    return [match[1] for match in found if match]


def resolve(*arguments: str) -> list[dict[str, Any]]:
    """The packages that pip would install into an empty environment, as in its installation report."""
    with TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed", "--target", directory]
        subprocess.run([*pip, "--report", str(report), *arguments], cwd=ROOT, check=True)
        found: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
    return found


def line(package: dict[str, Any]) -> str:
    return f"{canonical(package['metadata']['name'])}=={package['metadata']['version']}"


def canonical(name: str) -> str:
    """The one spelling of a name that PEP 503 gives."""
    return re.sub(r"[-_.]+", "-", name).lower()


def sources(packages: list[dict[str, Any]]) -> set[str]:
    """Those that have no wheel."""
    return {line(package) for package in packages if not package["download_info"]["url"].endswith(".whl")}


def main(*arguments: str) -> int:
    if sys.version_info[:2] != OLDEST:
        print(f"constraints.txt must be resolved with Python 3.{OLDEST[1]}: add PYTHON=python3.{OLDEST[1]}")
        return 2
    keep = ["--constraint", str(FILE)] if "--keep" in arguments else []
    builds = [*project()["build-system"]["requires"], EDITABLE]
    everything = resolve(*keep, "--editable", ".[dev,check,bench,mutation]", "pip", *builds)
    packages = [package for package in everything if package["metadata"]["name"] != "bulkops"]
    FILE.write_text("".join(f"{row}\n" for row in sorted(map(line, packages))), encoding="utf-8")
    built = sources(packages)
    for python in pythons()[1:]:
        there = resolve("--no-deps", "--prefer-binary", "--python-version", python, "--requirement", str(FILE))
        if unbuilt := sources(there) - built:
            print(f"Python {python} has no wheel of {', '.join(sorted(unbuilt))}")
            return 1
    print(f"{FILE.name}: {len(packages)} packages, for Python {', '.join(pythons())}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
