"""`Call`: one row of the catalogue as a value, and its `Parameter`s."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, Literal

import attrs

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")

ACCOUNT: Final = "managed_user_id"
"""The path parameter that every caller gives as `account`."""

ANY_MEMBER: Final = "<any>"
"""The parameter of a body that no page shows: it takes members of any name."""

Place = Literal["path", "query", "body"]

Confidence = Literal["documented", "client", "inferred"]

_PLACES: Final[dict[str, Place]] = {"/": "path", "?": "query", ">": "body"}


class RetryClass(StrEnum):
    """Whether a call may be sent again after an unknown outcome (contract C4)."""

    IDEMPOTENT = "idempotent"
    """Reads: repeat freely."""
    SAFE_TO_RETRY = "safe_to_retry"
    """Repeating reaches the same end state."""
    RECONCILE_FIRST = "reconcile_first"
    """Look up whether the first try happened before sending again."""


@attrs.frozen
class Parameter:
    """What a call takes. `type`: str, int, bool, object, bytes, or str[], int[], object[].

    A name in brackets is a member of a member: `recipe[name]` is `{"recipe": {"name": ...}}` in a body, and stays as
    it is in a query. `by[<column>]` takes any word for the one in angle brackets, and `<any>` any name: no page of the
    vendor shows that body. `includes[]` may come more than once.
    """

    name: str
    place: Place
    type: str
    required: bool


@attrs.frozen(kw_only=True)
class Call:
    """One row of the catalogue.

    `group`: the vendor's own chapter. `quota`: a name in `QUOTAS`; "assumed..." where the vendor states no figure.
    `envelope`: how the answer wraps its payload:
        object, array      nothing around it
        result, data       `{"result": ...}`, `{"data": ...}` around an object
        list, data_list    the same around an array, maybe with counts beside it
        items, result_items, assets, tags    an array in `items`, `result.items`, `result.assets`, `data.tags`
        verdict            an object whose `success: false` is an answer, not an error
        none, bytes        no body, a file
    `pages`: how a list goes on: none, page (page + per_page, from 1), page0 (the same from 0), since_id,
    offset_job_id, page[number], page[after].
    `speaks_of`: whether a 429 speaks of the quota or of this one call (poll_now).
    `prefix`: the beginning of `path`: "/api" or "/api/v2". `confidence`: what names the call: a page of the vendor,
    a client's code, or only analogy. `assumes_envelope`: no page shows how the answer is wrapped.
    `about`: the rest of the row, as text, read when asked for.
    """

    id: str
    method: str
    path: str
    scope: Literal["customer", "partner"]
    quota: str
    retry: RetryClass
    envelope: str
    pages: str
    body: Literal["json", "octets", "none"]
    confidence: Confidence = "documented"
    assumes_envelope: bool = False
    prefix: str = "/api"
    speaks_of: Literal["quota", "call"] = "quota"
    group: str = ""
    about: tuple[str, ...] = attrs.field(default=(), repr=False)

    @property
    def is_read(self) -> bool:
        return self.retry is RetryClass.IDEMPOTENT

    @property
    def family(self) -> tuple[str, str]:
        """Calls that an API client's role gives or lacks together."""
        return self.scope, self.group

    @property
    def names_account(self) -> bool:
        """Whether the address names a customer. True too of calls by which the partner acts on one."""
        return f"{{{ACCOUNT}}}" in self.path

    @property
    def summary(self) -> str:
        return self._line("=")

    @property
    def is_deprecated(self) -> bool:
        return bool(self.replacement)

    @property
    def replacement(self) -> str:
        """What the vendor wants in its place, "" unless deprecated."""
        return self._line("!")

    @property
    def look(self) -> str:
        """How to tell whether a lost one happened, "" unless it must not be repeated blindly."""
        return self._line("~")

    @property
    def drift(self) -> str:
        """What other versions of the vendor's pages say, ""."""
        return self._line("%")

    @property
    def note(self) -> str:
        """What else the vendor's pages say, ""."""
        return self._line("+")

    @property
    def other_path(self) -> str:
        """The path under the other prefix that some of the vendor's pages have, "" where all agree."""
        prefix = self._line("@")
        return prefix and prefix + self.path.removeprefix(self.prefix)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All but the account, those of the path first."""
        words = {place: self._line(mark).split() for mark, place in _PLACES.items()}
        typed = {each.name: each for each in (_parameter(word, "path") for word in words["path"])}
        # ids are whole numbers unless the row says otherwise
        names = (name for name in _PLACEHOLDER.findall(self.path) if name != ACCOUNT)
        in_path = [Parameter(name, "path", typed[name].type if name in typed else "int", True) for name in names]
        rest = [_parameter(word, place) for place in ("query", "body") for word in words[place]]
        return (*in_path, *rest)

    def _line(self, mark: str) -> str:
        return next((line[2:] for line in self.about if line[0] == mark), "")


def _parameter(word: str, place: Place) -> Parameter:
    name, _, type_ = word.partition(":")
    return Parameter(name.removesuffix("*"), place, type_ or "str", name.endswith("*"))
