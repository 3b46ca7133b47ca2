"""500 accounts: import, authorize, start, on the sandbox with the documented quotas, against the least time possible.

The least time: for each quota with R requests and a limit of N in T, `head + T (ceil(R / N) - 1) + tail`. R is not
what was sent but the fewest requests that the API allows (`kit/fewest_requests.py`). The first N may leave at once,
every further N need a window; `head` is the least time from an account's start to its first request of the quota,
`tail` the least from its last one to the account's end. No client knows how long an import will take, so accounts are
taken in the order of the inventory: for the account in place P, `head + T floor(P / N)` of the folders' quota, then its
own import, then the least from there to an account's end. The largest of all counts.
Every client has its own sandbox process, and all run side by side: nearly all of the time is waiting.
"""

from __future__ import annotations

import asyncio
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import attrs

import bulkops
from benchmarks.kit.fewest_requests import main_job
from benchmarks.kit.harness import Row, arguments, publish
from benchmarks.kit.plain_rollout import FOLDERS, STATUS, USED, PlainRollout, one_for_all, one_per_quota
from bulkops.client import session_of
from bulkops.events import AccountEnded, AttemptEnded
from bulkops.forecast import by_quota
from bulkops.operations import AuthorizeConnections, ImportPackage, Operation, StartRecipes
from bulkops.rate_limit import Limit
from bulkops.runs import Fleet, from_values
from bulkops.settings import Tuning
from tests.fleet import PACKAGE, SandboxProcess, fleet

BAR: Final = 1.02
POLLS_BAR: Final = 1.5
PROMISE_BAR: Final = 1.15
LOOKED_AT: Final = 20
"""Accounts that the plan looks at before the run."""
POLL_CALL: Final = "managed_users.imports.get"
FEWEST: Final = by_quota(main_job(connections=1, recipes=2).first)
"""Requests of an account, by quota."""
FIRST_ACCOUNT: Final = 4_100_231
CONCURRENCY: Final = 200
PEERS: Final = {"AsyncLimiter per quota": one_per_quota, "one AsyncLimiter for all": one_for_all}


def one_connection_package() -> bytes:
    """The demo's package without its shop: two recipes, one connection."""
    made = io.BytesIO()
    with zipfile.ZipFile(PACKAGE) as demo, zipfile.ZipFile(made, "w") as package:
        for name in demo.namelist():
            if "shop" not in name and "order" not in name:
                package.writestr(name, demo.read(name))
    return made.getvalue()


CREDENTIALS: Final = """[connections."CRM".input]
api_key = { env = "BENCHMARK_KEY" }
"""


@attrs.define
class Trace:
    """When each account's requests left, by quota, and when it ended. Seconds of one clock."""

    requests: Counter[str] = attrs.field(factory=Counter)
    polls: int = 0
    first: dict[str, float] = attrs.field(factory=dict)
    ended: dict[str, float] = attrs.field(factory=dict)
    spans: dict[tuple[str, str], tuple[float, float]] = attrs.field(factory=dict)

    def __call__(self, event: Any) -> None:
        now = time.monotonic()
        if isinstance(event, AccountEnded):
            self.ended[event.account] = now
        if not isinstance(event, AttemptEnded) or event.account is None:
            return
        left_at = now - event.latency_s
        self.requests[event.quota] += 1
        self.polls += event.call == POLL_CALL
        self.first.setdefault(event.account, left_at)
        begun, _ = self.spans.get((event.account, event.quota), (left_at, left_at))
        self.spans[event.account, event.quota] = (begun, left_at)

    def least_s(self, quotas: Mapping[str, Sequence[Limit]], fewest: Mapping[str, float]) -> dict[str, float]:
        """The least time by quota, for `fewest` requests of each. Windows counted per account bind nobody here."""
        heads: dict[str, list[float]] = defaultdict(list)
        tails: dict[str, list[float]] = defaultdict(list)
        for (account, quota), (begun, left_at) in self.spans.items():
            heads[quota].append(begun - self.first[account])
            tails[quota].append(self.ended[account] - left_at)
        return {
            quota: min(heads[quota]) + limit.window_s * (math.ceil(count / limit.requests) - 1) + min(tails[quota])
            for quota, count in fewest.items()
            for limit in quotas[quota]
            if limit.key is None
        }

    def least_in_order_s(self, imports_s: Mapping[str, float], folders: Limit) -> float:
        """The least time for accounts in this order, each with the time that its folder's import took."""
        heads = [begun - self.first[account] for (account, quota), (begun, _) in self.spans.items() if quota == FOLDERS]
        tails = [self.ended[account] - last for (account, quota), (_, last) in self.spans.items() if quota == STATUS]
        return min(heads) + in_order_s(imports_s, folders) + min(tails)


