"""The command line: parse, call the library, render, choose the exit code. No business rules.

app.py            the commands and `main`            commands/         one module per command or group of commands
click_ext.py      base class of all commands         options/          options, their types and values
selection.py      which accounts a command takes     confirm.py        the question before a run

start_run.py      a new run                          resume_run.py     resume, retry and undo of a run
run_frame.py      what surrounds every run           run_on_workers.py a run that workers take, followed
plan.py           a plan: computed and printed       signals.py        Ctrl-C, SIGTERM and SIGHUP
demo_workers.py   the demo with several workers      bench/            `bulkops bench`
doctor/           the checks of `bulkops doctor`     watch.py          following another process's run
call_help.py      listing and explaining API calls   listing.py        reading a journal, tables
event_loop.py     asyncio's loop, or uvloop

progress.py       progress on stderr                 progress_counts.py  accounts by outcome, while it runs
live/             progress on a terminal             eta.py            remaining time of a run
cpu_budget.py     limits the CPU time of a display   outage.py         warning when nothing answers
log_events.py     progress as log lines              notify.py         webhook, command and summary at the end
error_messages.py messages of errors that end a command  terminal.py       safe output, stdout and stderr
output_file.py    the file that a report goes to     stdin.py          stdin, read beside the event loop

Everything heavy (aiohttp, SQLite, the sandbox, rich) is imported inside the commands: `--help` answers at once.
"""
