"""`bulkops init` writes a job file, `bulkops completion` a script for shell completion."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.click_types import FileName
from bulkops.cli.terminal import put, say

SHELLS = {
    "bash": 'eval "$(bulkops completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(bulkops completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "bulkops completion fish > ~/.config/fish/completions/bulkops.fish",
}


@click.command("init", cls=Verb, examples=["init", "init crm.zip --folder CRM"])
@click.argument(
    "package",
    metavar="[PKG.zip]",
    required=False,
    type=FileName(),
    help="Your package; without it, a small example is written too.",
)
@option("--folder", default="CRM", metavar="NAME", help="Folder to import into.")
@option("--directory", default=".", metavar="DIR", help="Output directory, created if missing.")
def init(package: str | None, folder: str, directory: str) -> int:
    """Write a commented job file.

    rollout.toml imports a package, authorizes its connections (connections.toml) and starts its recipes. Files that
    exist are never overwritten.
    """
    from bulkops.cli.init import Starter

    starter = Starter(directory=Path(directory), package=Path(package) if package else None, folder=folder)
    made = starter.write()
    for path in made:
        put(f"{path}\n")
    say(f"next: bulkops doctor {shlex.quote(str(made[0]))}")
    return 0


@click.command("completion", cls=Verb, examples=["completion bash", "completion zsh", "completion fish"])
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(SHELLS)), help="Your shell.")
def completion(shell: str) -> int:
    """Print a script for shell completion.

    Your shell reads the script. On a terminal, the way to install it is printed too.
    """
    import sys

    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    makers = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    maker = makers[shell](click.get_current_context().find_root().command, {}, "bulkops", "_BULKOPS_COMPLETE")
    put(maker.source_template % maker.source_vars() + "\n")
    if sys.stdout.isatty():
        say(f"to install: {SHELLS[shell]}")
    return 0
