"""`bulkops doctor --learn`: the survey of a tenant, its report, and the file with what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import attrs

from bulkops.cli.doctor import alone_on_credential
from bulkops.cli.doctor.findings import Finding
from bulkops.cli.output_file import check_writable, write
from bulkops.cli.terminal import say
from bulkops.errors import BulkopsError, TransportError
from bulkops.journal import Location
from bulkops.learn import MOST_REQUESTS, REQUESTS_PER_S, Cassettes, Look, Survey, Verdict, vendor_toml, verdicts
from bulkops.sandbox import Assumptions
from bulkops.settings import Settings, Tuning


async def learn(
    *, account: str | None, client_file: str | None, journal: Location, output: str, record: str | None = None
) -> AsyncIterator[Finding]:
    """The verdicts on all assumptions as findings, then the file. Sends at most `MOST_REQUESTS` reads.

    `account`: whose lists are read; None: the first customer's. The reads are compared with what an existing file says;
    without one, with what bulkops assumes.

    Raises: ConfigError and InputError before anything is sent.
    """
    tuning = Tuning.beside(client_file)
    tuning = attrs.evolve(tuning, max_rate=min(tuning.max_rate or REQUESTS_PER_S, REQUESTS_PER_S), page_sizes={})
    settings = Settings.from_env(tuning=tuning)
    baseline = _baseline(Path(output))
    check_writable(Path(output))
    cassettes = Cassettes(Path(record)) if record is not None else None
    say(f"reads only: at most {MOST_REQUESTS} requests to {settings.url}, {REQUESTS_PER_S:g} a second")
    looks: list[Look] = []
    try:
        async with alone_on_credential(settings, journal) as workato:
            survey = Survey(workato=workato, account=account, keep=None if cassettes is None else cassettes.keep)
            async for look in survey.looks():
                looks.append(look)  # noqa: PERF401 - those before an error count too
    except BulkopsError as error:
        yield Finding.of("learn", error)
        if not isinstance(error, TransportError) or not looks:
            return
    found = verdicts(looks, baseline)
    for verdict in found:
        yield _finding(verdict)
    yield _times(looks)
    yield _rights(looks)
    write(Path(output), vendor_toml(found))
    if cassettes is not None:
        cassettes.write()
    counts = Counter(verdict.state for verdict in found)
    yield Finding(
        "learned",
        "ok",
        f"{counts['confirmed']} confirmed, {counts['contradicted']} contradicted, {counts['not seen']} not seen, with "
        f"{survey.sent} requests; written to {output}",
    )


def _baseline(path: Path) -> Assumptions:
    """Raises: ConfigError."""
    return Assumptions.from_file(path) if path.is_file() else Assumptions()


def _finding(verdict: Verdict) -> Finding:
    match verdict.state:
        case "confirmed":
            return Finding("confirmed", "ok", f"{verdict.about}: {verdict.assumed}")
        case "contradicted":
            return Finding("differs", "note", f"{verdict.about}: {verdict.instead}, not {verdict.assumed}")
        case _:
            return Finding("not seen", "note", f"{verdict.about}: assumed to be {verdict.assumed}")


def _times(looks: list[Look]) -> Finding:
    took = sorted(look.took_s for look in looks if look.status)
    if not took:
        return Finding("times", "note", "nothing was answered")
    return Finding("times", "ok", f"a reply took {took[len(took) // 2]:.2f} s at the median, {took[-1]:.2f} s at most")


def _rights(looks: list[Look]) -> Finding:
    """What the API client's role allows, as far as reads show it."""
    refused = [look.question.name for look in looks if look.status in {401, 403}]
    if not refused:
        return Finding("rights", "ok", "every call that was tried is allowed")
    return Finding(
        "rights", "note", f"refused: {', '.join(refused)}", "allow the API client's role the calls of the job"
    )
