"""One API request as handlers see it, with lenient parameters, and how a handler refuses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl

import attrs
import msgspec

from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.customers import Customer

if TYPE_CHECKING:
    from bulkops.sandbox.state import State
    from bulkops.sandbox.workspace import Workspace

T = TypeVar("T")

MAX_PER_PAGE: Final = 100
_EVER: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_LAST_PAGE: Final = 10**9
"""Beyond it there is nothing, and nobody counts further."""

NUMBER: Final = re.compile(r"\s*[0-9]{1,18}\s*", re.ASCII)
_TRUE: Final = frozenset({"true", "1", "t", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "f", "no", "off", "", "null", "none"})


class RefusedError(Exception):
    """An error status with a JSON body: every one has `message`. `says_success`: and `success: false` beside it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        says_success: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body: dict[str, Any] = {"success": False} if says_success else {}
        self.body |= {"message": message} | ({"errors": dict(errors)} if errors else {})


@attrs.frozen
class Redirection:
    """What a handler answers instead of a payload: look there."""

    location: str


@attrs.frozen
class Counted:
    """Rows of one page, how many there are in all, and which page, of how many rows, it is. A handler answers so where
    it has not all the rows at hand."""

    rows: list[dict[str, Any]]
    total: int
    page: tuple[int, int]


NOT_FOUND: Final = "Not found"


def there(thing: T | None) -> T:
    """What was looked up. Raises: RefusedError 404 for None."""
    if thing is None:
        raise RefusedError(404, NOT_FOUND)
    return thing


def invalid(field: str, problem: str) -> RefusedError:
    """400 in the vendor's form for a bad member (vendor facts, section 5)."""
    return RefusedError(400, "Validation failed", errors={field: [problem]})


