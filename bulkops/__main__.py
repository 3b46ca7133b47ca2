"""The command `bulkops`, also as `python -m bulkops`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Final

from bulkops import __version__, _unsupported

_ENDS_S: Final = 1.0
"""Seconds for a thread to end."""


def main() -> int:
    """Run the command line on `sys.argv`; the exit code (exit_codes.py lists them)."""
    _open_standard_streams()
    if sys.argv[1:] == ["--version"]:  # click alone takes three times as long to load
        with suppress(OSError):  # the command line says what is wrong
            sys.stdout.write(f"bulkops, version {__version__}\n")
            sys.stdout.flush()
            return 0
    if reason := _unsupported():
        sys.stderr.write(f"error: {reason}\n")
        return 2
    _end_as_interrupt()
    try:
        return _run_command_line()
    except KeyboardInterrupt:  # while modules are imported
        sys.stderr.write("error: interrupted\n")
        return 128 + signal.SIGINT


def _run_command_line() -> int:
    from importlib.util import find_spec  # noqa: PLC0415 - as click

    if not all(map(find_spec, ("click", "rich"))):
        sys.stderr.write('error: the command line is an extra: pip install "bulkops[cli]"\n')
        return 2
    from bulkops.cli.app import main as run  # noqa: PLC0415 - click may not be there
    from bulkops.exit_codes import EXIT_INTERRUPTED  # noqa: PLC0415 - as click

    code = run()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # one more Ctrl-C ends the process without a traceback
    if code == EXIT_INTERRUPTED:
        _end_threads(code)
    return code


def _end_as_interrupt() -> None:
    """From now on SIGTERM and SIGHUP do what Ctrl-C does. Ignored ones stay ignored, as nohup asks."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, _: FrameType | None) -> None:
    if number == signal.SIGHUP:  # a lost terminal sends two; the second one must not cut the end short
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts a background job
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _end_threads(code: int) -> None:
    """End the process if threads are left, as after an interrupt while the loop closed: Python would wait for them."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(_ENDS_S)
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)


def _open_standard_streams() -> None:
    """Open those that the caller closed (`>&-`) on nothing; else a journal or socket would get their descriptors."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - until the process ends


if __name__ == "__main__":
    sys.exit(main())
