"""`make audit`: the licenses of everything that bulkops brings along, and its known holes where advisories can be had.

Exit code 1 for a license that nobody has agreed to, or for a hole.
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.metadata import Distribution, distribution
from typing import Any

ADVISORIES = "https://pypi.org/pypi/attrs/json"
"""One small page of the service that pip-audit asks."""

AGREED = re.compile(r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Python-2\.0|Unlicense|MPL", re.IGNORECASE)


def brought_along(name: str) -> dict[str, Distribution]:
    """The distribution and all that it needs, by name, without the extras for tests and benchmarks."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except ModuleNotFoundError:  # for another system or Python
            continue
        needs = found[name].requires or ()
        taken = [need for need in needs if "extra ==" not in need or (name == "bulkops" and "cli" in need)]
        waiting += [re.split(r"[^A-Za-z0-9._-]", need, maxsplit=1)[0] for need in taken]
    return found


def license_of(dist: Distribution) -> str:
    meta: Any = dist.metadata  # an e-mail message, whatever its protocol leaves out
    classified = [
        text.rpartition(" :: ")[2] for text in meta.get_all("Classifier", []) if text.startswith("License ::")
    ]
    said = meta.get("License-Expression") or ", ".join(classified) or meta.get("License") or "not stated"
    return str(said).splitlines()[0][:60]


def is_reachable() -> bool:
    try:
        with urllib.request.urlopen(ADVISORIES, timeout=10):
            return True
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    licenses = {name: license_of(dist) for name, dist in sorted(brought_along("bulkops").items())}
    for name, said in licenses.items():
        print(f"{name:24} {said}")
    strange = [name for name, said in licenses.items() if not AGREED.search(said)]
    if strange:
        print(f"look at the license of {', '.join(strange)}")
    if not is_reachable():
        print("known holes: not checked, the advisories cannot be reached from here")
        return bool(strange)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "pip-audit"], check=True)
    holes = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner=off"], check=False
    )
    return holes.returncode or bool(strange)


if __name__ == "__main__":
    sys.exit(main())
