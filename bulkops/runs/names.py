"""`Names`: finds an account that is in an account file twice."""

from __future__ import annotations

from array import array
from typing import Any, Final

from bulkops.errors import PlanError
from bulkops.journal import Packed

_BUCKETS: Final = 256


class Names:
    """Every name of every account of a source. Of a name it keeps the hash, so that a million take few megabytes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._names: Packed[Any] = Packed(tuple)
        self._hashes = [array("q") for _ in range(_BUCKETS)]

    def add(self, account: str, external_id: str, where: str) -> None:
        """An account by its name, and by its other name if that is given. `where`: its place in the source."""
        names = list(dict.fromkeys((account, f"E{external_id}" if external_id else account)))
        self._names.append((names, where))
        for name in names:
            hashed = hash(folded(name))
            self._hashes[hashed % _BUCKETS].append(hashed)

    def refuse_doubles(self) -> None:
        """Raises: PlanError when an account is in the list twice, by whichever names."""
        if all(len(set(bucket)) == len(bucket) for bucket in self._hashes):
            return
        places: dict[str, tuple[str, str]] = {}
        for names, where in self._names:
            for name in names:
                spelt, place = places.setdefault(folded(name), (name, where))
                if place == where:
                    continue
                if spelt == name:
                    raise PlanError(
                        f"{self._source}, {where}: account {name} is already in {place}", remedy="remove one"
                    )
                raise PlanError(
                    f"{self._source}, {where}: {name} differs from {spelt} in {place} only by case",
                    remedy="remove one, or name one of them by its numeric id",
                )


def folded(name: str) -> str:
    """The form of a name that two names of one account share: case does not distinguish external ids."""
    return name if name.isdigit() else name.casefold()
