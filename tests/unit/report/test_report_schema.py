"""The published JSON schema says what is written: no more, no less."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report, render

Row = Callable[..., AccountRow]
Make = Callable[..., Report]

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


@pytest.fixture
def document(row: Row, report: Make) -> dict[str, Any]:
    rows = [row(seq, outcome) for seq, outcome in enumerate(Outcome)]
    rows.append(row(7, failure_class="f", cause="c", reason="r", remedy="m", detail={"a": [1]}))
    rows.append(row(8, Outcome.CHANGED, started_at=1_767_348_931.25, ended_at=1_767_348_932.0))
    made: dict[str, Any] = json.loads(render(report(*rows, state=RunState.HALTED, reason="too many"), "json"))
    return made


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_what_is_written_is_as_published(document: dict[str, Any]) -> None:
    VALIDATOR.validate(document)


@pytest.mark.parametrize("state", RunState)
def test_every_state_and_outcome_is_in_it(row: Row, report: Make, state: RunState) -> None:
    ended_at = None if state is RunState.RUNNING else 1_767_349_053.0
    VALIDATOR.validate(json.loads(render(report(row(0), state=state, ended_at=ended_at), "json")))
    assert SCHEMA["$defs"]["outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert SCHEMA["properties"]["state"]["enum"] == [one.value for one in RunState]


def test_every_member_is_described(document: dict[str, Any]) -> None:
    for shape, found in (
        (SCHEMA, document),
        (SCHEMA["properties"]["outcomes"], document["outcomes"]),
        (SCHEMA["$defs"]["cluster"], document["clusters"][0]),
        (SCHEMA["$defs"]["account"], document["accounts"][0]),
    ):
        assert list(shape["properties"]) == shape["required"] == list(found)


def damaged(document: dict[str, Any]) -> Iterator[Callable[[], None]]:
    yield lambda: document.pop("outcomes")
    yield lambda: document.update(schema=2)
    yield lambda: document.update(state="done")
    yield lambda: document["outcomes"].pop("unknown")
    yield lambda: document["accounts"][0].update(outcome="ok")
    yield lambda: document["accounts"][0].update(account=7)
    yield lambda: document["clusters"][0].pop("next")


@pytest.mark.parametrize("place", range(7))
def test_a_document_with_a_fault_is_refused(document: dict[str, Any], place: int) -> None:
    list(damaged(document))[place]()
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)
