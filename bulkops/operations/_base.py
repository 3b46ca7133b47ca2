"""`Operation`: the base class of operations on one account."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias

import attrs
import msgspec

from bulkops.client import Workato
from bulkops.errors import BulkopsError, ConfigError, NotFound, TaskFailed
from bulkops.exception_groups import forget_cancellation, worst_of
from bulkops.journal import AnyLocation, StepRow
from bulkops.operations._function_digest import code_of
from bulkops.operations._plan import Plan, plan_by_rehearsal, rehearsal_of, rehearse_offline
from bulkops.operations._templates import fill
from bulkops.operations._undo_chain import CANNOT_UNDO, Part, undo_parts
from bulkops.operations.fields import check_values, columns, own_parameters, templates
from bulkops.operations.foreseen import Foreseen, added
from bulkops.parameters import parameters_of
from bulkops.secret import Secret
from bulkops.steps import Context, Offline, log_of

Undoing: TypeAlias = Callable[[Context, Mapping[str, StepRow]], Awaitable[None]]
"""`Undo` built from journaled parameters; needs no operation instance."""


OpenClient: TypeAlias = Callable[[str, Secret], Awaitable[Workato]]
"""Opens a client by host and token; the run keeps its quotas and closes it."""


@attrs.frozen(kw_only=True)
class Danger:
    """An irreversible effect. Such an operation needs a list of accounts and two confirmations. `words`: the effect,
    for the user; `flag`: the parameter that replaces the second confirmation without a terminal; `is_meant`: whether it
    was given.
    """

    words: str
    flag: str
    is_meant: bool


class Operation:
    """An operation on one account. Only `apply` is required; a plain `async def tidy(ctx)` is an operation too.

    `name`: the verb, as on the command line; `title`: one line for people, with the parameters that matter. Of a
    built-in operation the command is made from the class: its help is the first two paragraphs of the docstring, its
    options are the fields declared with `parameter`.
    """

    name: ClassVar[str]
    examples: ClassVar[tuple[str, ...]] = ()
    """Command lines for the help of its command, without the word bulkops."""
    affects: ClassVar[frozenset[str] | None] = None
    """Kinds of things that it makes or changes, such as "recipes". None: any. A chain asks when an undo fails."""
    stands_on: ClassVar[frozenset[str] | None] = None
    """Kinds of things that must stay as long as what it did stays. None: any, so nothing before it is undone then."""
    only_requests: ClassVar[bool] = False
    """Whether `apply`, `verify` and each step only send requests of the API. Then a plan begins each step, of which
    nothing is sent, to count its request; and the figures before any look come from a rehearsal without an account.
    A subclass with an `apply` or a `verify` of its own has to say it again."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not vars(cls).keys().isdisjoint({"apply", "verify"}) and "only_requests" not in vars(cls):
            cls.only_requests = False

    def __attrs_post_init__(self) -> None:
        """Raises: ConfigError for a declared parameter whose value cannot be."""
        check_values(self)

    @property
    def title(self) -> str:
        return self.name

    def parameters(self) -> Mapping[str, Any]:
        """JSON data from which `from_parameters` makes the same operation. Goes to the journal: no secrets.

        Unless overridden, the fields of an attrs class or dataclass; of another class, its public attributes. Fields
        with a secret's name are masked.
        """
        return own_parameters(self)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Operation:
        """The operation again, for `resume`. Raises: ConfigError or InputError when its files are gone."""
        if parameters_of(cls):  # other recorded members are not arguments
            taken = {field.alias for field in attrs.fields(cls) if field.init}  # type: ignore[arg-type]  # attrs.has
            parameters = {name: value for name, value in parameters.items() if name in taken}
        return cls(**parameters)

    def identity(self) -> Mapping[str, Any]:
        """The identity of the operation: its parameters, without the paths of its files."""
        others = {one.name for one in parameters_of(type(self)) if not one.is_identity}
        return {name: value for name, value in self.parameters().items() if name not in others}

    @property
    def digest(self) -> str:
        """Equal for equal operations; `resume` compares it. Hex, 64 characters.

        It covers the parameters and, of a class outside of bulkops, the code that a run executes: the methods of the
        class without `undo`, `plan` and the others that do not act.
        """
        data: dict[str, Any] = {"name": self.name, "parameters": self.identity()}
        code = code_of(type(self), without=_AROUND)
        if code is not None:
            data["code"] = code
        return hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()

    async def apply(self, ctx: Context) -> None:
        """Apply the operation. An account that is already done is left alone: no step with an effect, no change."""
        raise NotImplementedError

    async def verify(self, ctx: Context) -> None:
        """Check the end state: "accepted" is not "done". Raises: TaskFailed."""

    async def plan(self, ctx: Context) -> Plan | None:
        """Changes that `apply` would make; None: already done. Sends reads only: in a plan the session refuses anything
        else.

        Unless overridden, `apply` is rehearsed: `ctx.step` and `ctx.ensure` record what they would do, and the
        rehearsal goes on with their `planned` results. It ends early at a write outside of steps, or where `apply`
        uses a result that was not planned.
        """
        return await plan_by_rehearsal(self, ctx)

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        """Requests of each call (by catalogue id) for an account that needs everything."""
        return rehearse_offline(self, foreseen, Offline.FRESH) if self.only_requests else {}

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        """Requests of each call that find an account already done; `plan` sends no more."""
        return rehearse_offline(self, foreseen, Offline.DONE) if self.only_requests else {}

    def run_cost(self) -> Mapping[str, float]:
        """Requests of each call that a run takes beside those of its accounts."""
        return {}

    def cost_of_own_id(self) -> Mapping[str, float]:
        """Requests beside `cost` and `look_cost` for an account that is called by the partner's own id (E...), where
        the vendor's number has to be asked for."""
        return {}

    def columns(self) -> set[str]:
        """Columns of the account file that it reads: a run over a file without one of them must not start."""
        return columns(self)

    def filled(self, ctx: Context) -> dict[str, str]:
        """Each text of the parameters for this account, by key, without those that were not given."""
        return {key: fill(text, ctx) for key, text in templates(self).items() if isinstance(text, str)}

    def notes(self) -> tuple[str, ...]:
        """Notes to show before the start, one sentence each; shown also without a confirmation."""
        return ()

    async def connect(self, open_client: OpenClient) -> Operation:
        """With clients of other workspaces, if it needs any: before `prepare`, a plan and each resume."""
        return self

    async def prepare(self, workato: Workato, journal: AnyLocation) -> Operation:
        """Prepare the whole run once; returns the operation to run. Most operations need nothing.

        `journal`: keeps what `resume` must find again.
        """
        return self

    def needed_files(self) -> Mapping[str, bytes]:
        """Packages of the run, by the sha256 of their content: the journal keeps them, for every machine."""
        return {}

    @property
    def awaits_export(self) -> bool:
        """Whether `prepare` has an export to send, before which the changes to an account are not known whole."""
        return False

    def as_prepared(self, data: Mapping[str, Any]) -> Operation:
        """As an earlier `prepare` left it (`data`: name and parameters of that one), if that was this operation; else
        itself. Raises: InputError or ConfigError when its files are gone."""
        return self

    @property
    def danger(self) -> Danger | None:
        """None except for an irreversible effect."""
        return None

    def can_undo(self) -> bool:
        """Whether `undo` reverts a run: by default, whether the class defines it."""
        return type(self).undo is not Operation.undo

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Revert the changes of a run: `done` has its finished steps on this account, by name. Raises: TaskFailed."""
        raise TaskFailed(f"{self.name} cannot be undone", failure_class=CANNOT_UNDO, remedy="undo it by hand")

    @classmethod
    def undoing(cls, parameters: Mapping[str, Any]) -> Undoing | None:
        """An undo built from the recorded `parameters` alone, so that it needs no files.

        None: that takes the operation itself, made again by `from_parameters`.
        """
        return None

    def parts(self) -> tuple[Operation, ...]:
        """Parts for a chain: itself, or the operations that it consists of, in order."""
        return (self,)

    def __rshift__(self, other: Operation) -> Chain:
        if not isinstance(other, Operation):
            raise ConfigError(
                f"{getattr(other, '__name__', repr(other))} is not an operation, and cannot follow {self.name}",
                remedy="decorate a function with @bulkops.operation; make an instance of a class",
            )
        return Chain((self, other))


_AROUND: Final = {*vars(Operation), "restored"} - {"apply", "verify", "prepare", "__init__", "__attrs_post_init__"}
"""Members that do not affect a run: a corrected undo is still the same operation. `restored` is that of `EnsureOne`."""


def _flat(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    return tuple(part for operation in operations for part in operation.parts())


def _not_foreseen(error: Exception, operation: Operation) -> str | None:
    """The change of an operation of a chain that failed in the plan, maybe because it does not see the planned changes
    before it. None: the error is a problem of the account, or of the plan."""
    worst = worst_of(error)
    if operation.only_requests and type(operation).__module__.startswith("bulkops."):
        return None  # it sees them
    if not isinstance(worst, BulkopsError):
        return f"{operation.title} (not foreseen: {type(worst).__name__})"
    return f"{operation.title} (not foreseen: {worst.cause})" if isinstance(worst, TaskFailed | NotFound) else None


@attrs.frozen
class Chain(Operation):
    """Several operations on one account, in order; the first that fails ends the account."""

    name: ClassVar[str] = "chain"
    operations: tuple[Operation, ...] = attrs.field(converter=_flat)

    def parts(self) -> tuple[Operation, ...]:
        return self.operations

    @property
    def title(self) -> str:
        return ", then ".join(operation.title for operation in self.operations)

    def parameters(self) -> Mapping[str, Any]:
        return {
            "operations": [
                {"name": operation.name, "parameters": operation.parameters(), "digest": operation.digest}
                for operation in self.operations
            ]
        }

    def identity(self) -> Mapping[str, Any]:
        return {"operations": [operation.digest for operation in self.operations]}

    async def apply(self, ctx: Context) -> None:
        for place, operation in enumerate(self.operations, start=1):
            log_of(ctx).enter(_prefix(place, operation))
            await operation.apply(ctx)
            await operation.verify(ctx)
            log_of(ctx).require_awaited()

    async def plan(self, ctx: Context) -> Plan | None:
        """Each operation's plan after the earlier ones, which record their planned effects in the cache."""
        changes: list[str] = []
        costs: list[Mapping[str, float]] = []
        rehearsal = rehearsal_of(ctx)
        for place, operation in enumerate(self.operations, start=1):
            rehearsal.enter(_prefix(place, operation))
            try:
                planned = await operation.plan(ctx)
            except Exception as error:
                why = _not_foreseen(error, operation) if changes else None
                if why is None:
                    raise
                forget_cancellation()  # else a cancelled task of a later operation would end the plan
                planned = Plan((*rehearsal.take_changes(), why))
            costs.append(rehearsal.take_requests())
            if planned is not None:
                changes += planned.changes
                costs.append(planned.requests)
        return Plan(tuple(changes), added(*costs)) if changes or any(costs) else None

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return added(*(operation.cost(foreseen) for operation in self.operations))

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return added(*(operation.look_cost(foreseen) for operation in self.operations))

    def run_cost(self) -> Mapping[str, float]:
        return added(*(operation.run_cost() for operation in self.operations))

    def cost_of_own_id(self) -> Mapping[str, float]:
        return added(*(operation.cost_of_own_id() for operation in self.operations))

    def columns(self) -> set[str]:
        return {column for operation in self.operations for column in operation.columns()}

    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(note for operation in self.operations for note in operation.notes()))

    async def connect(self, open_client: OpenClient) -> Operation:
        return self._of([await operation.connect(open_client) for operation in self.operations])

    async def prepare(self, workato: Workato, journal: AnyLocation) -> Operation:
        return self._of([await operation.prepare(workato, journal) for operation in self.operations])

    def _of(self, operations: Sequence[Operation]) -> Operation:
        """What an operation was prepared with need not make it another one: identity counts."""
        return self if all(map(operator.is_, operations, self.operations)) else Chain(tuple(operations))

    def needed_files(self) -> Mapping[str, bytes]:
        return {digest: data for each in self.operations for digest, data in each.needed_files().items()}

    @property
    def awaits_export(self) -> bool:
        return any(operation.awaits_export for operation in self.operations)

    def as_prepared(self, data: Mapping[str, Any]) -> Operation:
        rows = data["parameters"].get("operations", ()) if data["name"] == self.name else ()
        if len(rows) != len(self.operations):
            return self
        return self._of([part.as_prepared(row) for part, row in zip(self.operations, rows, strict=True)])

    @property
    def danger(self) -> Danger | None:
        """The first danger that is not confirmed, else the first one."""
        dangers = [operation.danger for operation in self.operations if operation.danger is not None]
        return min(dangers, key=lambda danger: danger.is_meant, default=None)

    def can_undo(self) -> bool:
        return any(operation.can_undo() for operation in self.operations)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Undo in reverse order. A part that cannot be undone is left as it is and named in the report. When one fails,
        the parts that it does not stand on are undone all the same, and the failure lists the outcome of each.
        """
        parts = [Part(operation, _prefix(place, operation)) for place, operation in enumerate(self.operations, start=1)]
        await undo_parts(ctx, parts, done)


def _prefix(place: int, operation: Operation) -> str:
    return f"{place} {operation.name}: "
