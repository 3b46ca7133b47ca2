"""Help: an example first, every option of the specification with its default, and nothing heavy imported for it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, cast

import click
import pytest

from bulkops.cli.app import bulkops
from bulkops.cli.click_ext import Verb
from tests.cli.conftest import Cli

COMMANDS = [*bulkops.commands]
"""Which they are is on the generated page docs/reference/cli.md."""


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_first_and_says_what_the_command_does(cli: Cli, name: Any) -> None:
    result = cli(name, "--help")
    assert result.code == 0
    assert result.err == ""
    first, second, *_ = result.out.splitlines()
    assert first in {"Example:", "Examples:"}
    assert second.startswith(f"  bulkops {name}")
    assert result.out.index("Usage: bulkops") > result.out.index(second)
    assert cli(name, "-h") == result


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_parses(name: Any) -> None:
    command = cast("Verb", bulkops.commands[name])
    for example in command.examples:
        words = shlex.split(example)
        assert words[0] == name
        command.make_context(name, words[1:], resilient_parsing=False)


def test_every_option_has_help() -> None:
    """Which options there are is on the generated page docs/reference/cli.md."""
    for name, command in bulkops.commands.items():
        assert {"-v", "--debug"} <= {text for param in command.params for text in param.opts}, name
        assert [param.name for param in command.params if not getattr(param, "help", None)] == [], name


@pytest.mark.parametrize(
    ("name", "default"),
    [("--concurrency", "200"), ("--max-rate", "50"), ("--breaker", "20"), ("--journal", "./.bulkops")],
)
def test_defaults_stand_in_the_help(cli: Cli, name: str, default: str) -> None:
    words = " ".join(cli("import-package", "--help").out.split())
    assert f"[default: {default}]" in words[words.index(f"{name} ") :]


def test_without_a_command_the_help_is_shown_as_a_usage_error(cli: Cli) -> None:
    result = cli()
    assert result.code == 2
    assert "Examples:" in result.err + result.out


def test_verbose_and_debug_may_stand_before_the_command(cli: Cli, tmp_path: Path) -> None:
    assert cli("-v", "--debug", "runs", "--journal", tmp_path).code == 0


def test_version(shell: Cli) -> None:
    result = shell("--version")
    assert result.code == 0
    assert result.out.startswith("bulkops")
    assert result.err == ""


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["import-package", "--help"], ["sandbox", "-h"], ["bench", "-h"]]
)
def test_help_loads_nothing_heavy(shell: Cli, arguments: Any) -> None:
    program = f"""
import sys
sys.argv = ["bulkops", *{arguments!r}]
from bulkops.__main__ import main
code = main()
heavy = {{"aiohttp", "rich", "sqlite3", "structlog", "msgspec", "asyncio", "bulkops.sandbox", "bulkops.client"}}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""
    result = shell(code=program)
    assert result.code == 0
    assert result.err.strip() == "[]"
    assert result.out


@pytest.mark.parametrize(
    ("arguments", "modules"),
    [
        (["--version"], set()),
        (["show", "--help"], {"reports"}),
        (["plan", "--help"], None),
        (["create-folder", "--help"], {"operations"}),
    ],
)
def test_a_command_line_imports_its_own_command_alone(shell: Cli, arguments: Any, modules: Any) -> None:
    program = f"""
import sys
sys.argv = ["bulkops", *{arguments!r}]
from bulkops.__main__ import main
code = main()
commands = "bulkops.cli.commands."
print(*sorted(name.removeprefix(commands) for name in sys.modules if name.startswith(commands)), file=sys.stderr)
sys.exit(code)
"""
    result = shell(code=program)
    assert result.code == 0
    loaded = set(result.err.split())
    assert loaded == modules if modules is not None else "watch" not in loaded


def test_windows_is_told_where_it_runs(shell: Cli) -> None:
    program = "import sys; sys.modules['fcntl'] = None; from bulkops.__main__ import main; sys.exit(main())"
    reason = "bulkops runs on Linux and macOS only; on Windows, run it in WSL"
    result = shell(code=program)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [f"error: {reason}"]
    library = shell(code="import sys; sys.modules['fcntl'] = None; from bulkops import Workato")
    assert library.err.splitlines()[-1] == f"ImportError: {reason}"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_it_says_how_to_install_it(shell: Cli, missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from bulkops.__main__ import main; sys.exit(main())"
    result = shell(code=program)
    assert result.code == 2
    assert result.out == ""
    assert result.err.splitlines() == ['error: the command line is an extra: pip install "bulkops[cli]"']


def test_help_never_wraps_an_example() -> None:
    formatter = click.HelpFormatter(width=40)
    context = click.Context(bulkops.commands["import-package"], info_name="import-package")
    bulkops.commands["import-package"].format_help(context, formatter)
    example = cast("Verb", bulkops.commands["import-package"]).examples[0]
    assert f"  bulkops {example}\n" in formatter.getvalue()
