"""The command `bulkops`, also as `python -m bulkops`."""

from __future__ import annotations

import sys

from bulkops import __version__, _unsupported


def main() -> int:
    """Run the command line on `sys.argv`; the exit code (cli/exit_codes.py lists them)."""
    if sys.argv[1:] == ["--version"]:  # click alone takes three times as long to load
        sys.stdout.write(f"bulkops, version {__version__}\n")
        return 0
    if reason := _unsupported():
        sys.stderr.write(f"error: {reason}\n")
        return 2
    from importlib.util import find_spec  # noqa: PLC0415 - as click

    if not all(map(find_spec, ("click", "rich"))):
        sys.stderr.write('error: the command line is an extra: pip install "bulkops[cli]"\n')
        return 2
    from bulkops.cli.app import main as run_command_line  # noqa: PLC0415 - click may not be there

    return run_command_line()


if __name__ == "__main__":
    sys.exit(main())
