"""`bulkops doctor`: checks whether a run can start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.options import client_file_option, journal_option
from bulkops.cli.options.types import FileName
from bulkops.cli.terminal import one_line, put
from bulkops.client_file import VENDOR_FILE
from bulkops.exit_codes import EXIT_AUTHENTICATION, EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bulkops.cli.doctor import Finding
    from bulkops.journal import Location


@click.command(
    "doctor",
    cls=Verb,
    examples=["doctor rollout.toml", "doctor rollout.toml --check-writes", "doctor --learn --account 4100231"],
)
@click.argument(
    "job",
    metavar="[JOB.toml|FILE.py:NAME]",
    required=False,
    type=FileName(),
    help="Job file or operation; its calls decide which rights are checked.",
)
@option(
    "--check-writes",
    is_flag=True,
    help="Check rights to write too, by sending the job's writes to a customer that does not exist.",
)
@option(
    "--learn",
    "is_learning",
    section="First contact",
    is_flag=True,
    help="Find out which assumptions of bulkops hold for this tenant, by at most 40 reads, and write them to a file.",
)
@option(
    "--account",
    section="First contact",
    metavar="ID",
    help="The account whose lists --learn reads; without it, the first customer.",
)
@option(
    "-o",
    "--output",
    section="First contact",
    type=FileName(),
    default=VENDOR_FILE,
    metavar="FILE",
    help="File that --learn writes.",
)
@option(
    "--record",
    section="First contact",
    metavar="DIR",
    help="Directory where --learn keeps the replies for tests, with each value replaced by one of its type.",
)
@client_file_option
@journal_option
@option("--json", "as_json", section="Output", is_flag=True, help="One JSON object per line.")
def doctor(
    job: str | None,
    check_writes: bool,
    is_learning: bool,
    account: str | None,
    output: str,
    record: str | None,
    client_file: str | None,
    journal: Location,
    as_json: bool,
) -> int:
    """Check that a run can start.

    Checks versions, disk, journal, job, quotas, token, the vendor's clock, and rights as far as reads show them. Each
    line is ok or says what to do. Sends a few reads. With --check-writes, a write that returns 403 shows a missing
    right; a 404 is a good sign, but not a proof. Exit code 0, 2 (something to fix) or 4 (the token is refused).

    With --learn it checks nothing else. It reads each list once, reports what differs from what bulkops and its
    sandbox assume, and writes vendor.toml. `bulkops sandbox --assumptions vendor.toml` then answers like this tenant,
    and `bulkops run` reads the file beside its client file. No value of a customer is kept.
    """
    import asyncio

    from bulkops.cli.doctor import examine
    from bulkops.cli.doctor.learn import learn

    if is_learning and (job is not None or check_writes):
        raise click.UsageError("--learn takes no job and no --check-writes: run doctor twice.")
    if not is_learning and (account is not None or record is not None):
        raise click.UsageError("--account and --record need --learn.")
    findings = (
        learn(account=account, client_file=client_file, journal=journal, output=output, record=record)
        if is_learning
        else examine(job, journal=journal, client_file=client_file, check_writes=check_writes)
    )
    return asyncio.run(_told(findings, as_json=as_json))


async def _told(findings: AsyncIterator[Finding], *, as_json: bool) -> int:
    code = 0
    async for finding in findings:
        put(_as_json(finding) if as_json else _as_text(finding), json=as_json)
        if finding.is_auth:
            code = EXIT_AUTHENTICATION
        elif finding.state == "fix":
            code = code or EXIT_USAGE
    return code


def _as_text(finding: Finding) -> str:
    line = f"{finding.state:<5} {finding.check:<9} {one_line(finding.says)}\n"
    return line if finding.do is None else f"{line}      {'':<9} do: {one_line(finding.do)}\n"


def _as_json(finding: Finding) -> str:
    row = {"check": finding.check, "state": finding.state, "says": finding.says, "do": finding.do}
    return json.dumps(row, ensure_ascii=False) + "\n"
