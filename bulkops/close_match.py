"""The nearest of the known names, for a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """ "did you mean 'x'?" with the nearest of the known names, whatever its case; empty where none is near.

    `cutoff`: likeness from 0 to 1 that counts as near.
    """
    by_letters = {each.casefold(): each for each in known if each != name}
    near = difflib.get_close_matches(name.casefold(), by_letters, n=1, cutoff=cutoff)
    return f"did you mean {by_letters[near[0]]!r}?" if near else ""
