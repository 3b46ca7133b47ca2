"""`Telemetry`: an observer that emits OpenTelemetry spans and metrics. Needs `bulkops[otel]`.

    with Telemetry() as telemetry:
        async with Workato.from_env(observe=telemetry) as workato:
            await bulkops.run(..., workato=workato, observe=telemetry)

Spans: `bulkops.run`, below it one for each account, below that one for each step, and one for each request, named by
its call. The provider decides where they go; without one they are dropped. They have no URL, header or body.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from bulkops.errors import ConfigError
from bulkops.events import (
    AccountEnded,
    AccountStarted,
    AttemptEnded,
    Event,
    QuotaChanged,
    RunChanged,
    StepEnded,
    WaveChanged,
)
from bulkops.outcome import TROUBLED

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

_NAME: Final = "bulkops"
_WRONG: Final = frozenset({"halted", "auth_failed"})
_LONGEST: Final = 500


class Telemetry:
    """An observer, for any number of runs in sequence. Leaving it ends the spans that are still open.

    `tracer_provider`, `meter_provider`: None: the process's own. Raises: ConfigError without opentelemetry-api.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        try:
            from opentelemetry import metrics, trace  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ConfigError(
                "telemetry needs opentelemetry-api, which is not installed", remedy='pip install "bulkops[otel]"'
            ) from error
        version = str(getattr(sys.modules.get(_NAME), "__version__", ""))
        self._trace = trace
        self._tracer = trace.get_tracer(_NAME, version, tracer_provider)
        meter = metrics.get_meter(_NAME, version, meter_provider)
        self._requests = meter.create_counter("bulkops.requests", "{request}", "Requests that left, by their status")
        self._refused = meter.create_counter("bulkops.requests.refused", "{request}", "Of them, answered with 429")
        self._waited = meter.create_histogram("bulkops.request.wait", "s", "From wanting to send to leaving")
        self._took = meter.create_histogram("bulkops.request.duration", "s", "From leaving to the end of the reply")
        self._allowed = meter.create_gauge("bulkops.quota.allowed", "{request}", "Slots of a quota's window now")
        self._accounts = meter.create_counter("bulkops.accounts", "{account}", "Accounts that ended, by outcome")
        self._run: Span | None = None
        self._open: dict[str, Span] = {}
        """By account in flight."""
        self._steps: dict[str, dict[str, Span]] = {}
        """By account and step."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the open spans: a run that was torn down reports no end."""
        for account in list(self._open):
            self._end_account(account)
        if self._run is not None:
            self._run.end()
            self._run = None

    def __call__(self, event: Event) -> None:
        match event:
            case AttemptEnded():
                self._request(event)
            case StepEnded():
                self._step(event)
            case AccountStarted(account=account, seq=seq):
                self._open[account] = self._tracer.start_span(
                    "bulkops.account",
                    self._below(self._run),
                    attributes={"bulkops.account": _text(account), "bulkops.seq": seq},
                )
            case AccountEnded():
                self._account_ended(event)
            case QuotaChanged(quota=quota, allowed=allowed):
                self._allowed.set(allowed, {"bulkops.quota": quota})
            case WaveChanged():
                self._wave(event)
            case RunChanged():
                self._run_changed(event)

    def _request(self, event: AttemptEnded) -> None:
        status = event.status
        quota = {"bulkops.quota": event.quota}
        self._requests.add(1, {**quota, "http.response.status_code": 0 if status is None else status})
        if status == 429:
            self._refused.add(1, quota)
        self._waited.record(event.waited_s, quota)
        self._took.record(event.latency_s, quota)
        ended_ns = time.time_ns()
        span = self._tracer.start_span(
            event.call,
            self._below(self._nearest(event.account)),
            kind=self._trace.SpanKind.CLIENT,
            attributes={
                "bulkops.call": event.call,
                **quota,
                "bulkops.request_id": event.request_id,
                "bulkops.attempt": event.attempt,
                "bulkops.wait_s": event.waited_s,
            },
            start_time=ended_ns - int(event.latency_s * 1e9),
        )
        if event.account is not None:
            span.set_attribute("bulkops.account", _text(event.account))
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if event.error is not None:
            span.set_attribute("error.type", "no answer" if status is None else str(status))
            self._fail(span, event.error)
        span.end(ended_ns)

    def _step(self, event: StepEnded) -> None:
        steps = self._steps.setdefault(event.account, {})
        if event.state == "intent":
            if event.step not in steps:
                steps[event.step] = self._begin_step(event)
            return
        span = steps.pop(event.step, None) or self._begin_step(event)  # of an earlier process, and settled by looking
        span.set_attribute("bulkops.step.state", event.state)
        span.end()

    def _begin_step(self, event: StepEnded) -> Span:
        attributes = {"bulkops.account": _text(event.account), "bulkops.step": _text(event.step)}
        return self._tracer.start_span(
            "bulkops.step", self._below(self._open.get(event.account, self._run)), attributes=attributes
        )

    def _account_ended(self, event: AccountEnded) -> None:
        self._accounts.add(1, {"bulkops.outcome": event.outcome.value})
        span = self._open.get(event.account)
        if span is not None:
            span.set_attribute("bulkops.outcome", event.outcome.value)
            if event.outcome in TROUBLED:
                self._fail(span, event.cause or "no cause recorded")
        self._end_account(event.account)

    def _end_account(self, account: str) -> None:
        for step in self._steps.pop(account, {}).values():
            step.set_attribute("bulkops.step.state", "intent")  # its outcome is unknown
            step.end()
        span = self._open.pop(account, None)
        if span is not None:
            span.end()

    def _wave(self, event: WaveChanged) -> None:
        if self._run is not None:
            attributes = {"bulkops.wave": event.number, "bulkops.waves": event.of, "bulkops.wave.size": event.size}
            self._run.add_event(f"wave {event.state}", attributes)

    def _run_changed(self, event: RunChanged) -> None:
        if event.state == "running":
            if self._run is None:  # below the current span of the caller, if there is one
                self._run = self._tracer.start_span("bulkops.run", attributes={"bulkops.run": event.run_id})
            return
        run = self._run
        if run is None:
            return
        if event.state == "draining":
            run.add_event("draining", {"bulkops.reason": _text(event.reason or "")})
            return
        run.set_attribute("bulkops.state", event.state)
        if event.state in _WRONG:
            self._fail(run, event.reason or event.state)
        self.close()

    def _nearest(self, account: str | None) -> Span | None:
        """Parent of an account's request: the open step, the account, or the run."""
        if account is None:
            return self._run
        steps = self._steps.get(account)
        return next(reversed(steps.values())) if steps else self._open.get(account, self._run)

    def _below(self, span: Span | None) -> Context | None:
        """None: the current one."""
        return None if span is None else self._trace.set_span_in_context(span)

    def _fail(self, span: Span, why: str) -> None:
        span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, _text(why)))


def of_this_process() -> Telemetry | None:
    """Telemetry for the providers of this process; None without any. Loads no module to find out."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import metrics, trace  # noqa: PLC0415 - loaded by the code that set the providers

    given = (trace.get_tracer_provider(), metrics.get_meter_provider())
    # Before a provider is set the API hands out stand-ins, which it has no other word for.
    if all(type(one).__name__.lstrip("_").startswith("Proxy") for one in given):
        return None
    return Telemetry()


def _text(value: str) -> str:
    """A text that any exporter can encode."""
    return value[:_LONGEST].encode("utf-8", "replace").decode()
