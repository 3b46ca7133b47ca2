"""Each example does what its docstring says, as a process, against a sandbox of six customers."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from tests.fleet import CREDENTIALS, PACKAGE, Ended, SandboxProcess, fleet

EXAMPLES = Path(__file__).parents[2] / "examples"
CUSTOMERS = 6
TESTED = {
    "add_members.py",
    "archive_folder.py",
    "bulkops-nightly.service",
    "bulkops-nightly.timer",
    "test_archive_folder.py",
    "canary_by_hand.py",
    "explore_fleet.py",
    "fan_out_anything.py",
    "github-actions.yml",
    "kubernetes-cronjob.yaml",
    "nightly.sh",
    "rollout.py",
    "rotate_credential.py",
    "stop_unauthorized.py",
    "upgrade_plans.py",
}


@pytest.fixture(scope="module")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with fleet(tmp_path_factory.mktemp("sandbox"), customers=CUSTOMERS, time_scale=600) as vendor:
        yield vendor


@pytest.fixture
def vendor(_process: SandboxProcess, tmp_path: Path) -> SandboxProcess:
    """Everyone as at the start, and an empty directory with the client file."""
    _process.ask("reset", {})
    (tmp_path / "client.toml").write_text(_process.client_file.read_text())
    return attrs.evolve(_process, home=tmp_path)


def start(vendor: SandboxProcess, *command: str | Path, **environment: str) -> Ended:
    done = subprocess.run(
        list(map(str, command)),
        cwd=vendor.home,
        env=vendor.environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def script(vendor: SandboxProcess, name: str, *arguments: str | Path) -> Ended:
    return vendor.cli(*map(str, (EXAMPLES / name, *arguments)), TESTS_PREPARE="tests.processes:run_script")


def function(vendor: SandboxProcess, reference: str, **environment: Any) -> Ended:
    return vendor.cli("run", str(EXAMPLES / reference), "--accounts", "all", *vendor.policy, "--json", **environment)


def test_every_example_is_tested() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file() and path.suffix != ".md"} == TESTED


def test_rollout(vendor: SandboxProcess) -> None:
    first = script(vendor, "rollout.py", PACKAGE, CREDENTIALS, "client.toml")
    assert first.code == 0, first.err
    assert first.out.startswith("Finished: 6 changed of 6 accounts")
    assert vendor.kinds()["recipe.started"] == 3 * CUSTOMERS
    again = script(vendor, "rollout.py", PACKAGE, CREDENTIALS, "client.toml")
    assert again.out.startswith("Finished: 6 unchanged of 6 accounts")


def test_canary_by_hand(vendor: SandboxProcess) -> None:
    done = script(vendor, "canary_by_hand.py", PACKAGE, "client.toml")
    assert (done.code, done.out) == (0, "3 canaries, then 3 of 3 others\n"), done.err
    assert vendor.kinds()["import.completed"] == CUSTOMERS


@pytest.mark.slow
def test_add_members_from_a_file(vendor: SandboxProcess) -> None:
    people = vendor.home / "new-admins.csv"
    people.write_text("id,name,email,who\n4100231,Ana Ruiz,ana@x.example,hr-17\n4100232,Bo Lund,bo@x.example,hr-18\n")
    done = script(vendor, "add_members.py", people, "client.toml")
    assert done.out.startswith("Finished: 2 changed of 2 accounts"), done.err
    assert sorted(effect["key"] for effect in vendor.ledger()) == ["hr-17", "hr-18"]
    assert script(vendor, "add_members.py", people, "client.toml").out.startswith("Finished: 2 unchanged")
    undone = vendor.cli(
        "undo", done.out.split("(run ")[1].split(")")[0], "--journal", ".bulkops", *vendor.policy[:2], "--yes"
    )
    assert undone.code == 0, undone.err
    assert vendor.kinds()["member.removed"] == 2
    people.write_text("name,email\nAna,ana@x.example\n")
    refused = script(vendor, "add_members.py", people, "client.toml")
    assert (refused.code, refused.out) == (1, "")
    assert "has no id" in refused.err


@pytest.mark.slow
def test_upgrade_plans_pauses_for_a_person(vendor: SandboxProcess) -> None:
    plans = [row["plan_id"] for row in json.loads(vendor.cli("call", "managed_users.list", *vendor.policy[:2]).out)]
    old, count = Counter(plans).most_common(1)[0]
    assert count > 1, plans
    done = script(vendor, "upgrade_plans.py", old, "new-plan", "client.toml")
    assert done.code == 5, done.err
    assert vendor.kinds() == {"plan.changed": 1}, vendor.kinds()
    again = vendor.cli("resume", "--approve", "--journal", ".bulkops", *vendor.policy[:2], "--yes", "--json")
    assert (again.code, again.outcomes) == (0, {"changed": count}), again.err
    nobody = script(vendor, "upgrade_plans.py", old, "new-plan", "client.toml")
    assert (nobody.code, nobody.err) == (1, f"nobody is on plan {old!r}: nothing to do\n")


def test_archive_folder(vendor: SandboxProcess) -> None:
    foreseen = vendor.cli(
        "plan", "run", str(EXAMPLES / "archive_folder.py:archive"), "--accounts", "all", *vendor.policy[:2], "--json"
    )
    assert foreseen.code == 0, foreseen.err
    assert vendor.kinds() == {}
    done = function(vendor, "archive_folder.py:archive")
    assert (done.code, done.outcomes) == (0, {"changed": CUSTOMERS}), done.err
    assert vendor.kinds() == {"folder.created": CUSTOMERS}
    assert function(vendor, "archive_folder.py:archive").outcomes == {"unchanged": CUSTOMERS}
    undone = vendor.cli("undo", done.report["run"], *vendor.policy, "--json")
    assert (undone.code, undone.outcomes) == (0, {"changed": CUSTOMERS}), undone.err
    assert vendor.kinds()["folder.deleted"] == CUSTOMERS


def test_archive_folder_is_made_once_although_replies_are_lost(vendor: SandboxProcess) -> None:
    vendor.ask("faults", {"reset": 0.3})
    done = function(vendor, "archive_folder.py:archive")
    for _ in range(20):
        if done.code == 0:
            break
        done = vendor.cli("retry" if done.outcomes.get("failed") else "resume", *vendor.policy, "--json")
    vendor.ask("faults", {})
    assert done.outcomes == {"changed": CUSTOMERS}, done.err
    assert vendor.kinds() == {"folder.created": CUSTOMERS}


def test_a_rotation_that_some_providers_refuse(vendor: SandboxProcess) -> None:
    """rotate_credential, explore_fleet and stop_unauthorized on one fleet, of which a third refuses the new key."""
    assert script(vendor, "rollout.py", PACKAGE, CREDENTIALS, "client.toml").code == 0
    refusing = CUSTOMERS // 3
    vendor.ask("faults", {"unauthorizable": 1 / 3})
    done = function(vendor, "rotate_credential.py:rotate", CRM_API_KEY="canary-new-credential")
    assert (done.code, done.outcomes) == (1, {"changed": CUSTOMERS - refusing, "failed": refusing}), done.err

    before = vendor.kinds()
    seen = script(vendor, "explore_fleet.py", "client.toml")
    assert seen.code == 0, seen.err
    rows = sorted(line.split()[1:4] for line in seen.out.splitlines()[1:])
    assert rows == [["3", "0", "0"]] * (CUSTOMERS - refusing) + [["3", "0", "1"]] * refusing, seen.out
    assert vendor.kinds() == before

    job = str(EXAMPLES / "stop_unauthorized.py:stop_unauthorized")
    foreseen = vendor.cli("plan", "run", job, "--accounts", "all", *vendor.policy[:2], "--json")
    changes = [row["changes"] for row in json.loads(foreseen.out)["accounts"]]
    assert sorted(changes) == [[]] * (CUSTOMERS - refusing) + [["stop (3 times)"]] * refusing
    stopped = function(vendor, "stop_unauthorized.py:stop_unauthorized")
    assert stopped.outcomes == {"changed": refusing, "unchanged": CUSTOMERS - refusing}, stopped.err
    assert vendor.kinds()["recipe.stopped"] == 3 * refusing

    vendor.ask("faults", {})
    again = function(vendor, "rotate_credential.py:rotate", CRM_API_KEY="canary-new-credential")
    assert (again.code, again.outcomes) == (0, {"changed": refusing, "unchanged": CUSTOMERS - refusing}), again.err
    journal = b"".join(path.read_bytes() for path in vendor.journal.rglob("*") if path.is_file())
    assert b"canary-new-credential" not in journal


def test_fan_out_anything(vendor: SandboxProcess) -> None:
    done = start(vendor, sys.executable, "-W", "error", EXAMPLES / "fan_out_anything.py", "1000")
    assert done.out.splitlines() == ["900 halved", "100 threes are left alone"], done.err


@pytest.mark.slow
def test_the_workflow_does_on_a_machine_what_it_does_at_github(vendor: SandboxProcess) -> None:
    """Its steps' commands, in order, in a directory with the job; twice, with the journal kept between nights."""
    workflow = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert workflow[True].keys() == {"schedule", "workflow_dispatch"}  # YAML reads the key `on` as true
    steps = [step for step in job["steps"] if "run" in step and not step["run"].startswith("pip install")]
    assert len(steps) == 3
    restored, saved = (step["with"] for step in job["steps"] if "cache" in step.get("uses", ""))
    assert (restored["path"], restored["key"]) == (saved["path"], saved["key"]) == (".bulkops", saved["key"])
    assert saved["key"].startswith(restored["restore-keys"])
    assert job["steps"][-1]["with"]["path"] == "report.html"
    (vendor.home / "nightly.toml").write_text(
        f"""
[selection]
accounts = "all"
only_new = true
[policy]
client_file = "client.toml"
[[operation]]
use = "import-package"
package = "{PACKAGE}"
folder = "CRM"
"""
    )
    given = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "GITHUB_STEP_SUMMARY": str(vendor.home / "page.md"),
    }
    for night in (1, 2):
        for step in steps:
            named = {
                name: value for name, value in step.get("env", {}).items() if "${{" not in value
            }  # secrets and variables are those of the sandbox
            done = start(vendor, "bash", "-e", "-c", step["run"], **given, **named)
            assert done.code == 0, (night, step, done.err)
            if "BULKOPS_LOG_FORMAT" in named:
                assert all(json.loads(line) for line in done.err.splitlines())
    assert vendor.kinds()["import.completed"] == CUSTOMERS
    assert (vendor.home / "page.md").read_text().count(f"{CUSTOMERS} changed") == 1
    assert (vendor.home / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_nightly_is_silent_on_a_good_night_and_tells_of_a_bad_one(vendor: SandboxProcess) -> None:
    job = vendor.home / "nightly.toml"
    job.write_text(
        f"""
[selection]
accounts = "all"
[policy]
client_file = "client.toml"
[[operation]]
use = "import-package"
package = "{PACKAGE}"
folder = "CRM"
"""
    )
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    settings = {"PATH": path, "BULKOPS_JOURNAL": str(vendor.home / "nights")}
    good = start(vendor, EXAMPLES / "nightly.sh", job, **settings)
    assert (good.code, good.out) == (0, ""), good.err
    job.write_text(job.read_text().replace("import-package", "start-recipes").replace(f'package = "{PACKAGE}"\n', ""))
    bad = start(vendor, EXAMPLES / "nightly.sh", job, **settings)
    assert bad.code in {1, 3}
    assert "connection 'CRM' is not authorized" in bad.out
    refused = start(vendor, EXAMPLES / "nightly.sh", job, **settings, WORKATO_API_TOKEN="wrong")
    assert refused.code == 4
    assert "the vendor refuses the token" in refused.out


def units() -> dict[str, str]:
    return {name: (EXAMPLES / name).read_text() for name in ("bulkops-nightly.service", "bulkops-nightly.timer")}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """With a program where the units say that it is: it looks for that too."""
    program = tmp_path / "bulkops"
    program.symlink_to("/bin/true")
    for name, text in units().items():
        (tmp_path / name).write_text(text.replace("/opt/bulkops/bin/bulkops", str(program)))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in units())],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.slow
