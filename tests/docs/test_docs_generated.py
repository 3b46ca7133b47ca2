"""What pages say about the code is what the code says."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import bulkops as front_door
from bulkops import errors, operations
from bulkops.cli.app import bulkops
from docs import command_table, generate, messages_page


def page(name: str) -> str:
    """A generated page as it is kept; the first test sees to it that it is in step."""
    return (generate.REFERENCE / name).read_text(encoding="utf-8")


def test_generated_pages_are_in_step() -> None:
    stale = [name for name, text in generate.pages().items() if (generate.REFERENCE / name).read_text() != text]
    assert stale == [], "run python -m docs.generate"
    assert (generate.ROOT / generate.TABLE).read_text() == command_table.table(), "run python -m docs.generate"


def test_check_names_a_stale_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main([]) == 0
    (tmp_path / "docs/reference/quotas.md").write_text("old")
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().out == "docs/reference/quotas.md is not in step: run python -m docs.generate\n"
    assert generate.main(["--chek"]) == 2


def test_every_command_and_every_error_is_in_the_reference() -> None:
    for name in bulkops.commands:
        assert f"\n## bulkops {name}\n" in page("cli.md")
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.BulkopsError)]
    assert len(kinds) > 20
    for kind in kinds:
        assert f"| `{kind.__name__}` |" in page("errors.md")


def test_a_common_option_is_described_once() -> None:
    """`--help` shows all options of a command; the page of commands links to the common ones."""
    commands, common = page("cli.md"), page("common-options.md")
    for flag in ("--accounts", "--only-new", "--max-failures", "--soak", "--journal", "--webhook"):
        assert common.count(f"| `{flag}") == 1, flag
    assert commands.count("Only the first N accounts.") == 0
    assert "Pass the gate at which the run paused or halted" in commands, "resume has an --approve of its own"
    assert commands.count("[policy](common-options.md#policy)") > 20
    assert len(commands.split()) < 7000


def test_every_command_is_used_on_a_page_that_shows_how() -> None:
    docs = generate.REFERENCE.parent
    pages = [docs / "tutorial.md", docs / "configuration.md", docs / "reports.md", docs.parent / "README.md"]
    shown = " ".join(path.read_text() for path in [*pages, *(docs / "how-to").glob("*.md")])
    assert [name for name in bulkops.commands if f"bulkops {name}" not in shown and f"plan {name}" not in shown] == []


def test_every_promised_name_is_on_the_page_of_the_api() -> None:
    api = page("api.md")
    promised = {name: getattr(front_door, name) for name in dir(front_door) if not name.startswith("_")}
    things = {name: thing for name, thing in promised.items() if not inspect.ismodule(thing)}
    things |= {name: getattr(operations, name) for name in dir(operations) if callable(getattr(operations, name))}
    assert len(things) > 45
    assert [name for name in things if f"\n### {name}\n" not in api] == []
    for promise in ("#### Context.step\n", "### Recipes\n", "rate: float | None = None", "* `Outcome.UNKNOWN`: "):
        assert promise in api
    assert " at 0x" not in api


def test_every_message_has_a_next_step() -> None:
    """What, where and the next step: the list is read by people, this sees to it that nobody forgets the last."""
    kinds = {name for name, kind in vars(errors).items() if inspect.isclass(kind)}
    found = list(messages_page.messages(generate.SOURCES, kinds))
    assert len(found) > 250
    assert {"usage", "doctor: disk", "ConfigError"} <= {one.kind for one in found}
    assert [one for one in found if not one.remedy.strip()] == []
    assert [one for one in found if len(one.text.split()) < 2 and not one.text.startswith("{")] == []


def test_a_message_is_shown_with_what_varies_in_braces() -> None:
    assert "| `ConfigError` | no API token | set the environment variable {TOKEN\\_VARIABLE} |" in page("messages.md")


def test_examples_in_docstrings_are_code_on_the_page() -> None:
    shown = page("api.md")
    assert '\n\n    @bulkops.operation(plan="rehearse", columns=["plan"])\n    async def stop_everything(ctx' in shown
    assert '\n\n    >>> Secret("wrkaus-abc")\n    Secret(***)\n' in shown
