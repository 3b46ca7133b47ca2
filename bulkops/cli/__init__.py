"""The command line: parse, call the library, render, choose the exit code. No business rules.

app.py            the commands and `main`            commands/         one module per group of commands
click_ext.py      base class of all commands         click_types.py    parameter types: text to values
declared.py       options made of declared fields    declared.json     generated: what the classes declare
options.py        options that commands share        flags.py          the values of those options
selection.py      which accounts a command takes     confirm.py        the question before a run

start_run.py      a new run                          resume_run.py     resume, retry and undo of a run
run_frame.py      what surrounds every run           signals.py        the first and the second Ctrl-C
plan.py           a plan: computed and printed       call.py           one API call
init.py           the files that `init` writes       demo.py           the demo on the embedded sandbox
export.py         an export without accounts         bench/            `bulkops bench`
doctor/           the checks of `bulkops doctor`     watch.py          following another process's run
config_sources.py the source of each setting         call_help.py      listing and explaining API calls

progress.py       progress on stderr                 progress_counts.py  accounts by outcome, while it runs
live/             progress on a terminal             eta.py            remaining time of a run
cpu_budget.py     limits the CPU time of a display   outage.py         warning when nothing answers
log_events.py     progress as log lines              notify.py         webhook and command at the end
github_summary.py summary on GitHub Actions          exit_codes.py     errors to exit codes
terminal.py       safe output, stdout and stderr     output_file.py    the file that a report goes to
durations.py      seconds as text                    journal_location.py  value of --journal

Everything heavy (aiohttp, SQLite, the sandbox, rich) is imported inside the commands: `--help` answers at once.
"""
