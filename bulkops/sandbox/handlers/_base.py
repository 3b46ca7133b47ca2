"""The form of a handler, and the table that all handlers enter themselves into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from bulkops.sandbox.request import ApiRequest

Handler: TypeAlias = Callable[[ApiRequest], Any]
"""Returns the payload as JSON data, without the call's envelope: of a list all rows; None: it was done. Raises:
RefusedError."""

F = TypeVar("F", bound=Handler)

_TWIN: Final = "[managed_users.]"


@attrs.frozen
class Answer:
    """How a call is answered. `row`: the type of its payload, in the notation of `bulkops.sandbox.openapi`."""

    handler: Handler
    row: str


ANSWERS: Final[dict[str, Answer]] = {}
"""By catalogue id."""


def answers(*calls: str, row: str = "Success") -> Callable[[F], F]:
    """Enter a handler for catalogue ids.

    `[managed_users.]folders.list` stands for two: the partner's call and the same call inside a customer.
    """

    def enter(handler: F) -> F:
        for call in calls:
            ids = (call.replace(_TWIN, ""), call.replace(_TWIN, "managed_users.")) if _TWIN in call else (call,)
            ANSWERS.update(dict.fromkeys(ids, Answer(handler, row)))
        return handler

    return enter
