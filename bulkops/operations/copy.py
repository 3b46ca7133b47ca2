"""copy: the folders of one account, with connections as shells and properties, into other accounts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

import anyio
import attrs
import msgspec

from bulkops.client import Workato, client_over, session_of
from bulkops.errors import ConfigError
from bulkops.hosts import base_url
from bulkops.journal import AnyLocation, Journal, StepRow
from bulkops.models import Asset
from bulkops.operations._base import OpenClient, Operation, Undoing
from bulkops.operations._copy_parts import foresee_parts, parts_of, parts_to_undo
from bulkops.operations._plan_effects import foreseen_of
from bulkops.operations._templates import anchored, fill, refers, secret_in
from bulkops.operations._undo_chain import undo_parts
from bulkops.operations.copy_source import ENVIRONMENT, Content, Source, Wanted, as_failure, content_of, source_of
from bulkops.operations.fields import own_parameters
from bulkops.operations.foreseen import Foreseen, added
from bulkops.operations.import_package import RESTART
from bulkops.parameters import parameter
from bulkops.session import account_segment
from bulkops.steps import Context, log_of, memory_of

PARTNER: Final = "partner"
_EXPORT: Final = "export"
_FACT: Final = "copied content"
_SHARED: Final = "copied sources"
_OF_FOLDER: Final = {"export_manifests.create": 1.0, "export_manifests.delete": 1.0}
"""Requests for the export of one folder, beside the export itself."""


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@attrs.frozen(kw_only=True)
class _Held:
    """What a run has opened and exported. `content`: of the one source, once it is exported; `client`: of the source's
    workspace, if it is another."""

    content: Content | None = None
    client: Workato | None = None


@attrs.define
class _Shared:
    """The one export, or look, of a source in this process. `recorded`: the content, as journaled."""

    lock: anyio.Lock = attrs.field(factory=anyio.Lock)
    recorded: dict[str, Any] | None = None
    preview: tuple[dict[str, list[Asset]], Content] | None = None


@attrs.frozen
class Copy(Operation):
    """Copy the folders of one account into other accounts.

    Exports each folder of the source once, and imports it into a folder of the same name. Connections arrive without
    credentials; recipes arrive stopped. Sets the properties that differ.

    An account is left alone where this journal has an import of the same packages, the recipes stand as it left them,
    and the properties have the source's values. Properties that look secret are not copied, and what is directly in
    Home is not either. With a file of the columns `from` and `to`, each row has its own source.

    Undoing deletes the folders that the run made and restores the properties that it changed. It cannot restore a
    folder that was there before, or delete a property.
    """

    name: ClassVar[str] = "copy"
    only_requests: ClassVar[bool] = True
    examples: ClassVar[tuple[str, ...]] = (
        "copy --from 4100231 --to accounts.csv",
        "copy --from EORG-7 --folder CRM --folder Billing --to all",
        "copy --to pairs.csv",
        "copy --from partner --from-host eu --from-token {env:STAGING_TOKEN} --to accounts.csv",
    )
    affects: ClassVar[frozenset[str]] = frozenset({"folders", "recipes", "connections", "collections", "properties"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"folders", "recipes", "properties"})
    source: str = attrs.field(
        default="{from}",
        metadata=parameter(
            "Account to copy from: a number, E and your own id, or `partner` for the workspace of the token.",
            key="from",
            metavar="ACCOUNT",
            unset="the column `from`",
            template=True,
        ),
    )
    folders: tuple[str, ...] = attrs.field(
        kw_only=True,
        default=(),
        converter=_names,
        metadata=parameter("Folder under Home to copy; repeatable.", flag="--folder", metavar="NAME", unset="all"),
    )
    leave_out: tuple[str, ...] = attrs.field(
        kw_only=True,
        default=(),
        converter=_names,
        metadata=parameter("Folder to leave out; repeatable.", metavar="NAME"),
    )
    property_prefixes: tuple[str, ...] = attrs.field(
        kw_only=True,
        default=(),
        converter=_names,
        metadata=parameter(
            "Beginning of the names of properties to copy; repeatable.",
            flag="--property-prefix",
            metavar="TEXT",
            unset="all properties",
        ),
    )
    without_properties: bool = attrs.field(kw_only=True, default=False, metadata=parameter("Copy no properties."))
    include_data: bool = attrs.field(kw_only=True, default=False, metadata=parameter("The rows of lookup tables too."))
    include_tags: bool = attrs.field(kw_only=True, default=False, metadata=parameter("The tags of the assets too."))
    restart_recipes: bool = attrs.field(kw_only=True, default=False, metadata=RESTART)
    from_host: str | None = attrs.field(
        kw_only=True,
        default=None,
        metadata=parameter("Host of the source, if it is another: a URL or a data center.", metavar="HOST"),
    )
    from_token: str | None = attrs.field(
        kw_only=True,
        default=None,
        converter=anchored,
        metadata=parameter("Token of the source's workspace: {env:NAME} or {file:PATH}.", metavar="REFERENCE"),
    )
    held: _Held = attrs.field(init=False, factory=_Held, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not refers(self.source) and self.source != PARTNER:
            account_segment(self.source)
        if (self.from_host is None) is not (self.from_token is None):
            missing = "token" if self.from_token is None else "host"
            raise ConfigError(f"the source's {missing} is missing", remedy="give both from_host and from_token")
        if self.from_host is not None and self.from_token is not None:
            base_url(self.from_host)
            secret_in("from_token", self.from_token)

    @property
    def title(self) -> str:
        what = f"folders {', '.join(map(repr, self.folders))}" if self.folders else "the folders"
        if refers(self.source):
            whose = "the source in each row"
        else:
            whose = "the workspace of the token" if self.source == PARTNER else f"account {self.source}"
        where = f" at {self.from_host}" if self.from_host is not None else ""
        return f"copy {what} of {whose}{where}"

    @property
    def _wanted(self) -> Wanted:
        return Wanted(
            folders=self.folders,
            without=self.leave_out,
            prefixes=() if self.without_properties else self.property_prefixes or ("",),
            include_data=self.include_data,
            include_tags=self.include_tags,
        )

    def parameters(self) -> Mapping[str, Any]:
        content = self.held.content
        return {**own_parameters(self), "content": None if content is None else content.recorded()}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Copy:
        given = {name: value for name, value in parameters.items() if name != "content"}
        recorded = parameters.get("content")
        made = cls(**given)
        return made if recorded is None else made._holding(content=Content.restored(recorded))

    async def connect(self, open_client: OpenClient) -> Copy:
        if self.from_host is None or self.from_token is None:
            return self
        client = await open_client(self.from_host, secret_in("from_token", self.from_token))
        return self._holding(client=client)

    def _holding(self, **held: Any) -> Copy:
        made = attrs.evolve(self)
        object.__setattr__(made, "held", attrs.evolve(self.held, **held))  # nobody else has seen it
        return made

    @property
    def awaits_export(self) -> bool:
        return self.held.content is None and not refers(self.source)

    async def prepare(self, workato: Workato, journal: AnyLocation) -> Copy:
        """With the content of the one source, whose packages the journal keeps. Sends what its export takes; nothing
        where each row has its own source."""
        if not self.awaits_export:
            return self
        content = await self._source(workato, self.source).export(self._wanted)
        async with Journal.open(journal) as opened:
            await content.keep(opened)
        return self._holding(content=content)

    def needed_files(self) -> Mapping[str, bytes]:
        return {} if self.held.content is None else self.held.content.files

    def as_prepared(self, data: Mapping[str, Any]) -> Copy:
        """With the content that was exported for it then."""
        if self.held.content is not None or data["name"] != self.name or data["parameters"].get("content") is None:
            return self
        then = self.from_parameters(data["parameters"])
        return then if then == self else self

    def notes(self) -> tuple[str, ...]:
        return ("connections arrive without credentials: authorize-connections gives them theirs",)

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        exported = self._cost_of_source() if refers(self.source) else {}
        return added(super().cost(foreseen), exported)

    def run_cost(self) -> Mapping[str, float]:
        return self._cost_of_source() if self.awaits_export else {}

    def _cost_of_source(self) -> Mapping[str, float]:
        """Of one source; nothing where it has quotas of its own."""
        if self.held.client is not None or self.from_host is not None:
            return {}
        folders = len(self.folders) or 1
        requests = {call: count * folders for call, count in _OF_FOLDER.items()} | {"projects.list": 1.0}
        if not self.without_properties:
            requests["properties.list"] = (1.0 + folders) * len(self._wanted.prefixes)
        if self.source == PARTNER:
            return {**requests, "packages.export": folders, "packages.get": 2.0 * folders}
        requests |= {"exports.create": folders, "exports.get": 2.0 * folders, "get": 1.0}
        return {f"managed_users.{call}": count for call, count in requests.items()}

    async def apply(self, ctx: Context) -> None:
        source = fill(self.source, ctx)
        content = self.held.content
        if content is None:
            if ctx.planning:
                await self._foresee(ctx, source)
                return
            content = await self._exported(ctx, source)
        if content.is_of(ctx.account):
            ctx.add_note("the account is the source itself: left alone")
            return
        if content.secret:
            names = ", ".join(content.secret)
            ctx.add_note("properties that look secret are not copied", f"not copied: {names}")
        if content.empty:
            ctx.add_note("folders of the source are empty, and not copied", f"empty: {', '.join(content.empty)}")
        for part in parts_of(ctx, content, restart_recipes=self.restart_recipes):
            log_of(ctx).enter(part.prefix)
            await part.operation.apply(ctx)

    @classmethod
    def undoing(cls, parameters: Mapping[str, Any]) -> Undoing:
        """From the journal alone, without the source."""
        recorded, key = parameters["content"], _key(parameters)

        async def undo(ctx: Context, done: Mapping[str, StepRow]) -> None:
            """Undo the properties, then the folders, the last one first."""
            there = recorded or await ctx.recall(_FACT, key)
            if there is not None:
                outer = log_of(ctx).prefix
                await undo_parts(ctx, parts_to_undo(ctx, there), {outer + name: row for name, row in done.items()})

        return undo

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        await self.undoing(self.parameters())(ctx, done)

    def _source(self, workato: Workato, source: str, *, read_only: bool = False) -> Source:
        """Raises: InputError for a text that is not an account."""
        there = (self.held.client or workato).with_options(read_only=read_only)
        return source_of(there if source == PARTNER else there.account(source), host=self.from_host)

    def _shared(self, ctx: Context, source: str) -> _Shared:
        """What the accounts of this process share of the source."""
        known: dict[Any, _Shared] = memory_of(ctx).shared.setdefault(_SHARED, {})
        return known.setdefault((source, self.from_host, self._wanted), _Shared())

    async def _exported(self, ctx: Context, source: str) -> Content:
        """The content of the row's source, which all accounts of this process share.

        The export is not a change of this account, so it is sent outside of the step that records it.
        """
        recorded = ctx.result(_EXPORT)
        if recorded is None:
            shared = self._shared(ctx, source)
            async with shared.lock:
                if shared.recorded is None:
                    shared.recorded = await self._export(ctx, source)
            found = recorded = shared.recorded

            async def record() -> Any:
                return found

            await ctx.step(_EXPORT, record, repeatable=True, changes=False)
            await ctx.remember(_FACT, _key(self.parameters()), recorded)
        return await content_of(ctx, recorded)

    async def _export(self, ctx: Context, source: str) -> dict[str, Any]:
        """Raises: TaskFailed."""
        with as_failure(source):
            content = await self._source(client_over(session_of(ctx.account)), source).export(self._wanted)
        await content.keep(memory_of(ctx).journal)
        return content.recorded()

    async def _foresee(self, ctx: Context, source: str) -> None:
        """An export is a write, and a plan sends none: what it reads of the source it reads once for all accounts."""
        if log_of(ctx).offline is not None:
            foreseen = foreseen_of(ctx)
            if foreseen is not None and not self.folders:
                foreseen.more["further folder to copy"] = 8
            previewed: dict[str, list[Asset]] = {folder: [] for folder in self.folders or ("each folder",)}
            values = {} if self.without_properties else {ENVIRONMENT: {"any": ""}}
            content = Content(packages={}, properties=values)
        else:
            shared = self._shared(ctx, source)
            async with shared.lock:
                if shared.preview is None:
                    there = client_over(session_of(ctx.account))
                    with as_failure(source):
                        shared.preview = await self._source(there, source, read_only=True).preview(self._wanted)
            previewed, content = shared.preview
            if content.is_of(ctx.account):
                return
        await foresee_parts(ctx, previewed, content, source=source)


def _key(parameters: Mapping[str, Any]) -> str:
    """Under which an account remembers what it got of a source of its own."""
    return hashlib.sha256(msgspec.json.encode({**parameters, "content": None}, order="deterministic")).hexdigest()
