"""The command line: parse, call the library, render, choose the exit code. No business rules.

app.py            the commands and `main`           commands/           one module per command or group of commands
click_ext.py      base class of all commands        options/            options, their types and values
selection.py      which accounts a command takes    confirm.py          the question before a run

start_run.py      a new run                         resume_run.py       resume, retry and undo of a run
run_frame.py      what surrounds every run          run_on_workers.py   a run that workers take, followed
print_plan.py     a plan: computed and printed      signals.py          the first and the second Ctrl-C
demo_rollout.py   the rollout of `bulkops demo`     demo_workers.py     the same with several workers
watch_run.py      following another process's run   journal_progress.py progress as a journal shows it
doctor/           the checks of `bulkops doctor`    bench/              `bulkops bench`
call_help.py      listing and explaining API calls  listing.py          reading a journal, tables
event_loop.py     asyncio's loop, or uvloop         stdin.py            stdin, read beside the event loop

progress.py       progress on stderr                progress_counts.py  accounts by outcome, while it runs
live/             progress on a terminal            eta.py              remaining time of a run
cpu_budget.py     limits the CPU time of a display  outage.py           warning when nothing answers
log_events.py     progress as log lines             notify.py           webhook, command and summary at the end
error_messages.py of errors that end a command      terminal.py         safe output, stdout and stderr
output_file.py    the file that a report goes to

Everything heavy (aiohttp, SQLite, the sandbox, rich) is imported inside the commands: `--help` answers at once.
"""
