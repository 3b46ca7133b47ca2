"""The command line in a process that was given a provider, as `opentelemetry-instrument` does it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import CUSTOMERS, RemoteSandbox, Result
from tests.fleet import PACKAGE

pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk: pip install 'bulkops[test]'")

INSTRUMENTED = """
import collections, json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
from bulkops.cli.app import main
code = main(sys.argv[1:])
print(json.dumps(collections.Counter(span.name for span in exporter.get_finished_spans())), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.slow
def test_a_run_and_its_retry_are_traced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox, shell: Callable[..., Result]
) -> None:
    monkeypatch.chdir(tmp_path)
    selection = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--quiet", "--yes")
    sandbox.ask("faults", {"import_failed": 1.0})
    importing = ("import-package", PACKAGE, "--folder", "CRM", *selection, "--breaker", "off")
    failed = shell(*importing, code=INSTRUMENTED, env=sandbox.access)
    assert failed.code == 1, failed.err
    spans = json.loads(failed.err.splitlines()[-1])
    assert (spans["bulkops.run"], spans["bulkops.account"]) == (1, CUSTOMERS)
    assert spans["bulkops.step"] >= CUSTOMERS
    assert sum(count for name, count in spans.items() if not name.startswith("bulkops")) == sandbox.count()
    sandbox.ask("faults", {})
    retried = shell("retry", "--quiet", "--yes", code=INSTRUMENTED, env=sandbox.access)
    assert retried.code == 0, retried.err
    assert json.loads(retried.err.splitlines()[-1])["bulkops.account"] == CUSTOMERS
