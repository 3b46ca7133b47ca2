"""enable-api-platform: an API client with a key for the API collections of each account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs

from bulkops.errors import StatusError, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import ApiClient
from bulkops.operations._api_access import VERSIONS, Access, Key, Shown, access_to
from bulkops.operations._api_collections import OfCollections
from bulkops.operations._base import Undoing
from bulkops.operations._templates import fill
from bulkops.operations.jsonl_output import (
    Keep,
    check_keeper,
    check_place,
    keep_secret,
    kept_keys,
    place_of,
    words_for,
)
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent, log_of, planned_id

_CLIENT: Final = "create-api-client"
_OPEN: Final = "open-collections"
_KEY: Final = "create-api-key"
_ENABLE: Final = "enable-api-key"


SECRETS: Final = parameter(
    "File for the secrets of new keys, one JSON line each, readable only by you. The vendor shows each once.",
    metavar="FILE",
    file=True,
    identity=False,
)
VERSION: Final = parameter(
    "v2: API clients with keys; v1: API clients with access profiles, whose tokens ended on 2026-07-01.",
    choices=VERSIONS,
)
CLIENT: Final = parameter(
    "Name of the API client; {column} is filled in from the account file.", metavar="NAME", template=True
)
KEY: Final = parameter("Name of its API key or access profile.", metavar="NAME", template=True)


@attrs.frozen(kw_only=True)
class EnableApiPlatform(OfCollections):
    """Create an API client with a key in each account.

    The client opens the account's API collections. An account that has such a client and key is left alone: the secret
    of that key is not shown again.

    The secret is shown once, when the key is made, and goes to `secrets_to`: a file that only its owner may read, one
    JSON line a key, of which the last of an account counts; or a function of (account, what was shown), which may be
    async. It is never journaled. When the reply that showed it is lost, the key is found by its name and given a new
    secret.

    Sends one or two looks for the collections, and three requests when everything is to be made. Undone, what the run
    made is deleted; of v1 the profile is disabled, and the client stays: the API deletes neither.
    """

    name = "enable-api-platform"
    only_requests = True
    examples = (
        "enable-api-platform --folder API --secrets-to keys.jsonl --accounts customers.csv",
        "enable-api-platform --collection Orders --client {company} --secrets-to keys.jsonl --accounts customers.csv",
    )
    affects = frozenset({"clients"})
    stands_on = frozenset({"folders", "collections", "clients"})
    secrets_to: str | Keep = attrs.field(converter=place_of, metadata=SECRETS)
    api_platform: str = attrs.field(default="v2", metadata=VERSION)
    client: str = attrs.field(default="Default client", metadata=CLIENT)
    key: str = attrs.field(default="Default", metadata=KEY)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_place(self.secrets_to)

    @property
    def title(self) -> str:
        return f"make API client {self.client!r} with a key for {self.where}"

    def notes(self) -> tuple[str, ...]:
        return (words_for(self.secrets_to),)

    def parameters(self) -> Mapping[str, Any]:
        return {**super().parameters(), "secrets_to": None if callable(self.secrets_to) else self.secrets_to}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> EnableApiPlatform:
        check_keeper(parameters["secrets_to"])
        return cls(**parameters)

    async def apply(self, ctx: Context) -> None:
        client_name, key_name = fill(self.client, ctx), fill(self.key, ctx)
        access = access_to(ctx.account, self.api_platform)
        ids = (await self.find_collections(ctx)).ids
        client_id, is_new, listed = await self._ensure_client(ctx, access, client_name, ids)
        key = None if is_new else await access.find_key(client_id, key_name)
        may_be_closed = not listed.issuperset(ids) or ctx.began(_OPEN)
        if not is_new and may_be_closed and (key is not None or self.api_platform == "v2"):
            await self._open(ctx, access, client_id, client_name, key, ids)
        if key is None or ctx.began(_KEY):  # a key with an unknown outcome has a lost secret
            await self._make_key(ctx, access, client_id, client_name, key_name, ids)
        else:
            await self._remark_lost(ctx, access, client_id, key)
            if not key.active or ctx.began(_ENABLE):
                says = [f"enable {access.key_word} {key_name!r}"]
                enable = partial(access.enable_key, client_id, key)
                await ctx.step(_ENABLE, enable, repeatable=True, planned=None, says=says)
        if any(ctx.is_done(step) for step in (_CLIENT, _OPEN, _KEY, _ENABLE)):
            await ctx.confirm(partial(self._check, ctx, access, client_id, key_name, ids))

    async def _remark_lost(self, ctx: Context, access: Access, client_id: int, key: Key) -> None:
        """Of a key that was there before the run, whose secret is not where those of new ones go: how to replace it."""
        kept = await kept_keys(ctx, self.secrets_to)
        if not ctx.is_done(_KEY) and kept is not None and key.id not in kept:
            ctx.add_note(
                f"{access.key_word} {key.name!r} was there before, and its secret is not in {self.secrets_to}; "
                "where that is lost, this call shows a new one, which ends the lost one",
                access.renewal(client_id, key.id),
            )

    async def _ensure_client(
        self, ctx: Context, access: Access, name: str, ids: Sequence[int]
    ) -> tuple[int, bool, set[int]]:
        """The client's id, whether this very process made it, and the collections that it was listed with."""
        listed = set() if log_of(ctx).offline is None else set(ids)

        async def find() -> Any:
            found = await _asked(access.find_client(name))
            if found is None:
                return None
            listed.update(row.id for row in found.api_collections)
            return {"client_id": found.id}

        async def create() -> Any:
            return {"client_id": (await access.create_client(name, ids)).id}

        may_be_older = ctx.is_done(_CLIENT) or ctx.began(_CLIENT)
        made = await ctx.ensure(
            _CLIENT,
            find=find,
            do=create,
            look_again=True,
            check=f"whether there is an API client {name!r}",
            planned={"client_id": planned_id()},
            says=[f"make API client {name!r}"],
        )
        return int(made["client_id"]), ctx.is_done(_CLIENT) and not may_be_older, listed

    async def _open(
        self, ctx: Context, access: Access, client_id: int, client: str, key: Key | None, ids: Sequence[int]
    ) -> None:
        before = await access.opened(client_id, key)
        missing = [id_ for id_ in ids if id_ not in before]
        if not missing and not ctx.began(_OPEN):
            return
        if ctx.is_done(_OPEN):
            ctx.reset_step(_OPEN)
        every = [*before, *missing]

        async def send() -> Any:
            await access.open(client_id, key, every)
            return {"client_id": client_id, "opened": list(ids)}

        says = [f"open {len(missing)} API collection{'s' if len(missing) != 1 else ''} to {client!r}"]
        await ctx.step(_OPEN, send, repeatable=True, data={"before": list(before)}, planned={}, says=says)

    async def _make_key(
        self, ctx: Context, access: Access, client_id: int, client: str, name: str, ids: Sequence[int]
    ) -> None:
        if ctx.is_done(_KEY):  # made by this run, and gone since
            ctx.reset_step(_KEY)

        async def kept(shown: Shown) -> Any:
            secrets = shown.shown()
            if not secrets:
                raise TaskFailed(
                    f"{access.key_word} {name!r} was created, but the response has no secret",
                    failure_class="secret-not-shown",
                    remedy=f"renew it: {access.renewal(client_id, shown.id)}",
                )
            row = {"client": client, "client_id": client_id, "key": name, "key_id": shown.id, **secrets}
            await keep_secret(self.secrets_to, ctx.account.id, row)
            return {"client_id": client_id, "key_id": shown.id}

        async def send() -> Any:
            return await kept(await access.create_key(client_id, name, ids))

        async def probe(_: Intent) -> Any:
            """Its secret was in a lost response: only a new secret helps, and it replaces the lost one."""
            found = await access.find_key(client_id, name)
            return None if found is None else await kept(await access.refresh(client_id, found.id))

        check = f"whether API client {client!r} has {access.key_word} {name!r}"
        ctx.detail["api_client"] = await ctx.step(
            _KEY,
            send,
            probe=probe,
            check=check,
            planned={"client_id": client_id, "key_id": planned_id()},
            says=[f"make {access.key_word} {name!r}"],
        )

    async def _check(self, ctx: Context, access: Access, client_id: int, key_name: str, ids: Sequence[int]) -> None:
        """ "Accepted" is not "done". Sends two looks, one of v1."""
        key = await access.find_key(client_id, key_name)
        opened = await access.opened(client_id, key)
        if key is None or not key.active or not set(ids) <= set(opened):
            raise TaskFailed(
                f"{access.key_word} {key_name!r} was created, but does not open the API collections",
                failure_class="api-key-not-ready",
                remedy="check the API client, then `bulkops retry`",
            )

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Delete or disable what the run created, and close the collections that it opened."""
        access = access_to(ctx.account, self.api_platform)
        client, key, opened = (done.get(name) for name in (_CLIENT, _KEY, _OPEN))
        if key is not None and (client is None or not access.deletes):
            client_id, key_id = int(key.result["client_id"]), int(key.result["key_id"])
            is_there = await access.has_key(client_id, key_id)
            await _undo(ctx, _KEY, lambda: access.end_key(client_id, key_id), wanted=is_there)
        if opened is not None and client is None:
            await self._undo_open(ctx, access, opened)
        if client is not None:
            made = int(client.result["client_id"])
            await _undo(ctx, _CLIENT, lambda: access.end_client(made), wanted=await access.has_client(made))
        if not access.deletes and (key is not None or client is not None):
            ctx.detail[self.name] = f"the API deletes no client and no {access.key_word}: both stay, and let nobody in"
            ctx.add_note(ctx.detail[self.name])

    @classmethod
    def undoing(cls, parameters: Mapping[str, Any]) -> Undoing:
        """Nothing is kept where nothing is made: the file for the secrets, or its directory, may be gone."""
        return cls(**{**parameters, "secrets_to": _nowhere}).undo

    async def _undo_open(self, ctx: Context, access: Access, opened: StepRow) -> None:
        client_id = int(opened.result["client_id"])
        key = await access.find_key(client_id, fill(self.key, ctx))
        now = await access.opened(client_id, key)
        ours = set(opened.result["opened"]).difference(opened.data["before"])
        left = [id_ for id_ in now if id_ not in ours]
        if now and not left:
            ctx.detail[self.name] = "its API collections stay open: a client must have one"
            ctx.add_note(ctx.detail[self.name])
            return
        await _undo(ctx, _OPEN, lambda: access.open(client_id, key, left), wanted=left != list(now))


def _nowhere(account: str, shown: Mapping[str, Any]) -> None:
    """An undo makes no key."""


async def _undo(ctx: Context, name: str, end: Callable[[], Awaitable[None]], *, wanted: bool) -> None:
    step = f"undo {name}"
    if wanted or ctx.began(step):
        await ctx.step(step, end, repeatable=True)


async def _asked(looking: Awaitable[ApiClient | None]) -> ApiClient | None:
    """Raises: TaskFailed in words where the vendor has switched the version off."""
    try:
        return await looking
    except StatusError as error:
        if error.status not in {404, 410}:
            raise
        raise TaskFailed(
            f"cannot list the clients of the API platform: {error}",
            failure_class="api-platform-missing",
            cause="the vendor does not serve this version of API clients, or the account has no API platform",
            remedy="use --api-platform v2; if that is refused too, have the API platform enabled for the account",
        ) from error
