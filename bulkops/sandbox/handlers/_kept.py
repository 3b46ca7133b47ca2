"""Nouns that the sandbox only keeps: what is created can be listed, read, changed and deleted, and nothing follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, invalid


@attrs.frozen(kw_only=True)
class Kept:
    """Handlers for one such noun, of a customer's workspace or of the partner's own, whoever the call names.

    `noun`: names the shelf and the effects ("tag.created"); `id_name`: the path parameter; `members`: what a body may
    set, with what it is when not given; `required`: those that must not be empty; `key`: the member that tells one from
    another in the ledger; `wrapper`: the member that the body is in, "" for none; `facts`: other members of a new row.
    """

    noun: str
    id_name: str
    members: Mapping[str, Any]
    required: tuple[str, ...] = ("name",)
    key: str = "name"
    wrapper: str = ""
    facts: Mapping[str, Any] = attrs.field(factory=dict)

    def list(self, asked: Asked) -> list[dict[str, Any]]:
        """In the order of creation, a page at a time."""
        page, per_page = asked.page()
        rows = list(asked.workspace.shelf(self.noun).values())
        return rows[(page - 1) * per_page : page * per_page]

    def get(self, asked: Asked) -> dict[str, Any]:
        row = asked.workspace.shelf(self.noun).get(asked.names[self.id_name])
        if row is None:
            raise RefusedError(404, NOT_FOUND)
        return row

    def create(self, asked: Asked) -> dict[str, Any]:
        given = self._given(asked)
        for name in self.required:
            if not given.get(name):
                raise invalid(name, "can't be blank")
        now = asked.world.clock.stamp()
        made = {"id": asked.workspace.new_id(self.noun)} | dict(self.members) | dict(self.facts) | given
        made |= {"created_at": now, "updated_at": now}
        asked.workspace.shelf(self.noun)[str(made["id"])] = made
        self._note(asked, made, "created")
        return made

    def update(self, asked: Asked) -> dict[str, Any]:
        """Only what the body names changes; what is so already is no effect."""
        row, given = self.get(asked), self._given(asked)
        for name in self.required:
            if name in given and not given[name]:
                raise invalid(name, "can't be blank")
        if any(row[name] != value for name, value in given.items()):
            row |= given
            row["updated_at"] = asked.world.clock.stamp()
            self._note(asked, row, "updated")
        return row

    def delete(self, asked: Asked) -> dict[str, Any]:
        row = self.get(asked)
        del asked.workspace.shelf(self.noun)[asked.names[self.id_name]]
        self._note(asked, row, "deleted")
        return {"success": True}

    def _given(self, asked: Asked) -> dict[str, Any]:
        body = asked.members()
        if self.wrapper:
            body = body.get(self.wrapper, body)
            if not isinstance(body, dict):
                raise invalid(self.wrapper, "is not an object")
        given = {name: body[name] for name in self.members if name in body}
        try:
            msgspec.json.encode(given)  # what could not be shown again is not kept: huge numbers, endless depth
        except (OverflowError, RecursionError) as error:
            raise invalid(next(iter(given)), "cannot be stored") from error
        return given

    def _note(self, asked: Asked, row: Mapping[str, Any], what: str) -> None:
        asked.note(f"{self.noun}.{what}", str(row[self.key]))
