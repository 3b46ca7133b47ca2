"""The command line: parse, call the library, render, choose the exit code. No business rules.

app.py        the commands and `main`             commands/        one module per group of commands
verbs.py      what every command has              values.py        texts of flags to values
options.py    flags that several commands share   flags.py         what those say, as values

carry_out.py  the way of a new run                take_up.py       the way of a run that exists
foresee.py    the way of a plan                   one_call.py      the way of one call
rehearsal.py  the way of the demo                 partner_export.py  the way of an export without accounts
bench/        the way of a throughput run         diagnosis.py     what the doctor looks at
starter.py    what `init` writes                  provenance.py    where each setting comes from
catalogue.py  the API's calls, for people

selecting.py  which accounts are meant            question.py      the question before a run
around.py     what is around every run            signals.py       Ctrl-C once and twice
story.py      what stderr tells meanwhile         voices.py        how: not at all, in plain lines
live/         how on a terminal                   thrift.py        what telling it may cost
tally.py      where the accounts stand            outlook.py       when the run will end
outage.py     that nothing answers                event_log.py     the same story as log lines
afterwards.py who is told of the end              step_summary.py  the same on a page of GitHub Actions
failures.py   exceptions to exit codes            terminal.py      what may be printed, and where
durations.py  seconds as people say them          report_file.py  a report in a file
journals.py   where runs are written down

Everything heavy (aiohttp, SQLite, the sandbox, rich) is imported inside the commands: `--help` answers at once.
"""
