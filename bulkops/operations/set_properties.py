"""set-properties: give environment or project properties their values; those that are not named stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import ApiError, ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.masking import looks_secret
from bulkops.operations._base import Operation
from bulkops.operations._credentials import mask
from bulkops.operations._folders import find_project
from bulkops.operations._lookup import name_some
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations._templates import anchored, fill, fill_in, secrets_in
from bulkops.operations.ensure import Ensure
from bulkops.parameters import parameter
from bulkops.steps import Context

STEP: Final = "set-properties"
LONGEST_NAME: Final = 100
LONGEST_VALUE: Final = 1024
"""As the vendor's pages have it."""

NO_TEMPLATES: Final[Mapping[str, str]] = MappingProxyType({})
"""Of values that stand as they are."""

_OUTSIDE: Final = re.compile(r"\{(env|file):")


def _own(given: Mapping[str, str]) -> dict[str, str]:
    return {name: anchored(template) for name, template in given.items()}


@attrs.frozen
class SetProperties(Operation):
    """Set properties of each account.

    Other properties stay as they are. An account whose properties have these values is left alone. Undoing restores the
    previous values; the API cannot delete a property that was new.

    Sends two looks (one when it is so) and one request with what differs. `{env:NAME}` and `{file:PATH}` are read when
    the account is worked on, and what they hold is written down nowhere.
    """

    name = "set-properties"
    only_requests = True
    examples = (
        "set-properties -p crm.object=Account -p crm.tier={tier} --accounts customers.csv",
        "set-properties -p shop.api_token={env:SHOP_TOKEN} --project Shop --accounts all",
    )
    affects = frozenset({"properties"})
    stands_on = frozenset({"folders", "properties"})
    properties: Mapping[str, str] = attrs.field(
        converter=_own,
        metadata=parameter(
            "Property and value; the value may contain {column}, {env:NAME} and {file:PATH}.",
            flag="-p/--property",
            metavar="NAME=VALUE",
            template=True,
        ),
    )
    project: str | None = attrs.field(
        kw_only=True,
        default=None,
        metadata=parameter("Project of the properties.", metavar="NAME", unset="the environment", template=True),
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not self.properties:
            raise ConfigError("no property given", remedy="give NAME=VALUE for each")
        for name, template in self.properties.items():
            _check(name, template)

    @property
    def title(self) -> str:
        where = f" of project {self.project!r}" if self.project is not None else ""
        return f"set {_named(self.properties)}{where}"

    async def apply(self, ctx: Context) -> None:
        values, project_id = self.filled(ctx), await self._project_id(ctx)
        await EnsureValues(step=STEP, values=values, project_id=project_id, templates=self.properties).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Restore the earlier values, unless they have changed since; name those that cannot be restored."""
        if STEP in done:
            await restore_values(ctx, done, self.filled(ctx), await self._project_id(ctx), templates=self.properties)

    def filled(self, ctx: Context) -> dict[str, str]:
        """Each value for this account. Raises: TaskFailed for one that is too long, or a column that is empty."""
        filled = {}
        for name, template in self.properties.items():
            value = str(fill_in("str", template, ctx.params, ctx.account.id))
            if len(value) > LONGEST_VALUE:
                raise TaskFailed(
                    f"the value of property {name!r} has {len(value)} characters",
                    failure_class="value-too-long",
                    cause=f"the value of property {name!r} is too long",
                    remedy=f"shorten it to {LONGEST_VALUE} characters",
                )
            filled[name] = value
        return filled

    async def _project_id(self, ctx: Context) -> int | None:
        """Sends one request where a project is named. Raises: TaskFailed when there is not exactly one of the name."""
        if self.project is None:
            return None
        return await find_project(ctx, fill(self.project, ctx))


def _check(name: str, template: object) -> None:
    """Raises: ConfigError naming the property."""
    if not isinstance(template, str):
        raise ConfigError(
            f"the value of property {name!r} is not text", remedy='write it in quotes, or as "{env:NAME}"'
        )
    if not name.strip() or len(name) > LONGEST_NAME:
        what = "a property has no name" if not name.strip() else f"the name {name[:20]!r}... has {len(name)} characters"
        raise ConfigError(what, remedy=f"a property's name has 1 to {LONGEST_NAME} characters")
    if looks_secret(name) and _OUTSIDE.match(template) is None:
        raise ConfigError(
            f"property {name!r} looks secret, but values given here are kept in the journal",
            remedy=f"give it as {name}={{env:NAME}} or {name}={{file:PATH}}",
        )


def _looks_secret(name: str, template: str) -> bool:
    return looks_secret(name) or _OUTSIDE.search(template) is not None


async def restore_values(
    ctx: Context,
    done: Mapping[str, StepRow],
    ours: Mapping[str, str],
    project_id: int | None,
    *,
    templates: Mapping[str, str] = NO_TEMPLATES,
) -> None:
    """Undo the step of `EnsureValues` that gave the values `ours`. Raises: TaskFailed naming what is left."""
    row = done.get(STEP)
    if row is None:
        return
    noted: dict[str, Any] = (row.data or {}).get("before", {})
    now = await _read(ctx, noted, project_id)
    known = {name: what["value"] for name, what in noted.items() if what and "value" in what}
    since = [name for name in known if now.get(name) not in {known[name], ours.get(name)}]
    back = {name: value for name, value in known.items() if name not in since and now.get(name) != value}
    if back or ctx.began(f"undo {STEP}"):
        ensured = EnsureValues(step=f"undo {STEP}", values=back or known, project_id=project_id, templates=templates)
        await ensured.apply(ctx)
    new = [name for name, what in noted.items() if what is None and name in now]
    unknown = [name for name in noted if name not in known and noted[name] is not None]
    problems = [
        f"{_named(names)} {what}"
        for names, what in (
            (new, "did not exist before the run: the API cannot delete a property"),
            (since, "was changed since the run"),
            (unknown, "had a value that looked secret and was not written down"),
        )
        if names
    ]
    if problems:
        raise TaskFailed(
            "; ".join(problems),
            failure_class="property-changed-since" if since else "cannot-undo",
            remedy="set or delete it by hand in the workspace",
        )


@attrs.frozen(kw_only=True)
class EnsureValues(Ensure[dict[str, str]]):
    """Properties have their values. `templates`: where values come from, by name, if not from the source itself."""

    repeatable = True
    missing: ClassVar[dict[str, str]] = {}
    values: Mapping[str, str]
    project_id: int | None
    templates: Mapping[str, str] = NO_TEMPLATES

    async def find(self, ctx: Context) -> dict[str, str]:
        noted = plan_notes(ctx, f"properties of {self.project_id}")
        return await _read(ctx, self.values, self.project_id) | {key: noted[key] for key in self.values if key in noted}

    def foresee(self, ctx: Context, found: dict[str, str] | None) -> None:
        plan_notes(ctx, f"properties of {self.project_id}").update(self.values)

    def mismatch(self, found: dict[str, str] | None) -> Sequence[str]:
        return tuple(f"set property {name!r}" for name in _differing(self.values, found or {}))

    async def update(self, ctx: Context, found: dict[str, str]) -> Any:
        values = _differing(self.values, found)
        try:
            await ctx.account.properties.upsert(values, project_id=self.project_id)
        except ApiError as error:  # the vendor may repeat what it refuses
            for template in self.templates.values():
                mask(error, secrets_in(template))
            raise
        return {"set": list(values)}

    def facts(self, found: dict[str, str] | None) -> Any:
        """The values before: None for a new property, and nothing of what may be secret."""
        before = found or {}
        return {"before": {name: self._noted(name, before.get(name)) for name in _differing(self.values, before)}}

    def _noted(self, name: str, before: str | None) -> dict[str, str] | None:
        if before is None:
            return None
        return {} if _looks_secret(name, self.templates.get(name, "")) else {"value": before}

    def result(self, found: dict[str, str]) -> Any:
        return {"set": list(self.values)}

    async def verify(self, ctx: Context, made: Any) -> None:
        wrong = sorted(_differing(self.values, await self.find(ctx)))
        if wrong:
            ctx.reset_step(self.step)
            raise TaskFailed(
                f"the vendor accepted {_named(wrong)}, but shows another value",
                failure_class="property-not-set",
                cause="the vendor accepted a property, but shows another value",
                remedy="`bulkops retry` sets it again",
            )


def _differing(wanted: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if now.get(name) != value}


def _prefixes(names: Iterable[str]) -> list[str]:
    """What to ask for so that every name is in the answer: none may be empty, for the vendor wants a prefix."""
    names = sorted(names)
    first, last = names[0], names[-1]
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return [first[:same]] if same else sorted({name[0] for name in names})


async def _read(ctx: Context, names: Iterable[str], project_id: int | None) -> dict[str, str]:
    """Of these names, those that there are. Sends one request, more when the names have no beginning in common."""
    names = list(names)
    found: dict[str, str] = {}
    for prefix in _prefixes(names) if names else ():
        found |= await ctx.account.properties.get(prefix, project_id=project_id)
    return {name: found[name] for name in names if name in found}


def _named(names: Iterable[str]) -> str:
    names = list(names)
    return f"property {names[0]!r}" if len(names) == 1 else f"properties {name_some(names)}"
