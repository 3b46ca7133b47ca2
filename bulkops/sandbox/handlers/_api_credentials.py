"""Credentials of API clients, of both versions: create, update, enable, renew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from bulkops.sandbox.api_platform import ApiClient, Pass
from bulkops.sandbox.handlers._access import access_facts, find_client
from bulkops.sandbox.request import ApiRequest, RefusedError


@attrs.frozen(kw_only=True)
class Passes:
    """Access profiles, or API keys. `noun`: names the ids; `effect`: in the ledger; `secret`: the member that shows it;
    `shelf`: where a workspace has them; `row`: one as answers show it."""

    noun: str
    effect: str
    secret: str
    shelf: Callable[[ApiRequest], dict[int, Pass]]
    row: Callable[[Pass], dict[str, Any]]

    def find(self, request: ApiRequest) -> Pass:
        """The one that the path names, of the client that it names where it does. Raises: RefusedError 404."""
        there: Mapping[int, Pass] = self.shelf(request)
        if "api_client_id" in request.names:
            client = find_client(request, request.path_id("api_client_id"), is_legacy=False)
            there = {id_: each for id_, each in there.items() if each.client_id == client.id}
        return request.found(there, f"{self.noun}_id")

    def add(
        self, request: ApiRequest, client: ApiClient, *, auth_type: str, collection_ids: tuple[int, ...] = ()
    ) -> dict[str, Any]:
        """A new one of what the body says; the answer shows its secret. Raises: RefusedError 400."""
        given, now = request.given, request.state.clock.stamp()
        made = Pass(
            id=request.workspace.new_id(self.noun),
            client_id=client.id,
            name=given["name"],
            auth_type=auth_type,
            active=given.get("active", True),
            collection_ids=collection_ids,
            facts=access_facts(given),
            created_at=now,
            updated_at=now,
            active_since=now,
        )
        made.renew()
        self.shelf(request)[made.id] = made
        self._note(request, made, "created")
        return self._with_secret(made)

    def change(self, request: ApiRequest, granted: Pass, **values: Any) -> None:
        """A value that is set already has no effect."""
        if any(getattr(granted, name) != value for name, value in values.items()):
            if values.get("active") and not granted.active:
                granted.active_since = request.state.clock.stamp()
            for name, value in values.items():
                setattr(granted, name, value)
            self.touch(request, granted, "updated")

    def switch(self, request: ApiRequest, *, active: bool) -> Pass:
        """Let it in, or keep it out; a value that is set already has no effect."""
        granted = self.find(request)
        if granted.active is not active:
            granted.active = active
            self.touch(request, granted, "enabled" if active else "disabled")
            granted.active_since = granted.updated_at if active else granted.active_since
        return granted

    def refresh(self, request: ApiRequest) -> dict[str, Any]:
        """A new secret. Raises: RefusedError 400: a JWT has nothing to renew (vendor facts, section 13)."""
        granted = self.find(request)
        if granted.auth_type == "jwt":
            raise RefusedError(400, "Refreshing the secret is not available for jwt")
        granted.renew()
        self.touch(request, granted, "refreshed")
        return self._with_secret(granted)

    def touch(self, request: ApiRequest, granted: Pass, what: str) -> None:
        granted.updated_at = request.state.clock.stamp()
        self._note(request, granted, what)

    def _with_secret(self, granted: Pass) -> dict[str, Any]:
        return self.row(granted) | granted.shown_once(self.secret)

    def _note(self, request: ApiRequest, granted: Pass, what: str) -> None:
        client = request.workspace.api.clients[granted.client_id]
        request.note(f"{self.effect}.{what}", f"{client.name}/{granted.name}")
