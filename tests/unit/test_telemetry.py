"""Spans and metrics of real runs, as an exporter gets them; and that they cost nothing where nobody asked for them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bulkops.client import session_of
from bulkops.events import (
    AccountEnded,
    AccountStarted,
    AttemptEnded,
    QuotaChanged,
    RunChanged,
    StepEnded,
    WaveChanged,
)
from bulkops.operations import AuthorizeConnections, ImportPackage
from bulkops.outcome import Outcome
from bulkops.runs import Policy, run
from bulkops.sandbox.faults import Faults
from bulkops.telemetry import Telemetry, of_this_process
from tests.fleet import CREDENTIALS, PACKAGE, SECRETS
from tests.here import Here, here

sdk = pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk: pip install 'bulkops[test]'")

from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: E402
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402
from opentelemetry.trace import StatusCode  # noqa: E402


class Exported:
    """What was exported, and the telemetry that it came from."""

    def __init__(self) -> None:
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("test")
        meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.telemetry = Telemetry(tracer_provider=provider, meter_provider=meters)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def parent(self, span: ReadableSpan) -> ReadableSpan | None:
        found = {one.context.span_id: one for one in self.spans if one.context is not None}
        return None if span.parent is None else found[span.parent.span_id]

    def points(self, name: str) -> list[tuple[Mapping[str, Any], Any]]:
        data = self._reader.get_metrics_data()
        assert data is not None
        return [
            (dict(point.attributes or {}), point)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


def of(span: ReadableSpan, name: str) -> Any:
    return (span.attributes or {}).get(name)


def attempt(**members: Any) -> AttemptEnded:
    usual: dict[str, Any] = {
        "request_id": "r-1",
        "call": "embedded.recipes.list",
        "account": "1",
        "quota": "q",
        "attempt": 1,
    }
    return AttemptEnded(**usual | {"waited_s": 0.5, "latency_s": 0.25, "status": 200, "error": None} | members)


def test_a_real_run_is_one_tree_of_spans_and_no_secret_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    exported, seen = Exported(), Counter[str]()

    async def scenario(at: Here) -> None:
        def observe(event: object) -> None:
            seen.update([type(event).__name__])
            exported.telemetry(event)  # type: ignore[arg-type]  # it is an event

        session_of(at.workato).subscribe(observe)
        ids = [customer.id async for customer in at.workato.customers.list()]
        made = ImportPackage(PACKAGE, folder="CRM") >> AuthorizeConnections(CREDENTIALS)
        operation = await made.prepare(at.workato, at.journal)
        policy = Policy(waves="1,rest", breaker=None)
        report = await run(
            operation, accounts=ids, workato=at.workato, journal=at.journal, policy=policy, observe=observe
        )
        assert report.outcomes[Outcome.FAILED] == 2, report

        (whole,) = exported.named("bulkops.run")
        assert (of(whole, "bulkops.run"), of(whole, "bulkops.state")) == (report.run_id, "finished")
        assert [event.name for event in whole.events] == ["wave started", "wave pass", "wave started"]
        accounts = exported.named("bulkops.account")
        assert Counter(of(span, "bulkops.outcome") for span in accounts) == {"changed": 4, "failed": 2}
        assert {exported.parent(span) for span in accounts} == {whole}
        failed = [span for span in accounts if span.status.status_code is StatusCode.ERROR]
        assert len(failed) == 2
        assert failed[0].status.description in {row.cause for row in report.failures}
        steps = exported.named("bulkops.step")
        assert {exported.parent(span) for span in steps} == set(accounts)
        assert {of(span, "bulkops.step.state") for span in steps} == {"done", "failed"}

        requests = [span for span in exported.spans if of(span, "bulkops.call")]
        assert len(requests) == seen["AttemptEnded"]
        (creating,) = {exported.parent(span) for span in requests if "imports.create" in span.name and _is_first(span)}
        assert creating in steps
        for span in requests:
            above = exported.parent(span)
            assert above is None or of(above, "bulkops.account") in {None, of(span, "bulkops.account")}
            assert span.start_time is not None
            assert span.end_time is not None
            assert span.start_time <= span.end_time
        texts = repr([(span.name, span.attributes, span.events, span.status.description) for span in exported.spans])
        for secret in (at.sandbox.token, *SECRETS.values(), "127.0.0.1"):
            assert secret not in texts
        assert sum(point.value for _, point in exported.points("bulkops.requests")) == len(requests)
        outcomes = {found["bulkops.outcome"]: point.value for found, point in exported.points("bulkops.accounts")}
        assert outcomes == {"changed": 4, "failed": 2}

    def _is_first(span: ReadableSpan) -> bool:
        first = min((one for one in exported.spans if one.name == span.name), key=lambda one: one.start_time or 0)
        return span is first

    here(tmp_path, scenario, customers=6, faults=Faults(unauthorizable=1 / 3))


def test_refusals_waits_and_quotas_are_counted_by_quota() -> None:
    exported = Exported()
    for status in (200, 429, 429, None):
        exported.telemetry(attempt(status=status, error=None if status == 200 else "no luck"))
    exported.telemetry(QuotaChanged(quota="q", change="shrunk", allowed=12, limit=60))
    assert [(found, point.value) for found, point in exported.points("bulkops.requests.refused")] == [
        ({"bulkops.quota": "q"}, 2)
    ]
    ((found, point),) = exported.points("bulkops.request.wait")
    assert (found, point.count, point.sum) == ({"bulkops.quota": "q"}, 4, 2.0)
    assert [point.value for _, point in exported.points("bulkops.quota.allowed")] == [12]
    assert [of(span, "error.type") for span in exported.spans] == [None, "429", "429", "no answer"]
    span = exported.spans[1]
    assert (of(span, "http.response.status_code"), span.status.description) == (429, "no luck")
    assert span.end_time is not None
    assert span.start_time is not None
    assert span.end_time - span.start_time == pytest.approx(0.25e9, rel=1e-6)


def test_what_is_open_when_a_run_is_torn_down_is_ended() -> None:
    exported = Exported()
    with exported.tracer.start_as_current_span("night"), exported.telemetry as tell:
        tell(RunChanged(run_id="r", state="running"))
        tell(RunChanged(run_id="r", state="draining", reason="a\udc80"))
        tell(WaveChanged(run_id="r", number=1, of=1, size=2, state="started"))
        tell(AccountStarted(account="1", seq=0))
        tell(StepEnded(account="1", step="create-folder", state="intent"))
        tell(StepEnded(account="1", step="create-folder", state="intent"))  # sent again: still the one step
        tell(attempt())
        assert [span.name for span in exported.spans] == ["embedded.recipes.list"]
    names = ["embedded.recipes.list", "bulkops.step", "bulkops.account", "bulkops.run", "night"]
    assert [span.name for span in exported.spans] == names
    parents = [exported.parent(span) for span in exported.spans]
    assert [None if one is None else one.name for one in parents] == [*names[1:], None]
    assert of(exported.spans[1], "bulkops.step.state") == "intent"


def test_one_observer_serves_one_run_after_the_other() -> None:
    exported = Exported()
    for run_id, state in (("r-1", "halted"), ("r-2", "finished")):
        exported.telemetry(RunChanged(run_id=run_id, state="running"))
        exported.telemetry(AccountStarted(account="1", seq=0))
        exported.telemetry(AccountEnded(account="1", seq=0, outcome=Outcome.CHANGED, cause=None, elapsed_s=1.0))
        exported.telemetry(RunChanged(run_id=run_id, state=state, reason="too many" if state == "halted" else None))
    first, second = exported.named("bulkops.run")
    assert (first.status.status_code, first.status.description) == (StatusCode.ERROR, "too many")
    assert second.status.status_code is StatusCode.UNSET
    assert [exported.parent(span) for span in exported.named("bulkops.account")] == [first, second]


def test_a_process_without_a_provider_has_none() -> None:
    assert of_this_process() is None


def test_it_is_not_loaded_where_nobody_asked_for_it() -> None:
    code = (
        "import sys, bulkops.cli.start_run, bulkops.runs, bulkops.cli.log_events as log\n"
        "observe = print\n"
        "assert log.with_telemetry(observe) is observe\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
