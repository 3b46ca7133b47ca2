"""The files of examples/workers: they parse, their commands are those of bulkops, their variables are documented, and
each gives a worker time to stop."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

import bulkops
from bulkops.cli.app import bulkops as command_line
from bulkops.postgres import OUTAGE_S
from tests.postgres import EXISTING

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "workers"
UNIT = "bulkops-worker@.service"


def text(name: str) -> str:
    return (EXAMPLES / name).read_text()


def kubernetes() -> dict[str, Any]:
    return {each["kind"]: each for each in yaml.safe_load_all(text("kubernetes.yaml"))}


def pod(of: Any) -> Any:
    return of["spec"]["template"]["spec"]


def compose() -> Any:
    return yaml.safe_load(text("compose.yaml"))


def unit() -> dict[str, str]:
    lines = [line.partition("=")[::2] for line in text(UNIT).splitlines() if "=" in line and not line.startswith("#")]
    return dict(lines)


def commands() -> list[tuple[str, list[str]]]:
    """Each command in the files, as words."""
    found = [("Dockerfile", json.loads(text("Dockerfile").partition("CMD ")[2]))]
    for kind in ("Deployment", "Job"):
        for container in pod(kubernetes()[kind])["containers"]:
            found.append(("kubernetes.yaml", container["command"]))
            if "livenessProbe" in container:
                found.append(("kubernetes.yaml", container["livenessProbe"]["exec"]["command"]))
    for service in compose()["services"].values():
        found += [("compose.yaml", service["command"])] if "command" in service else []
        test = service.get("healthcheck", {}).get("test", ["CMD"])
        found += [("compose.yaml", test[1:])] if test[1:2] == ["bulkops"] else []
    (job,) = yaml.safe_load(text("github-actions.yml"))["jobs"].values()
    lines = [step["run"] for step in job["steps"] if step.get("run", "").startswith("bulkops")]
    found += [("github-actions.yml", shlex.split(line.partition("||")[0])) for line in lines]
    found.append((UNIT, shlex.split(unit()["ExecStart"])))
    return found


def test_every_file_is_tested() -> None:
    tested = {"Dockerfile", "kubernetes.yaml", "compose.yaml", "github-actions.yml", UNIT}
    assert {path.name for path in EXAMPLES.iterdir()} == tested == {name for name, _ in commands()}


@pytest.mark.parametrize(
    "words", [pytest.param(words, id=f"{name}: {shlex.join(words)}") for name, words in commands()]
)
def test_each_command_is_one_of_bulkops(words: list[str]) -> None:
    assert words[0].rpartition("/")[2] == "bulkops"
    command_line.commands[words[1]].make_context(words[1], words[2:], resilient_parsing=False)


def test_each_variable_is_documented() -> None:
    pages = "".join((ROOT / "docs" / page).read_text() for page in ("configuration.md", "how-to/postgres-journal.md"))
    for path in EXAMPLES.iterdir():
        for variable in set(re.findall(r"\b(?:BULKOPS|WORKATO|PG)_?[A-Z][A-Z_]+\b", path.read_text())):
            assert variable in pages, (path.name, variable)


def grace_s(command: list[str]) -> int:
    return int(command[command.index("--grace") + 1].removesuffix("s"))


def test_a_worker_has_its_grace_before_it_is_killed() -> None:
    deployment = pod(kubernetes()["Deployment"])
    assert grace_s(deployment["containers"][0]["command"]) < deployment["terminationGracePeriodSeconds"]
    worker = compose()["services"]["worker"]
    assert grace_s(worker["command"]) < int(worker["stop_grace_period"].removesuffix("s"))
    assert grace_s(shlex.split(unit()["ExecStart"])) < int(unit()["TimeoutStopSec"])


def test_the_parts_of_the_manifests_fit_together() -> None:
    found = kubernetes()
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert found[kind]["spec"]["selector"]["matchLabels"] == labels
    created = set(re.findall(r"create (?:secret generic|configmap) ([a-z-]+)", text("kubernetes.yaml")))
    named = set()
    for kind in ("Deployment", "Job"):
        spec = pod(found[kind])
        (container,) = spec["containers"]
        named |= {each["secretRef"]["name"] for each in container["envFrom"]}
        named |= {volume["configMap"]["name"] for volume in spec["volumes"] if "configMap" in volume}
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    assert named == created
    services, volumes = compose()["services"], compose()["volumes"]
    for service in services.values():
        assert service.get("depends_on", {}).keys() <= services.keys()
    assert services["postgres"]["volumes"][0].partition(":")[0] in volumes


def test_pods_run_this_version_and_outlast_an_outage() -> None:
    found = kubernetes()
    (worker,), (run,) = (pod(found[kind])["containers"] for kind in ("Deployment", "Job"))
    assert worker["image"] == run["image"]
    assert worker["image"].endswith(f":{bulkops.__version__}")
    assert worker["envFrom"] == run["envFrom"], "both need the token and the journal"
    probe = worker["livenessProbe"]
    assert probe["periodSeconds"] * (probe["failureThreshold"] - 1) >= OUTAGE_S, "a worker waits as long itself"
    assert 0 < found["PodDisruptionBudget"]["spec"]["maxUnavailable"] < found["Deployment"]["spec"]["replicas"]


def test_the_page_names_the_server_that_was_tried(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        major = connection.info.server_version // 10_000
    page = (ROOT / "docs" / "how-to" / "postgres-journal.md").read_text()
    if EXISTING is None:
        assert f"The tests run on PostgreSQL {major}, and no other version was" in page


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "bulkops"
    program.symlink_to("/bin/true")
    file = tmp_path / "bulkops-worker@acme.service"
    file.write_text(text(UNIT).replace("/opt/bulkops/bin/bulkops", str(program)))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
