"""Properties of an environment or a project."""

from __future__ import annotations

from bulkops.models.model import Model


class Property(Model, frozen=True, kw_only=True):
    """As the list of 2020 has it; newer answers are one object, name to value."""

    name: str
    value: str = ""
