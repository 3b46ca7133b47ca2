"""`TaskOutcome`: the result of one item."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item")
Value = TypeVar("Value")


class TaskOutcome(msgspec.Struct, Generic[Item, Value]):
    """The result of one item: either `value`, with `error` None, or `error`.

    `index`: the item's place in `items`, from 0; `elapsed_s`: seconds from when a worker took it to its end.
    """

    index: int
    item: Item
    value: Value | None
    error: BaseException | None
    elapsed_s: float

    @property
    def ok(self) -> bool:
        return self.error is None

    def unwrap(self) -> Value:
        """The value. Raises: the item's own error."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # without an error the value is the callable's
