"""The reads of a survey: which calls, with which parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from bulkops.catalogue import ACCOUNT, CALLS, Call
from bulkops.resources import PER_PAGE, first_page

MOST_REQUESTS: Final = 40
"""Requests that one survey sends at most, repeats included."""

ME: Final = "users.me"
CUSTOMERS: Final = "managed_users.list"
CUSTOMER: Final = "managed_users.get"
RECIPE: Final = "managed_users.recipes.get"
PROPERTIES: Final = "managed_users.properties.list"
FOLDERS: Final = "managed_users.folders.list"
PROJECTS: Final = "managed_users.projects.list"

FULL_PAGE: Final = 10
"""Rows from which on a first page may be all that the vendor sends at a time."""

BY_EXTERNAL_ID: Final = "a customer by E and the partner's own id"
NOBODY: Final = "a customer id that does not exist"
NEWER_NOBODY: Final = "a newer call for a customer id that does not exist"
LARGE_PAGE: Final = "a page of 1,000 rows"

_NEWER: Final = "managed_users.user_groups.list"
_NOBODY_ID: Final = 999_999_999_999

_LISTS: Final = (
    FOLDERS,
    PROJECTS,
    "managed_users.connections.list",
    "managed_users.recipes.list",
    "managed_users.members.list",
    "managed_users.api_collections.list",
    "managed_users.api_endpoints.list",
    "managed_users.api_clients_v2.list",
    "managed_users.api_clients.list",
    "managed_users.api_access_profiles.list",
    "managed_users.api_portals.list",
    "managed_users.roles.list",
    "managed_users.environment_roles.list",
    "managed_users.tags.list",
    "managed_users.lookup_tables.list",
    "customer_managers.list",
    "members.list",
    "roles.list",
    "folders.list",
    "projects.list",
    "connections.list",
    "recipes.list",
    "custom_connectors.list",
    "api_collections.list",
)
"""Lists that operations read, the most used first; those of one customer before those of the partner."""


@attrs.frozen(kw_only=True)
class Question:
    """One read. `name`: the call's id, or what the read is about where a call is sent more than once."""

    name: str
    call: Call
    path: Mapping[str, str | int] = attrs.field(factory=dict, repr=False)
    query: Mapping[str, str | int] = attrs.field(factory=dict)

    @property
    def is_list(self) -> bool:
        return self.call.envelope not in {"object", "result", "data", "verdict", "none", "bytes"}


def first_questions() -> tuple[Question, ...]:
    """Whose token it is, and the partner's customers."""
    return Question(name=ME, call=CALLS[ME]), _list(CUSTOMERS)


def about_customer(account: str, external_id: str | None) -> Iterator[Question]:
    """The customer by both of its ids, and one that does not exist."""
    call = CALLS[CUSTOMER]
    yield Question(name=CUSTOMER, call=call, path={ACCOUNT: account})
    if external_id is not None:
        yield Question(name=BY_EXTERNAL_ID, call=call, path={ACCOUNT: f"E{external_id}"})
    yield Question(name=NOBODY, call=call, path={ACCOUNT: _NOBODY_ID})
    yield Question(name=NEWER_NOBODY, call=CALLS[_NEWER], path={ACCOUNT: _NOBODY_ID})
    yield Question(name=LARGE_PAGE, call=CALLS[CUSTOMERS], query={"page": 1, "per_page": 1000})


def lists(account: str | None) -> Iterator[Question]:
    """One page of each list; of those of a customer only when there is one."""
    for call_id in _LISTS:
        if not CALLS[call_id].names_account:
            yield _list(call_id)
        elif account is not None:
            yield _list(call_id, account)
    if account is not None:
        # The prefix fits no property, so no name or value of one is returned.
        query = {"prefix": "bulkops-survey-"}
        yield Question(name=PROPERTIES, call=CALLS[PROPERTIES], path={ACCOUNT: account}, query=query)


def recipe(account: str, recipe_id: int) -> Question:
    """One recipe of the customer."""
    return Question(name=RECIPE, call=CALLS[RECIPE], path={ACCOUNT: account, "recipe_id": recipe_id})


def next_page(question: Question) -> Question:
    """The second page of a list."""
    return attrs.evolve(question, name=f"page 2 of {question.name}", query={**question.query, "page": 2})


def is_cut_short(question: Question, rows: int) -> bool:
    """Whether a list that is read by page numbers may have more rows than its first page shows."""
    return question.name == question.call.id and question.call.pages == "page" and FULL_PAGE <= rows < PER_PAGE


def _list(call_id: str, account: str | None = None) -> Question:
    call = CALLS[call_id]
    return Question(name=call_id, call=call, path={} if account is None else {ACCOUNT: account}, query=first_page(call))