def test_the_unit_and_the_cron_job_do_a_night(vendor: SandboxProcess) -> None:
    """Their commands, in order, with their directories below a temporary one; for two nights."""
    (vendor.home / "nightly.toml").write_text(
        f"""
[selection]
accounts = "all"
[[operation]]
use = "import-package"
package = "{PACKAGE}"
folder = "CRM"
"""
    )
    program = Path(sys.executable).parent
    given = {"PATH": f"{program}:/usr/bin:/bin", "BULKOPS_CLIENT_FILE": str(vendor.client_file)}
    unit = units()["bulkops-nightly.service"].replace("/opt/bulkops/bin", str(program)).replace("$$", "$")
    lines = [line.partition("=")[::2] for line in unit.splitlines() if not line.startswith("#")]
    said = dict(lines)
    assert said["WorkingDirectory"] == f"%S/{said['StateDirectory']}", "the journal is where it may be written"
    variables = dict(word.split("=") for word in said["Environment"].replace("%S/bulkops", str(vendor.home)).split())
    commands = [shlex.split(value) for key, value in lines if key == "ExecStart"]
    assert len(commands) == 2
    for command in 2 * commands:
        here = [word.replace("/etc/bulkops", str(vendor.home)) for word in command]
        done = start(vendor, *here, **given, **variables)
        assert done.code == 0, (command, done.err)
        assert all(json.loads(line) for line in done.err.splitlines())
    assert vendor.kinds()["import.completed"] == CUSTOMERS
    assert (vendor.home / ".bulkops").is_dir()

    claim, config, cron = yaml.safe_load_all((EXAMPLES / "kubernetes-cronjob.yaml").read_text())
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (kept, mounted, _) = pod["volumes"]
    assert kept["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert mounted["configMap"]["name"] == config["metadata"]["name"]
    (vendor.home / "job").mkdir()
    text = config["data"]["nightly.toml"].replace("start-recipes", "create-folder")
    (vendor.home / "job" / "nightly.toml").write_text(text)
    for container in 2 * (*pod["initContainers"], *pod["containers"]):
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert {f"/{Path(each['value']).parts[1]}" for each in container["env"] if "/" in each["value"]} <= {*mounts}
        below = {path: f"{vendor.home}{path}" for path in ("/journal", "/job")}
        variables = {each["name"]: each["value"].replace("/journal", below["/journal"]) for each in container["env"]}
        here = [word.replace("/job/", f"{below['/job']}/") for word in container["command"]]
        done = start(vendor, *here, **given, **variables)
        assert done.code == 0, (container["name"], done.err)
    assert (vendor.home / "journal" / "runs").is_dir()


@pytest.mark.slow
def test_the_tests_of_archive_folder(tmp_path: Path) -> None:
    """With faults, an outage and a crash at each step: what a user of `bulkops.testing` writes."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "bulkops.testing", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--basetemp={tmp_path / 'pytest'}", str(EXAMPLES / "test_archive_folder.py")],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("....."), done.stdout