def in_order_s(imports_s: Mapping[str, float], folders: Limit) -> float:
    """The least time until the last import has ended, for accounts in this order."""
    return max(
        folders.window_s * (place // folders.requests) + took_s for place, took_s in enumerate(imports_s.values())
    )


def imports_s(vendor: SandboxProcess) -> dict[str, float]:
    """From the making of an account's folder to the end of its import, as the sandbox has it, by account in order."""
    made: dict[int, float] = {}
    done: dict[int, float] = {}
    for effect in vendor.ledger():
        if effect["kind"] == "folder.created":
            made.setdefault(effect["account"], effect["t"])
        if effect["kind"] == "import.completed":
            done[effect["account"]] = effect["t"]
    return {str(account): done[account] - made[account] for account in sorted(done)}


def rollout_job(vendor: SandboxProcess) -> Operation:
    """Import, authorize, start, with its files beside the vendor's."""
    package, credentials = vendor.home / "one.zip", vendor.home / "credentials.toml"
    package.write_bytes(one_connection_package())
    credentials.write_text(CREDENTIALS)
    os.environ["BENCHMARK_KEY"] = "secret"
    return ImportPackage(package, folder="CRM") >> AuthorizeConnections(credentials) >> StartRecipes(folder="CRM")


async def with_bulkops(vendor: SandboxProcess, accounts: int) -> dict[str, Any]:
    job = rollout_job(vendor)
    trace = Trace()
    tuning = Tuning.from_file(vendor.client_file)
    policy = bulkops.Policy(concurrency=CONCURRENCY)
    promised_s = await promised(vendor, job, accounts, tuning, policy)
    async with bulkops.Workato(token=vendor.token, host=vendor.url, tuning=tuning, observe=trace) as workato:
        ids = range(FIRST_ACCOUNT, FIRST_ACCOUNT + accounts)
        began = time.monotonic()
        await bulkops.run(job, accounts=ids, workato=workato, policy=policy, journal=vendor.journal, observe=trace)
        took_s = time.monotonic() - began
        quotas = session_of(workato).quotas
        least = trace.least_s(quotas, {quota: count * accounts for quota, count in FEWEST.items()})
        least["imports in order"] = trace.least_in_order_s(imports_s(vendor), quotas[FOLDERS][0])
    bound_by = max(least, key=least.__getitem__)
    return {
        "took_s": took_s,
        "promised_s": promised_s,
        "least_s": least[bound_by],
        "bound_by": bound_by,
        "polls_per_import": trace.polls / accounts,
        "requests": trace.requests,
    }


async def promised(
    vendor: SandboxProcess, job: Operation, accounts: int, tuning: Tuning, policy: bulkops.Policy
) -> float:
    """What `plan` says of a few accounts; then its requests grow old, as they do while the user reads it."""
    ids = range(FIRST_ACCOUNT, FIRST_ACCOUNT + accounts)
    async with bulkops.Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
        foreseen = await Fleet(workato, policy=policy, journal=vendor.home / "plan").plan(
            job, from_values(ids), sample=min(LOOKED_AT, accounts)
        )
    await asyncio.sleep(1.1 * max(tuning.quotas[name][0].window_s for name in USED))
    return foreseen.seconds


async def with_peer(vendor: SandboxProcess, accounts: int, peer: str) -> dict[str, Any]:
    tuning = Tuning.from_file(vendor.client_file)
    headers = {"Authorization": f"Bearer {vendor.token}"}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as client:
        limiter = PEERS[peer](tuning.quotas)
        plain = PlainRollout(client, vendor.url, one_connection_package(), limiter, tuning.first_poll_s)
        began = time.monotonic()
        await plain.run(list(range(FIRST_ACCOUNT, FIRST_ACCOUNT + accounts)), CONCURRENCY)
        took_s = time.monotonic() - began
    return {
        "took_s": took_s,
        "polls_per_import": plain.sent["embedded.rlcm.import_status"] / accounts,
        "requests": plain.sent,
    }


def child(client: str, window: str, accounts: int, scale: float) -> None:
    """One rollout against a sandbox of its own; prints the result as JSON."""
    with (
        tempfile.TemporaryDirectory() as home,
        fleet(Path(home), customers=accounts, time_scale=scale, window=window) as vendor,
    ):
        doing = with_bulkops(vendor, accounts) if client == "bulkops" else with_peer(vendor, accounts, client)
        found = asyncio.run(doing)
        check(vendor.kinds(), accounts)
        print(json.dumps(found | {"refused": vendor.refused()}))


def check(effects: Counter[str], accounts: int) -> None:
    """Raises: RuntimeError unless the sandbox has seen each effect of the main job once an account."""
    expected = {"import.completed": accounts, "connection.authorized": accounts, "recipe.started": 2 * accounts}
    found = {kind: effects[kind] for kind in expected}
    if found != expected:
        raise RuntimeError(f"the ledger says {found}, not {expected}")


def started(client: str, window: str, accounts: int, scale: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.rollout", "--child", client, window, str(accounts), str(scale)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a rollout ended with {process.returncode}")
    found: dict[str, Any] = json.loads(out)
    return found


def off(promised_s: float, took_s: float) -> float:
    """By what factor a promise is wrong, too long or too short."""
    return max(promised_s, took_s) / min(promised_s, took_s)


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    accounts, scale = (30, 200.0) if smoke else (500, 5.0)
    windows = ["sliding"] if smoke else ["sliding", "fixed", "bucket"]
    ours = {window: started("bulkops", window, accounts, scale) for window in windows}
    # one limiter for all needs a window for every four accounts: fewer accounts are asked of it, at a higher speed
    few, fast = (10, 400.0) if smoke else (100, 20.0)
    peers = {
        "AsyncLimiter per quota": started("AsyncLimiter per quota", "sliding", accounts, scale),
        "one AsyncLimiter for all": started("one AsyncLimiter for all", "sliding", few, fast),
    }
    found = {window: ended(process) for window, process in ours.items()}
    plain = ended(peers["AsyncLimiter per quota"])
    global_ = ended(peers["one AsyncLimiter for all"])
    worst = max(found.values(), key=lambda one: one["took_s"] / one["least_s"])
    least_s = worst["least_s"]
    few_least_s = 60 / fast * (math.ceil(few / 60) - 1) + 2 / fast
    rows = [
        Row(
            what=f"rollout of {accounts} accounts: time / lower bound, worst window kind, refused "
            f"{sum(one['refused'] for one in found.values())}",
            measured=worst["took_s"] / least_s,
            bar=BAR,
            better="below",
            peers={
                f"AsyncLimiter per quota ({plain['refused']} refused)": plain["took_s"] / least_s,
                f"one AsyncLimiter for all ({global_['refused']} refused)": global_["took_s"] / few_least_s,
            },
        ),
        Row(
            what="rollout: finish time promised by `plan` / real, either way, worst window kind",
            measured=max(off(one["promised_s"], one["took_s"]) for one in found.values()),
            bar=PROMISE_BAR,
            better="below",
        ),
        Row(
            what="rollout: polls per import",
            measured=max(one["polls_per_import"] for one in found.values()),
            bar=POLLS_BAR,
            better="below",
            peers={"a poll each 2 s": plain["polls_per_import"]},
        ),
    ]
    facts = [
        f"{window} windows: {one['took_s']:.1f} s, promised {one['promised_s']:.1f} s, "
        f"least possible {one['least_s']:.1f} s (by {one['bound_by']}), "
        f"{one['polls_per_import']:.2f} polls per import, {one['refused']} refused"
        for window, one in found.items()
    ]
    peers_facts = [f"time scale {scale:g}; one AsyncLimiter for all: {few} accounts at time scale {fast:g}"]
    details = {"facts": facts + peers_facts, "bulkops": found, "peers": {"per quota": plain, "one": global_}}
    publish("rollout", rows, smoke=smoke, details=details)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
    else:
        main()
