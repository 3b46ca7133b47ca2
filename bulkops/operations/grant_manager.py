"""grant-manager: let one of the partner's collaborators work in each account's workspace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import anyio
import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import CustomerManager
from bulkops.operations._account_numbers import COST, number_of
from bulkops.operations._base import Operation
from bulkops.operations._customer_managers import LIST, UPDATE, Grant, Partner, Revocation, Roster, find, has
from bulkops.operations._plan import Plan, rehearsal_of
from bulkops.operations._templates import fill
from bulkops.operations.foreseen import Foreseen
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent

_STEP: Final = "grant-manager"
_UNDO: Final = "undo grant-manager"
_MERGES: Final = 4
"""Maximum writes of a grant that is overwritten from elsewhere each time."""

_CHECK: Final = "the workspaces of the customer manager"


@attrs.frozen(kw_only=True)
class GrantManager(Operation):
    """Add each account to a customer manager's workspaces.

    The manager works for the partner. A manager who has the workspace, or every workspace, is left alone.

    A list is only ever added to, and never becomes empty, which would mean every workspace. All accounts of a run that
    are at it share a look and an update.
    """

    name = "grant-manager"
    examples = (
        "grant-manager --manager lee@partner.example --accounts customers.csv",
        "grant-manager --manager {csm} --role Support --accounts customers.csv",
    )
    affects = frozenset({"managers"})
    stands_on = frozenset({"managers"})
    manager: str = attrs.field(
        metadata=parameter(
            "E-mail or id of a collaborator of the partner's workspace; {column} is filled in.",
            metavar="WHO",
            template=True,
        )
    )
    role: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "Role of a new customer manager: the same in all workspaces, and never changed afterwards.",
            metavar="NAME|ID",
            template=True,
        ),
    )
    all_workspaces: bool = attrs.field(
        default=False,
        metadata=parameter("Grant EVERY workspace of the partner, also those to come, whatever the selection."),
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if "{" not in self.manager and "@" not in self.manager and not self.manager.strip().isdigit():
            raise ConfigError(
                f"manager = {self.manager!r} is neither an e-mail nor an id",
                remedy="`bulkops call members.list` shows who works in the partner's workspace",
            )

    @property
    def title(self) -> str:
        what = "EVERY workspace of the partner" if self.all_workspaces else "the accounts' workspaces"
        return f"grant customer manager {self.manager!r} {what}"

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {LIST: 0.1, UPDATE: 0.05}  # shared: with 200 accounts at a time it is still less

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {LIST: 0.05}

    def run_cost(self) -> Mapping[str, float]:
        """Of the person and the role, which are looked up once, and of the first accounts, which share little."""
        return {LIST: 6, UPDATE: 1, "customer_managers.create": 1, "members.list": 1, "roles.list": 1}

    def cost_of_own_id(self) -> Mapping[str, float]:
        return COST

    async def plan(self, ctx: Context) -> Plan | None:
        wish, _ = await self._wish(ctx)
        if wish is None:
            return None
        what = "EVERY workspace" if self.all_workspaces else "the workspace"
        changes = [f"grant customer manager {wish.who!r} {what}"]
        if wish.create_as is not None:
            changes.insert(0, f"make {wish.who!r} a customer manager as {self._role(ctx)}")
        return Plan(tuple(changes), {LIST: 0.05, UPDATE: 0.05})

    async def apply(self, ctx: Context) -> None:
        if ctx.is_done(_STEP):
            return
        wish, before = await self._wish(ctx)
        if wish is None and not ctx.began(_STEP):
            return
        roster, partner = Roster.of(ctx), Partner.of(ctx)

        async def send() -> Any:
            now, there = (wish, None) if wish is not None else await self._wish(ctx)
            if now is not None:
                return await roster.grant(partner, now)
            return {
                "manager": there and there.id,
                "added": False,
                "created": False,
            }  # it was done from elsewhere meanwhile

        async def probe(intent: Intent) -> Any:
            there = find(await roster.look(partner), intent.data["who"])
            if there is None or not self._is_so(there, intent.data["workspace"]):
                return None
            added = self.all_workspaces or not there.has_all_workspaces
            answer = {"manager": there.id, "added": added, "created": not intent.data["existed"]}
            return answer | ({"before": intent.data["before"]} if self.all_workspaces else {})

        await ctx.step(_STEP, send, probe=probe, data=_facts(wish, before), check=_CHECK)

    async def verify(self, ctx: Context) -> None:
        """A simultaneous write from elsewhere may have overwritten it: then it is merged again."""
        done = ctx.result(_STEP)
        if done is None:
            return
        roster, partner, workspace = Roster.of(ctx), Partner.of(ctx), await number_of(ctx)
        for place in range(_MERGES):
            there = next((each for each in await roster.look(partner) if each.id == done["manager"]), None)
            if there is not None and self._is_so(there, workspace):
                return
            if there is None or place == _MERGES - 1:
                break
            wish = Grant(who=str(there.user.id), workspace=workspace, everywhere=self.all_workspaces)
            again = partial(roster.grant, partner, wish)
            await ctx.step(_again(_STEP, place + 1), again, repeatable=True, check=_CHECK)
        times = "" if there is None else f", {_MERGES} times over"
        raise await _overwritten(ctx, _STEP, "manager-not-granted", f"does not have the workspace{times}")

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Remove what the run added. A manager without workspaces is deleted, if the run created it."""
        row = done.get(_STEP)
        if row is None or not row.result["added"] or ctx.is_done(_UNDO):
            return
        roster, partner, manager = Roster.of(ctx), Partner.of(ctx), row.result["manager"]
        if row.result["created"] and not ctx.planning:
            await partner.note_made(manager)
        wish = Revocation(
            manager=manager,
            workspace=await number_of(ctx),
            everywhere=self.all_workspaces,
            restore=tuple(row.result.get("before") or ()),
        )
        if not ctx.began(_UNDO) and await _is_gone(roster, partner, wish):
            return

        async def probe(_: Intent) -> Any:
            return {"manager": manager} if await _is_gone(roster, partner, wish) else None

        if ctx.planning:  # several accounts share the requests
            rehearsal_of(ctx).expect({LIST: 0.05, UPDATE: 0.05})
            await ctx.step(_UNDO, partial(anyio.sleep, 0))
            return
        revoke = partial(roster.revoke, partner, wish)
        await ctx.step(_UNDO, revoke, probe=probe, data={"manager": manager}, check=_CHECK)
        for place in range(1, _MERGES):
            if await _is_gone(roster, partner, wish):
                return
            await ctx.step(_again(_UNDO, place), revoke, repeatable=True, check=_CHECK)
        raise await _overwritten(ctx, _UNDO, "manager-not-revoked", f"has the workspace, {_MERGES} times over")

    async def _wish(self, ctx: Context) -> tuple[Grant | None, CustomerManager | None]:
        """The missing grant (None: already done) and the current manager (None: not a manager). Raises: TaskFailed for
        a missing collaborator or role, or another role.
        """
        who, workspace = fill(self.manager, ctx), await number_of(ctx)
        there = find(await Roster.of(ctx).look(Partner.of(ctx)), who)
        if there is None:
            create_as = await self._person(ctx, who), await self._role_id(ctx)
            return Grant(who=who, workspace=workspace, everywhere=self.all_workspaces, create_as=create_as), None
        self._require_role(ctx, there)
        if self._is_so(there, workspace):
            return None, there
        return Grant(who=who, workspace=workspace, everywhere=self.all_workspaces), there

    def _is_so(self, manager: CustomerManager, workspace: int) -> bool:
        return manager.has_all_workspaces if self.all_workspaces else has(manager, workspace)

    def _role(self, ctx: Context) -> str | None:
        return None if self.role is None else fill(self.role, ctx)

    def _require_role(self, ctx: Context, manager: CustomerManager) -> None:
        wanted, group = self._role(ctx), manager.privilege_group
        if wanted is None or wanted == str(group.id) or wanted.lower() == (group.name or "").lower():
            return
        raise TaskFailed(
            f"{manager.user.email or manager.user.name} is a customer manager with role {group.name}, not {wanted}",
            failure_class="manager-other-role",
            cause=f"the collaborator is already a customer manager with a role other than {wanted}",
            remedy="leave out the role: it is the same in all workspaces, so a change here would change all",
        )

    async def _person(self, ctx: Context, who: str) -> int:
        if who.isdigit():
            return int(who)
        people = await Roster.of(ctx).people(Partner.of(ctx))
        found = next((person.id for person in people if (person.email or "").lower() == who.lower()), None)
        if found is None:
            raise TaskFailed(
                f"the partner's workspace has no collaborator with the e-mail {who}",
                failure_class="collaborator-missing",
                cause="the partner's workspace has no collaborator with that e-mail",
                remedy="invite the collaborator first, or correct the e-mail",
            )
        return found

    async def _role_id(self, ctx: Context) -> int:
        wanted = self._role(ctx)
        if wanted is None:
            raise TaskFailed(
                f"{fill(self.manager, ctx)} is not a customer manager yet, and no role is given",
                failure_class="role-missing",
                cause="the collaborator is not a customer manager yet, and no role is given",
                remedy="give the role's name or id",
            )
        if wanted.isdigit():
            return int(wanted)
        roles = await Roster.of(ctx).roles(Partner.of(ctx))
        found = next((role.id for role in roles if role.name.lower() == wanted.lower()), None)
        if found is None:
            raise TaskFailed(
                f"the partner has no role {wanted!r}; it has {', '.join(role.name for role in roles) or 'none'}",
                failure_class="role-missing",
                cause=f"the partner has no role {wanted!r}",
                remedy="give one of these, or the id of one of the system's roles",
            )
        return found


