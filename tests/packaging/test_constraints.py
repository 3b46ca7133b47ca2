"""What `make` installs is written down: constraints.txt names it all, and every `pip install` follows it."""

from __future__ import annotations

import re
from importlib.metadata import distributions

from tests.packaging.constraints import EDITABLE, FILE, ROOT, canonical, project
from tests.packaging.lower_bounds import lowest

BY_VENV = {"setuptools"}
"""`python -m venv` puts it there before Python 3.12; nothing uses it."""


def constraints() -> dict[str, str]:
    return dict(row.split("==") for row in FILE.read_text(encoding="utf-8").splitlines())


def test_constraints_are_nothing_but_names_and_versions() -> None:
    rows = FILE.read_text(encoding="utf-8").splitlines()
    assert [row for row in rows if not re.fullmatch(r"[a-z0-9-]+==[a-z0-9.!+]+", row)] == []
    assert rows == sorted(set(rows))


def test_every_installed_package_has_the_version_of_the_constraints() -> None:
    installed = {canonical(dist.name): dist.version for dist in distributions()}
    installed = {name: version for name, version in installed.items() if name not in {"bulkops", *BY_VENV}}
    written = constraints()
    strange = {name: version for name, version in installed.items() if written.get(name) != version}
    assert strange == {}, "not as in constraints.txt; after a new dependency: make constraints KEEP=1"


def test_the_constraints_cover_what_builds_the_package() -> None:
    builds = [re.split(r"[^A-Za-z0-9._-]", need, maxsplit=1)[0] for need in project()["build-system"]["requires"]]
    assert {canonical(name) for name in (*builds, EDITABLE, "pip")} <= constraints().keys()


def test_every_installation_of_the_makefile_follows_the_constraints() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (only,) = re.findall(r"^.*\bpip install\b.*$", makefile, re.MULTILINE)
    assert only.startswith("INSTALL :=")
    assert "PIP_CONSTRAINT=$(CONSTRAINTS)" in only
    assert "PIP_BUILD_CONSTRAINT=$(CONSTRAINTS)" in only
    assert "CONSTRAINTS := constraints.txt\n" in makefile


def test_every_dependency_of_users_has_a_lower_bound_and_no_other() -> None:
    table = project()["project"]
    needs = [
        *table["dependencies"],
        *(need for extra in ("cli", "fast", "otel", "postgres") for need in table["optional-dependencies"][extra]),
    ]
    names = [re.split(r"[^A-Za-z0-9._-]", need, maxsplit=1)[0] for need in needs]
    assert [need for need in needs if not re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?>=[0-9.]+", need)] == []
    assert set(names) <= lowest().keys()
