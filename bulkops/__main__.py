"""The command `bulkops`, also as `python -m bulkops`."""

from __future__ import annotations

import importlib.util
import sys

from bulkops import _unsupported


def main() -> int:
    """Run the command line on `sys.argv`; the exit code (cli/exit_codes.py lists them)."""
    if reason := _unsupported():
        sys.stderr.write(f"error: {reason}\n")
        return 2
    if not all(map(importlib.util.find_spec, ("click", "rich"))):
        sys.stderr.write('error: the command line is an extra: pip install "bulkops[cli]"\n')
        return 2
    from bulkops.cli.app import main as run_command_line  # noqa: PLC0415 - click may not be there

    return run_command_line()


if __name__ == "__main__":
    sys.exit(main())
