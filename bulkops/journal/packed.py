"""`Packed`: a long sequence of small values in few bytes.

A million accounts with their ids take 22 megabytes, and with outcomes and times 60. As objects they take hundreds, and
the garbage collector looks through them again and again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")
U = TypeVar("U")


class Packed(Sequence[T]):
    """Values as bytes; each is made anew when it is asked for. Slices share the bytes.

    `unpack`: makes a value of the plain data that was added for it, whose tuples have become lists.
    """

    def __init__(self, unpack: Callable[[Any], T], values: Iterable[object] = ()) -> None:
        """`values`: what `unpack` takes, without `Mapping`s other than dicts."""
        self._unpack = unpack
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        self._places: range | None = None
        for value in values:
            self.append(value)

    def append(self, value: object) -> None:
        """Add plain data at the end; not to a slice."""
        self._bytes += msgspec.msgpack.encode(value)
        self._ends.append(len(self._bytes))

    def viewed(self, unpack: Callable[[Any], U]) -> Packed[U]:
        """The same data, made into other values."""
        return self._over(self._range, unpack)

    def __len__(self) -> int:
        return len(self._range)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Packed[T]: ...

    def __getitem__(self, place: int | slice) -> T | Packed[T]:
        if isinstance(place, slice):
            return self._over(self._range[place], self._unpack)
        return self._at(self._range[place])

    def __iter__(self) -> Iterator[T]:
        return map(self._at, self._range)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as of a list

    @property
    def _range(self) -> range:
        return range(len(self._ends) - 1) if self._places is None else self._places

    def _at(self, place: int) -> T:
        return self._unpack(msgspec.msgpack.decode(self._bytes[self._ends[place] : self._ends[place + 1]]))

    def _over(self, places: range, unpack: Callable[[Any], U]) -> Packed[U]:
        made = Packed(unpack)
        made._bytes, made._ends, made._places = self._bytes, self._ends, places
        return made
