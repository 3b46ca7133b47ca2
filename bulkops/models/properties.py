"""Properties of an environment or a project."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Property:
    """As the list of 2020 has it; newer answers are one object, name to value."""

    name: str
    value: str = ""