def _again(step: str, place: int) -> str:
    return f"{step} again {place}"


async def _overwritten(ctx: Context, step: str, failure_class: str, what: str) -> TaskFailed:
    """What came to nothing is taken back: a retry does it again."""
    for name in (step, *(_again(step, place) for place in range(1, _MERGES))):
        if ctx.is_done(name):
            ctx.reset_step(name)
    return TaskFailed(
        f"the vendor accepted the change, but the customer manager {what}",
        failure_class=failure_class,
        remedy="check that nothing else changes the manager at the same time, then `bulkops retry`",
    )


async def _is_gone(roster: Roster, partner: Partner, wish: Revocation) -> bool:
    managers = await roster.look(partner)
    there = next((manager for manager in managers if manager.id == wish.manager), None)
    if there is None:
        return True
    if wish.everywhere:
        return bool(wish.restore) and set(there.workspace_ids) == set(wish.restore)
    return not there.has_all_workspaces and wish.workspace not in there.workspace_ids


def _facts(wish: Grant | None, before: CustomerManager | None) -> dict[str, Any]:
    """The state before, for a probe."""
    if wish is None:
        return {}
    facts: dict[str, Any] = {"who": wish.who, "workspace": wish.workspace, "existed": before is not None}
    if wish.everywhere:
        facts["before"] = before.workspace_ids if before is not None else []
    return facts
