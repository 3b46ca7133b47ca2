"""Prints constraints with the lowest version of each package that users may have: `make lower-bounds` installs them."""

from __future__ import annotations

import re

from tests.packaging.constraints import canonical, project


def lowest() -> dict[str, str]:
    """The lower bound of each direct dependency, those of the tests included, by name."""
    table = project()
    needs = [*table["build-system"]["requires"], *table["project"]["dependencies"]]
    for extra in ("cli", "fast", "otel", "postgres", "test"):
        needs += table["project"]["optional-dependencies"][extra]
    bounds = (re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[a-z]+\])?>=([0-9.]+)", need) for need in needs)
    return {canonical(bound[1]): bound[2] for bound in bounds if bound}


if __name__ == "__main__":
    for name, version in sorted(lowest().items()):
        print(f"{name}=={version}")
