"""`bulkops doctor`: checks whether a run can start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import FileName
from bulkops.cli.options import client_file_option, journal_option
from bulkops.cli.terminal import one_line, put

if TYPE_CHECKING:
    from bulkops.cli.doctor import Finding, Patient
    from bulkops.journal import Location

EXIT_FIX: Final = 2
EXIT_AUTH: Final = 4


@click.command(
    "doctor",
    cls=Verb,
    examples=["doctor rollout.toml", "doctor rollout.toml --check-writes", "doctor --client-file client.toml"],
)
@click.argument(
    "job",
    metavar="[JOB.toml|FILE.py:NAME]",
    required=False,
    type=FileName(),
    help="Job file or operation; its calls decide which rights are checked.",
)
@click.option(
    "--check-writes",
    cls=Flag,
    is_flag=True,
    help="Check rights to write too, by sending the job's writes to a customer that does not exist.",
)
@client_file_option
@journal_option
@click.option("--json", "as_json", cls=Flag, section="Output", is_flag=True, help="One JSON object per line.")
def doctor(job: str | None, check_writes: bool, client_file: str | None, journal: Location, as_json: bool) -> int:
    """Check that a run can start.

    Checks versions, disk, journal, job, quotas, token, the vendor's clock, and rights as far as reads show them. Each
    line is ok or says what to do. Sends a few reads. With --check-writes, a write that returns 403 shows a missing
    right; a 404 is a good sign, but not a proof. Exit code 0, 2 (something to fix) or 4 (the token is refused).
    """
    import asyncio

    from bulkops.cli.doctor import Patient

    return asyncio.run(
        _examine(Patient(job=job, journal=journal, client_file=client_file, check_writes=check_writes), as_json=as_json)
    )


async def _examine(patient: Patient, *, as_json: bool) -> int:
    from bulkops.cli.doctor import examine

    code = 0
    async for finding in examine(patient):
        put(_as_json(finding) if as_json else _as_text(finding), json=as_json)
        if finding.is_auth:
            code = EXIT_AUTH
        elif finding.state == "fix":
            code = code or EXIT_FIX
    return code


def _as_text(finding: Finding) -> str:
    line = f"{finding.state:<5} {finding.check:<9} {one_line(finding.says)}\n"
    return line if finding.do is None else f"{line}      {'':<9} do: {one_line(finding.do)}\n"


def _as_json(finding: Finding) -> str:
    row = {"check": finding.check, "state": finding.state, "says": finding.says, "do": finding.do}
    return json.dumps(row, ensure_ascii=False) + "\n"
