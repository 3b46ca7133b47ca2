"""Nouns that the sandbox only keeps: what is created can be listed, read, changed and deleted, and nothing follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs
import msgspec

from bulkops.sandbox.exchange import MAX_PER_PAGE, NOT_FOUND, Asked, Counted, RefusedError, invalid
from bulkops.sandbox.workspace import Workspace

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]


@attrs.frozen(kw_only=True)
class Kept:
    """Handlers for one such noun, of a customer's workspace or of the partner's own, whoever the call names.

    `noun`: names the shelf and the effects ("tag.created"); `id_name`: the path parameter; `members`: what a body may
    set, with what it is when not given; `required`: those that must not be empty; `key`: the member that tells one from
    another in the ledger; `wrapper`: the member that the body is in, "" for none; `facts`: other members of a new row.
    `id_member`: what the id is called in a row, `new_id`: makes one where it is no number; `inside`: the noun that
    holds it, whose id is in the path and in each row; `shape`: what is stored of the given members, beside the row that
    is there already, None for a new one (Raises: RefusedError); `texts`: members that are text or null; `most`: rows
    that a shelf holds, `per_page`: of a page usually, `most_per_page`: at most, `paging`: how the query asks for one;
    `first`: rows that every workspace has from the start.
    """

    noun: str
    id_name: str
    members: Mapping[str, Any]
    required: tuple[str, ...] = ("name",)
    key: str = "name"
    wrapper: str = ""
    facts: Mapping[str, Any] = attrs.field(factory=dict)
    id_member: str = "id"
    new_id: Callable[[], str] | None = None
    inside: Kept | None = None
    shape: Callable[[Asked, Row, Row | None], Row] = lambda _, given, __: given
    texts: tuple[str, ...] = ("name",)
    most: int | None = None
    per_page: int = MAX_PER_PAGE
    most_per_page: int = MAX_PER_PAGE
    paging: tuple[str, str] = ("page", "per_page")
    first: tuple[Mapping[str, Any], ...] = ()

    def rows(self, workspace: Workspace) -> dict[str, Row]:
        """All of a workspace by id as text, of a noun that nothing holds."""
        return workspace.shelf(self.noun, self.first)

    def shelf(self, asked: Asked) -> dict[str, Row]:
        """The rows by id as text; of the holder that the path names, where there is one. Raises: RefusedError 404."""
        if self.inside is None:
            return self.rows(asked.workspace)
        holder = self.inside.get(asked)
        return asked.workspace.shelf(f"{self.noun} of {holder[self.inside.id_member]}")

    def list(self, asked: Asked) -> Rows:
        """In the order of creation, a page at a time."""
        return self.counted(asked).rows

    def counted(self, asked: Asked) -> Counted:
        """The same, and how many there are in all."""
        rows = list(self.shelf(asked).values())
        return self.page_of(asked, rows)

    def page_of(self, asked: Asked, rows: Rows) -> Counted:
        number, size = self.paging
        return asked.counted(rows, number=number, size=size, usual=self.per_page, most=self.most_per_page)

    def get(self, asked: Asked) -> Row:
        row = self.shelf(asked).get(asked.names[self.id_name])
        if row is None:
            raise RefusedError(404, NOT_FOUND)
        return row

    def create(self, asked: Asked) -> Row:
        given, shelf = self._given(asked), self.shelf(asked)
        for name in self.required:
            if not given.get(name):
                raise invalid(name, "can't be blank")
        if self.most is not None and len(shelf) >= self.most:
            raise RefusedError(400, f"There are {self.most} of them: a workspace has no more")
        return self.add(asked, self.shape(asked, {**self.members, **given}, None))

    def add(self, asked: Asked, members: Mapping[str, Any]) -> Row:
        """A new row of members that somebody has checked."""
        now = asked.world.clock.stamp()
        made = {self.id_member: self.new_id() if self.new_id else asked.workspace.new_id(self.noun)}
        if self.inside is not None:
            made[self.inside.id_name] = self.inside.get(asked)[self.inside.id_member]
        made |= {**self.facts, **members, "created_at": now, "updated_at": now}
        self.shelf(asked)[str(made[self.id_member])] = made
        self._note(asked, made, "created")
        return made

    def update(self, asked: Asked) -> Row:
        """Only what the body names changes; what is so already is no effect."""
        row, given = self.get(asked), self._given(asked)
        for name in self.required:
            if name in given and not given[name]:
                raise invalid(name, "can't be blank")
        given = self.shape(asked, given, row)
        if any(row[name] != value for name, value in given.items()):
            row |= given
            row["updated_at"] = asked.world.clock.stamp()
            self._note(asked, row, "updated")
        return row

    def delete(self, asked: Asked) -> Row:
        row = self.get(asked)
        del self.shelf(asked)[asked.names[self.id_name]]
        self._note(asked, row, "deleted")
        return {"success": True}

    def _given(self, asked: Asked) -> Row:
        body = asked.members()
        if self.wrapper:
            body = body.get(self.wrapper, body)
            if not isinstance(body, dict):
                raise invalid(self.wrapper, "is not an object")
        given = {name: body[name] for name in self.members if name in body}
        for name in self.texts:
            if not isinstance(given.get(name), str | None):
                raise invalid(name, "is not text")
        try:
            msgspec.json.encode(given)  # what could not be shown again is not kept: huge numbers, endless depth
        except (OverflowError, RecursionError) as error:
            raise invalid(next(iter(given)), "cannot be stored") from error
        return given

    def _note(self, asked: Asked, row: Mapping[str, Any], what: str) -> None:
        """Under its key, behind that of what holds it: equal rows of two tables are two effects."""
        holder = None if self.inside is None else self.inside.get(asked)
        within = "" if self.inside is None or holder is None else f"{holder[self.inside.key]}/"
        asked.note(f"{self.noun}.{what}", f"{within}{row[self.key]}")
