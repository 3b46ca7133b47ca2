"""`Model`: the base of all responses."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A response of the API, or a part of one. `hidden`: members that its `repr` leaves out: long texts and secrets.

    A struct of msgspec: a class of attrs takes four times as long to decode, most of it for members that are absent.
    """

    hidden: ClassVar[tuple[str, ...]] = ()

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in self.hidden]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