@attrs.define(kw_only=True)
class ApiRequest:
    """One request that passed quota and authentication, its body read to the end.

    `names`: path parameters, percent-decoded; `pairs`: the query as it came; `customer`: who `managed_user_id` means,
    None for partner calls; `origin`: scheme and host by which the sandbox was reached; `file_origin`: those of files;
    `given`: the members of the body, as `bulkops.sandbox.body.checked` returns them; `most_rows`: of a page, if fewer
    than usual.
    """

    state: State
    customer: Customer | None
    names: Mapping[str, str]
    query: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...] = ()
    origin: str = ""
    file_origin: str = ""
    given: Mapping[str, Any] = attrs.field(factory=dict)
    body: bytes = attrs.field(default=b"", repr=False)
    content_type: str = ""
    most_rows: int | None = None

    @property
    def account(self) -> Customer:
        """The customer of a customer call. Raises: RefusedError 404."""
        return there(self.customer)

    @property
    def workspace(self) -> Workspace:
        """The customer's workspace in a customer call, else the partner's own."""
        return self.state.partner.workspace if self.customer is None else self.customer.workspace

    @property
    def assumptions(self) -> Assumptions:
        """What the sandbox takes for granted where the vendor's documents are silent."""
        return self.state.settings.assumptions

    def note(self, kind: str, key: str) -> None:
        """Write one effect into the ledger, under the customer of a customer call."""
        self.state.ledger.note(None if self.customer is None else self.customer.id, kind, key)

    def change(self, thing: Any, members: Mapping[str, Any]) -> bool:
        """Give a thing these members; whether that changed it."""
        changed = any(getattr(thing, name) != value for name, value in members.items())
        if changed:
            for name, value in {**members, "updated_at": self.state.clock.stamp()}.items():
                setattr(thing, name, value)
        return changed

    def path_id(self, name: str) -> int:
        """A numeric path parameter; anything else cannot be found. Raises: RefusedError 404."""
        text = self.names[name]
        if not NUMBER.fullmatch(text):
            raise RefusedError(404, NOT_FOUND)
        return int(text)

    def found(self, things: Mapping[int, T], name: str) -> T:
        """That of `things` which the path parameter names. Raises: RefusedError 404."""
        return there(things.get(self.path_id(name)))

    def named(self, things: Mapping[int, T], member: str) -> T | None:
        """That of `things` whose id the body names; None when it names none. Raises: RefusedError 404."""
        id_ = self.given.get(member)
        return None if id_ is None else there(things.get(id_))

    def number(self, name: str) -> int | None:
        """A numeric query parameter, None when absent or empty. Raises: RefusedError 400."""
        text = self.query.get(name, "")
        if not text.strip():
            return None
        if not NUMBER.fullmatch(text):
            raise invalid(name, "is not a number")
        return int(text)

    def flag(self, name: str) -> bool | None:
        """A boolean query parameter in any spelling (`False`, `true`, `1`), None when absent.

        Raises: RefusedError 400.
        """
        text = self.query.get(name)
        return None if text is None else flag(text, name)

    def many(self, name: str) -> list[str]:
        """A list in the query: a value each time, or several between commas; with or without its brackets."""
        given = [value for key, value in self.pairs if key.removesuffix("[]") == name]
        return [part.strip() for value in given for part in value.split(",") if part.strip()]

    def page(
        self, number: str = "page", size: str = "per_page", *, usual: int = MAX_PER_PAGE, most: int = MAX_PER_PAGE
    ) -> tuple[int, int]:
        """Which page, of how many rows, clamped into what is documented (1 and up; mostly 100, and at most 100)."""
        page, per_page = (self._lenient(name) for name in (number, size))
        most = min(most, self.most_rows or most)
        if per_page > most and self.assumptions.large_page != "cut":
            if self.assumptions.large_page == "refused":
                raise invalid(size, f"is more than {most}")
            most = per_page
        return min(max(1, page), _LAST_PAGE), min(most, per_page or usual)

    def instant(self, name: str) -> datetime | None:
        """A time in the query, None when absent or empty. Raises: RefusedError 400."""
        text = self.query.get(name, "").strip()
        return instant(text, name) if text else None

    def period(self) -> Callable[[str], bool]:
        """Whether a stamp is in the time that `from` and `to` of the query name. Raises: RefusedError 400."""
        begins, ends = self.instant("from") or _EVER[0], self.instant("to") or _EVER[1]
        return lambda stamp: begins <= datetime.fromisoformat(stamp) <= ends

    def said(self) -> dict[str, Any]:
        """What a read names: in its query, or in the JSON body of a GET, as in older pages (vendor facts, section 14).
        A body that cannot be read says nothing."""
        try:
            return {**self.members(), **self.query}
        except RefusedError:
            return dict(self.query)

    def words(self, name: str) -> list[str]:
        """A list that a read names, between commas or as a list of JSON; empty when it names none."""
        given = self.said().get(name)
        parts = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
        return [part.strip() for part in parts if isinstance(part, str) and part.strip()]

    def _lenient(self, name: str) -> int:
        text = self.query.get(name, "")
        return int(text) if NUMBER.fullmatch(text) else 0

    def members(self) -> dict[str, Any]:
        """The body as an object, whatever content type it came with (curl and urllib call everything a form); an empty
        body is an empty object.

        Raises: RefusedError 400.
        """
        if not self.body.strip():
            return {}
        if "x-www-form-urlencoded" in self.content_type and not self.body.lstrip().startswith(b"{"):
            return dict(self._form())
        try:
            data = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RefusedError(400, "Bad request: the body is not valid JSON") from error
        if not isinstance(data, dict):
            raise RefusedError(400, "Bad request: the body is not a JSON object")
        return data

    def _form(self) -> list[tuple[str, str]]:
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=1000)
        except ValueError as error:
            raise RefusedError(400, "Bad request: the form cannot be read") from error


def flag(text: str, name: str) -> bool:
    """A boolean in any spelling. Raises: RefusedError 400."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise invalid(name, "is not a boolean")
    return word in _TRUE


def refuse_blank(given: Mapping[str, Any], *names: str) -> None:
    """Raises: RefusedError 400 for a member that is missing or blank."""
    for name in names:
        if given.get(name) is None:
            raise invalid(name, "can't be blank")


def instant(text: str, name: str) -> datetime:
    """An ISO 8601 time, in UTC unless it says otherwise. Raises: RefusedError 400."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(name, "is not an ISO 8601 time") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def taken(request: ApiRequest, field: str) -> RefusedError:
    """Another one has it (vendor facts, section 17.5)."""
    status = request.assumptions.duplicate_external_id
    return RefusedError(status, "Validation failed", errors={field: ["has already been taken"]})
