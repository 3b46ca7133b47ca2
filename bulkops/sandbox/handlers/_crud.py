"""Nouns that the sandbox only stores: create, list, get, update, delete, and links between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there
from bulkops.sandbox.workspace import Workspace

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]


@attrs.frozen(kw_only=True)
class Crud:
    """Handlers for one such noun, of a customer's workspace or of the partner's own, as the call names it.

    `noun`: names the shelf and the effects ("tag.created"), `kept_as`: the shelf, where that has another name;
    `id_name`: the path parameter; `members`: what a body may set, with what it is when not given; `required`: those
    that must not be empty; `key`: the member that tells one from another in the ledger; `unique`: the member in which
    all differ, and the status that refuses an equal one; `facts`: other members of a new row. `id_member`: the name of
    the id in a row, `new_id`: makes ids that are not numbers; `inside`: the noun that holds it, whose id is in the path
    and in each row; `shape`: what is stored of the given members, beside the row that is there already, None for a new
    one (Raises: RefusedError); `most`: rows that a shelf holds; `first`: rows that every workspace has from the start,
    `fixed`: why these cannot be changed; `kept`: why a row cannot be deleted now, None: it can; `equal`: query
    parameters that pick rows by the member of that name, `within`: those that pick by a part of the key; `shown`: a row
    as answers show it.
    """

    noun: str
    kept_as: str = ""
    id_name: str
    members: Mapping[str, Any]
    required: tuple[str, ...] = ("name",)
    key: str = "name"
    unique: tuple[str, int] | None = None
    facts: Mapping[str, Any] = attrs.field(factory=dict)
    id_member: str = "id"
    new_id: Callable[[], str] | None = None
    inside: Crud | None = None
    shape: Callable[[ApiRequest, Row, Row | None], Row] = lambda _, given, __: given
    most: int | None = None
    first: tuple[Mapping[str, Any], ...] = ()
    fixed: str = ""
    kept: Callable[[ApiRequest, Row], str | None] = lambda _, __: None
    equal: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    shown: Callable[[ApiRequest, Row], Row] = lambda _, row: row

    def rows(self, workspace: Workspace) -> dict[str, Row]:
        """All of a workspace by id as text, of a noun that nothing holds."""
        return workspace.shelf(self.kept_as or self.noun, self.first)

    def shelf(self, request: ApiRequest) -> dict[str, Row]:
        """The rows by id as text; of the holder that the path names, where there is one. Raises: RefusedError 404."""
        if self.inside is None:
            return self.rows(request.workspace)
        holder = self.inside.row_of(request)
        return request.workspace.shelf(f"{self.noun} of {holder[self.inside.id_member]}")

    def serve(self, noun: str, *verbs: str, row: str) -> None:
        """Enter the handlers of these names for the calls `noun.list` and so on; `row`: the type of their payload."""
        for verb in verbs:
            answers(f"{noun}.{verb}", row="Success" if verb == "delete" else row)(getattr(self, verb))

    def list(self, request: ApiRequest) -> Rows:
        """In the order of creation."""
        rows = [self.shown(request, row) for row in self.shelf(request).values()]
        return [row for row in rows if self._fits(request, row)]

    def _fits(self, request: ApiRequest, row: Row) -> bool:
        asked = {name: text for name in (*self.equal, *self.within) if (text := request.query.get(name, ""))}
        return all(
            text.lower() in str(row[self.key]).lower() if name in self.within else text == str(row.get(name))
            for name, text in asked.items()
        )

    def row_of(self, request: ApiRequest) -> Row:
        """What is stored of the one that the path names. Raises: RefusedError 404."""
        return there(self.shelf(request).get(request.names[self.id_name]))

    def get(self, request: ApiRequest) -> Row:
        return self.shown(request, self.row_of(request))

    def create(self, request: ApiRequest) -> Row:
        given, shelf = self._given(request), self.shelf(request)
        for name in self.required:
            if not given.get(name):
                raise invalid(name, "can't be blank")
        if self.most is not None and len(shelf) >= self.most:
            raise RefusedError(400, f"There are {self.most} of them: a workspace has no more")
        self._refuse_taken(request, None)
        return self.shown(request, self.add(request, self.shape(request, {**self.members, **given}, None)))

    def add(self, request: ApiRequest, members: Mapping[str, Any]) -> Row:
        """A new row of checked members."""
        now = request.state.clock.stamp()
        made = {self.id_member: self.new_id() if self.new_id else request.workspace.new_id(self.noun)}
        if self.inside is not None:
            made[self.inside.id_name] = self.inside.row_of(request)[self.inside.id_member]
        made |= {**self.facts, **members, "created_at": now, "updated_at": now}
        self.shelf(request)[str(made[self.id_member])] = made
        self.note(request, made, "created")
        return made

    def update(self, request: ApiRequest) -> Row:
        """Only the members of the body change."""
        row, given = self.row_of(request), self._given(request)
        self._refuse_fixed(row)
        self._refuse_taken(request, row)
        for name in self.required:
            if name in given and not given[name]:
                raise invalid(name, "can't be blank")
        self.change(request, row, self.shape(request, given, row))
        return self.shown(request, row)

    def change(self, request: ApiRequest, row: Row, members: Mapping[str, Any], what: str = "updated") -> None:
        """Equal values have no effect."""
        if any(row.get(name) != value for name, value in members.items()):
            row |= members
            self.touch(request, row, what)

    def touch(self, request: ApiRequest, row: Row, what: str) -> None:
        """The row was changed."""
        row["updated_at"] = request.state.clock.stamp()
        self.note(request, row, what)

    def delete(self, request: ApiRequest) -> None:
        row = self.row_of(request)
        self._refuse_fixed(row)
        if reason := self.kept(request, row):
            raise RefusedError(400, reason)
        del self.shelf(request)[request.names[self.id_name]]
        self.note(request, row, "deleted")

    def _given(self, request: ApiRequest) -> Row:
        """What the body says; null stands for what a member is when it is not given."""
        return {name: self.members.get(name) if value is None else value for name, value in request.given.items()}

    def _refuse_fixed(self, row: Row) -> None:
        if self.fixed and any(row[self.id_member] == each["id"] for each in self.first):
            raise RefusedError(403, self.fixed)

    def _refuse_taken(self, request: ApiRequest, row: Row | None) -> None:
        name, status = self.unique or ("", 0)
        others = (each for each in self.shelf(request).values() if each is not row)
        if name in request.given and any(each[name] == request.given[name] for each in others):
            raise RefusedError(status, "Validation failed", errors={name: ["has already been taken"]})

    def note(self, request: ApiRequest, row: Mapping[str, Any], what: str) -> None:
        """Under its key, behind that of what holds it: equal rows of two tables are two effects."""
        holder = None if self.inside is None else self.inside.row_of(request)
        within = "" if self.inside is None or holder is None else f"{holder[self.inside.key]}/"
        request.note(f"{self.noun}.{what}", f"{within}{row[self.key]}")


@attrs.frozen(kw_only=True)
class Links:
    """What rows of one noun are joined to: members of a group, skills of a genie.

    `holder`: the noun; `what`: names the effects ("genie.skill_added"); `member`: the list of ids in a body, or one id;
    `known`: the things of a workspace that ids may name, by id.
    """

    holder: Crud
    what: str
    member: str
    known: Callable[[ApiRequest], Mapping[Any, Any]]

    def ids(self, request: ApiRequest, row: Mapping[str, Any]) -> list[Any]:
        """In the order in which they were added; without those that are gone."""
        known = self.known(request)
        return [each["id"] for each in self._shelf(request, row).values() if each["id"] in known]

    def add(self, request: ApiRequest) -> None:
        """Once more changes nothing. Raises: RefusedError 404 for one that is not there."""
        row, known = self.holder.row_of(request), self.known(request)
        for id_ in self._given(request):
            there(known.get(id_))
        shelf = self._shelf(request, row)
        for id_ in self._given(request):
            if str(id_) not in shelf:
                shelf[str(id_)] = {"id": id_}
                self._note(request, row, id_, "added")

    def remove(self, request: ApiRequest) -> None:
        row = self.holder.row_of(request)
        for id_ in self._given(request):
            if self._shelf(request, row).pop(str(id_), None) is not None:
                self._note(request, row, id_, "removed")

    def serve(self, add: str, remove: str) -> None:
        """Enter both for the calls of these names."""
        answers(add)(self.add)
        answers(remove)(self.remove)

    def _given(self, request: ApiRequest) -> list[Any]:
        given = request.given[self.member]
        return given if isinstance(given, list) else [given]

    def _shelf(self, request: ApiRequest, row: Mapping[str, Any]) -> dict[str, Row]:
        return request.workspace.shelf(f"{self.what} of {row[self.holder.id_member]}")

    def _note(self, request: ApiRequest, row: Mapping[str, Any], id_: object, what: str) -> None:
        request.note(f"{self.holder.noun}.{self.what}_{what}", f"{row[self.holder.key]}/{id_}")
