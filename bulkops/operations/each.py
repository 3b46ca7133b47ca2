"""each: any call of the catalogue that acts on a customer, across accounts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.catalogue import Call, RetryClass
from bulkops.client import scope_of, session_of
from bulkops.errors import ApiError, ConfigError, NotFound, TaskFailed, TaskUnknown
from bulkops.operations._base import Operation
from bulkops.operations._credentials import mask
from bulkops.operations._plan import Plan
from bulkops.operations._templates import anchored, fill_in, refers, secrets_in
from bulkops.operations.foreseen import Foreseen
from bulkops.operations.jsonl_output import STDOUT, check_output, write_result
from bulkops.parameters import parameter
from bulkops.resources import generic
from bulkops.steps import Context

_SAMPLES: Final[Mapping[str, Any]] = {"str": "x", "int": 1, "bool": True, "object": {}, "bytes": b"x"}

_CREDENTIALS: Final = frozenset({"input", "oauth_token_pair", "jwt_secret"})
"""Parameters that take secrets; what stands in `params` is written to the journal."""

_SHOWN_ONCE: Final = (
    "api_access_profiles.create",
    "api_access_profiles.create_nested",
    "api_access_profiles.refresh_secret",
    "api_keys.create",
    "api_keys.refresh_secret",
    "developer_api_clients.create",
    "developer_api_clients.regenerate",
)
"""Calls whose answer holds a secret that the vendor shows once."""

_PLACES: Final = frozenset({"page", "since_id", "offset_job_id", "page[number]", "page[after]"})


def _absolute(output: str | None) -> str | None:
    return output if output in {None, STDOUT} else str(Path(str(output)).resolve())


def _anchored(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: anchored(template) for name, template in params.items()}


@attrs.frozen
class Each(Operation):
    """Make one API call for each account.

    Reads write one JSON line per account, lists with all pages; then the report goes to stderr. Other calls are
    journaled before they are sent, and are sent twice only if that is harmless.

        Each("managed_users.tags.create", params={"title": "Tier {tier}"})

    A read writes `{"account", "result"}` to `output` and ends `unchanged`. Anything else is one durable step that ends
    `changed`. A call that shows a secret once needs an `output`: no answer is kept anywhere else.
    """

    name = "each"
    examples = (
        "each managed_users.recipes.list --accounts customers.csv -p running=true -o running.jsonl",
        "each managed_users.tags.create --accounts customers.csv -p title={tier} --max-failures 2%",
    )
    call: str = attrs.field(metadata=parameter("Call id, as `bulkops calls` lists it.", flag="call", metavar="ID"))
    params: Mapping[str, Any] = attrs.field(
        factory=dict,
        kw_only=True,
        converter=_anchored,
        metadata=parameter(
            "Parameter of the call; may contain {column}, {account}, {env:NAME} and {file:PATH}.",
            flag="-p/--param",
            metavar="NAME=VALUE",
            template=True,
        ),
    )
    output: str | None = attrs.field(
        default=None,
        kw_only=True,
        converter=_absolute,
        metadata=parameter(
            "File for the responses, one JSON line per account, readable only by you; lines are appended.",
            flag="-o/--output",
            metavar="FILE",
            unset="stdout, for reads",
        ),
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        row = self._row
        if not row.names_account:
            raise ConfigError(f"{row.id} acts on the partner's own workspace", remedy=f"use `bulkops call {row.id}`")
        if row.id == "managed_users.delete":
            raise ConfigError("each cannot delete customers", remedy="use `bulkops delete-customer`, which asks twice")
        if row.body == "octets":
            raise ConfigError(
                f"{row.id} takes a file, but `each` sends only parameters",
                remedy="use `bulkops import-package`, which also checks the result",
            )
        for name, template in self.params.items():
            if name in _CREDENTIALS and not refers(template):
                raise ConfigError(
                    f"{row.id}: {name} may be a credential, but values given here are kept in the journal",
                    remedy=f"take {name} from {{env:NAME}}, {{file:PATH}} or a column",
                )
        generic.check_call(row, self._samples(), account="1")
        if self.output is not None:
            check_output(self.output)
        if self.output is None and (row.is_read or row.id.removeprefix("managed_users.") in _SHOWN_ONCE):
            what = "answers" if row.is_read else "shows a secret once, which"
            raise ConfigError(f"{row.id} {what} needs an output file", remedy="add -o FILE")

    @property
    def _row(self) -> Call:
        return generic.find_call(self.call)

    @property
    def title(self) -> str:
        given = " ".join(f"{name}={value}" for name, value in self.params.items())
        return f"each: {self.call} {given}".rstrip()

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {self.call: 1}

    async def plan(self, ctx: Context) -> Plan | None:
        """Sends nothing: whether a call would change anything is not known before it is made."""
        self.filled(ctx)
        return Plan(() if self._row.is_read else (self.title,), {self.call: 1})

    async def apply(self, ctx: Context) -> None:
        values = self.filled(ctx)
        if self._row.is_read:
            await self._write(ctx, await self._read(ctx, values))
        else:
            await self._change(ctx, values)

    async def _read(self, ctx: Context, values: Mapping[str, Any]) -> Any:
        row, scope = self._row, scope_of(ctx.account)
        goes_on = row.pages != "none" and not _PLACES & values.keys()
        if goes_on:
            return [each async for each in generic.rows(session_of(ctx.account), scope, row, values)]
        return await generic.call(session_of(ctx.account), scope, row, values)

    async def _change(self, ctx: Context, values: Mapping[str, Any]) -> None:
        row = self._row
        began = ctx.began(row.id)

        async def send() -> Any:
            try:
                answer = await generic.call(session_of(ctx.account), scope_of(ctx.account), row, values)
            except NotFound as error:
                if row.method == "DELETE" and (began or error.attempt > 1):
                    return {"gone": True}  # by the first sending, whose answer was lost
                self._mask(error)
                raise
            except ApiError as error:
                self._mask(error)
                raise
            _refuse(row, answer)
            try:
                await self._write(ctx, answer)  # before the step is done: a secret is shown once
            except TaskFailed as lost:
                raise TaskUnknown(f"{row.id} was done, but {lost.message}", remedy=lost.remedy) from lost
            return _id_of(answer)

        await ctx.step(
            row.id,
            send,
            repeatable=row.retry is RetryClass.SAFE_TO_RETRY,
            check=row.look or "check the account first",
        )

    def _mask(self, error: ApiError) -> None:
        """The vendor may repeat what it refuses, and what came from outside is not to be written down."""
        for template in self.params.values():
            mask(error, secrets_in(template))

    async def _write(self, ctx: Context, answer: Any) -> None:
        if self.output is not None:
            await write_result(self.output, {"account": ctx.account.id, "result": answer})

    def filled(self, ctx: Context) -> dict[str, Any]:
        return {
            name: fill_in(generic.type_of(self._row, name), template, ctx.params, ctx.account.id)
            for name, template in self.params.items()
        }

    def _samples(self) -> dict[str, Any]:
        """`params` as they might be for an account: what is wrong for all of them is found before anything is sent."""
        types = {name: generic.type_of(self._row, name) for name in self.params}
        return {
            name: _sample(types[name]) if refers(template) else fill_in(types[name], template, {}, "")
            for name, template in self.params.items()
        }


def _sample(type_: str) -> Any:
    return [] if type_.endswith("[]") else _SAMPLES[type_]


def _refuse(row: Call, answer: Any) -> None:
    """Raises: TaskFailed when the answer itself says no."""
    if row.envelope == "verdict" and isinstance(answer, dict) and answer.get("success") in {False, "false"}:
        errors = [part for key in ("config_errors", "code_errors") for part in answer.get(key) or []]
        raise TaskFailed(
            f"{row.id} returned success: false" + (f": {errors}" if errors else ""),
            failure_class="refused",
            cause=f"{row.id} returned success: false",
            remedy="correct what it names, then `bulkops retry`",
        )


def _id_of(answer: Any) -> dict[str, Any]:
    """All that the journal keeps of an answer: it may hold secrets."""
    found = answer.get("id") if isinstance(answer, dict) else None
    return {"id": found} if isinstance(found, int | str) else {}
