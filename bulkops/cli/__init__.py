"""The command line: parse, call the library, render, choose the exit code. No business rules.

app.py       the commands and `main`          options.py   flags that several commands share, as values
verbs.py     what every command has           values.py    texts of flags to values
carry_out.py the way of a new run             take_up.py   the way of a run that exists
question.py  the question before a run        signals.py   Ctrl-C once and twice
story.py     what stderr tells meanwhile      live.py      the same on a terminal
failures.py  exceptions to exit codes         terminal.py  what may be printed, and where
one_call.py  the way of one call              catalogue.py the API's calls, for people
commands/    one module per group of commands

Everything heavy (aiohttp, SQLite, the sandbox, rich) is imported inside the commands: `--help` answers at once.
"""
