"""The partner's customer managers, as the accounts of one run share them.

A manager is one row of the partner's, and an update replaces its whole list of workspaces. Accounts that each sent a
list would overwrite one another, at one request each. So they submit wishes. One account at a time reads the rows
again, merges all wishes so far, and writes each row once. Processes whose journal is in one database wait for each
other, and so do those of one user on one machine. A write from elsewhere (the vendor's pages) between our read and our
write is lost, and a later one may overwrite ours, because the API has no conditional update. Ours is checked and merged
again a few times; a lost write of others cannot be detected.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final, Self, TypeAlias

import anyio
import attrs

from bulkops.client import scope_of, session_of
from bulkops.errors import BadRequest, Conflict, Invalid, TaskFailed
from bulkops.models import CustomerManager, Member, Role
from bulkops.operations._batching import Rounds
from bulkops.resources import CustomerManagers, PartnerMembers, PartnerRoles
from bulkops.steps import AccountMemory, Context, log_of, memory_of

LIST: Final = "customer_managers.list"
UPDATE: Final = "customer_managers.update"
_SHARED: Final = "customer managers"
_MADE: Final = "manager made by the undone run"
_PARTNER: Final = ""
"""Facts of no account."""
_ENOUGH: Final = 2
"""Workspaces refused with the same message, from which on the cause is not the workspace."""

Answer: TypeAlias = dict[str, Any]


@attrs.frozen
class Partner:
    """The partner's own nouns, in the turn of one account. `alone`: holds the lock on managers; `memory`: of the
    partner, in the journal, for all processes of the run.
    """

    managers: CustomerManagers
    members: PartnerMembers
    roles: PartnerRoles
    alone: Callable[[], AbstractAsyncContextManager[None]]
    memory: AccountMemory
    run_id: str

    @classmethod
    def of(cls, ctx: Context) -> Self:
        session, scope = session_of(ctx.account), attrs.evolve(scope_of(ctx.account), account=None)
        return cls(
            managers=CustomerManagers(session, scope),
            members=PartnerMembers(session, scope),
            roles=PartnerRoles(session, scope),
            alone=partial(memory_of(ctx).exclusive, _SHARED),
            memory=attrs.evolve(memory_of(ctx), account=_PARTNER),
            run_id=log_of(ctx).run_id,
        )

    async def note_made(self, manager: int) -> None:
        """That the run to be undone has made this manager."""
        await self.memory.remember(_MADE, f"{self.run_id} {manager}", True)

    async def has_made(self, manager: int) -> bool:
        return bool(await self.memory.recall(_MADE, f"{self.run_id} {manager}"))


@attrs.frozen(kw_only=True)
class Grant:
    """`who`: e-mail or collaborator id; `create_as`: collaborator and role for a new manager."""

    who: str
    workspace: int
    everywhere: bool = False
    create_as: tuple[int, int] | None = None


@attrs.frozen(kw_only=True)
class Revocation:
    """`everywhere`: it is every workspace that was granted; `restore`: the list that the manager had before that."""

    manager: int
    workspace: int
    everywhere: bool = False
    restore: tuple[int, ...] = ()


def is_meant(manager: CustomerManager, who: str) -> bool:
    if who.isdigit():
        return manager.user.id == int(who)
    return (manager.user.email or "").lower() == who.lower()


def find(managers: Iterable[CustomerManager], who: str) -> CustomerManager | None:
    return next((manager for manager in managers if is_meant(manager, who)), None)


def has(manager: CustomerManager, workspace: int) -> bool:
    return manager.has_all_workspaces or workspace in manager.workspace_ids


class Roster:
    """Managers, and collaborators who could become one."""

    def __init__(self) -> None:
        self._looks: Rounds[Partner, None, list[CustomerManager]] = Rounds(self._look)
        self._grants: Rounds[Partner, Grant, Answer] = Rounds(self._grant)
        self._revocations: Rounds[Partner, Revocation, Answer] = Rounds(self._revoke)
        self._fetching = anyio.Lock()
        self._people: list[Member] | None = None
        self._roles: list[Role] | None = None

    @classmethod
    def of(cls, ctx: Context) -> Roster:
        """The instance of this run."""
        roster: Roster = memory_of(ctx).shared.setdefault(_SHARED, cls())
        return roster

    async def look(self, partner: Partner) -> list[CustomerManager]:
        """The managers as they are: seen no earlier than now, with one request for all who ask at a time."""
        return await self._looks.join(partner, None)

    async def grant(self, partner: Partner, wish: Grant) -> Answer:
        """`manager`, and whether the workspace was `added` by this and the manager `created`."""
        return await self._grants.join(partner, wish)

    async def revoke(self, partner: Partner, wish: Revocation) -> Answer:
        """Raises: TaskFailed when the list would become empty, which would mean every workspace."""
        return await self._revocations.join(partner, wish)

    async def people(self, partner: Partner) -> list[Member]:
        """The partner's collaborators; requested once per run."""
        async with self._fetching:
            if self._people is None:
                self._people = await partner.members.list().collect()
            return self._people

    async def roles(self, partner: Partner) -> list[Role]:
        """The partner's roles; requested once per run."""
        async with self._fetching:
            if self._roles is None:
                self._roles = await partner.roles.list().collect()
            return self._roles

    async def _look(self, partner: Partner, wishes: Sequence[None]) -> Sequence[list[CustomerManager] | Exception]:
        managers = await partner.managers.list().collect()
        return [managers for _ in wishes]

    # -- granting -----------------------------------------------------------------------------------------------

    async def _grant(self, partner: Partner, wishes: Sequence[Grant]) -> Sequence[Answer | Exception]:
        async with partner.alone():
            return await self._grant_alone(partner, wishes)

    async def _grant_alone(self, partner: Partner, wishes: Sequence[Grant]) -> Sequence[Answer | Exception]:
        managers = await partner.managers.list().collect()
        by_person: defaultdict[object, list[int]] = defaultdict(list)
        for place, wish in enumerate(wishes):  # one row is written once, however the collaborator is named
            there = find(managers, wish.who)
            by_person[there.user.id if there else wish.create_as and wish.create_as[0]].append(place)
        answers: dict[int, Answer | Exception] = {}
        for places in by_person.values():
            there = find(managers, wishes[places[0]].who)
            mine = _of_one_role(there, {place: wishes[place] for place in places}, answers)
            try:
                _, found = await _merge(partner, there, list(mine.values()), Counter())
            except Exception as error:  # noqa: BLE001 - it concerns these wishes only: another manager's row may succeed
                found = [error] * len(mine)
            answers |= dict(zip(mine, found, strict=True))
        return [answers[place] for place in range(len(wishes))]

    # -- revoking -----------------------------------------------------------------------------------------------

    async def _revoke(self, partner: Partner, wishes: Sequence[Revocation]) -> Sequence[Answer | Exception]:
        async with partner.alone():
            return await self._revoke_alone(partner, wishes)

    async def _revoke_alone(self, partner: Partner, wishes: Sequence[Revocation]) -> Sequence[Answer | Exception]:
        managers = {manager.id: manager for manager in await partner.managers.list().collect()}
        answers: dict[int, Answer | Exception] = {}
        for id_ in {wish.manager for wish in wishes}:
            mine = [wish for wish in wishes if wish.manager == id_]
            try:
                if id_ in managers:
                    await self._take(partner, managers[id_], mine)
                answers[id_] = {"manager": id_}
            except Exception as error:  # noqa: BLE001 - it is theirs alone
                answers[id_] = error
        return [answers[wish.manager] for wish in wishes]

    async def _take(self, partner: Partner, manager: CustomerManager, wishes: Sequence[Revocation]) -> None:
        """Remove only these workspaces from a manager. Raises: TaskFailed."""
        taken = {wish.workspace for wish in wishes}
        left = [id_ for id_ in manager.workspace_ids if id_ not in taken]
        if any(wish.everywhere for wish in wishes):
            left = list(next((wish.restore for wish in wishes if wish.restore), ()))
            if set(left) == set(manager.workspace_ids) and left:
                return
            if not manager.has_all_workspaces:
                raise _changed(manager, "no longer has every workspace: this was changed since the run")
        elif manager.has_all_workspaces:
            raise _changed(manager, "now has every workspace: this was granted since the run")
        if left and len(left) == len(manager.workspace_ids):
            return
        if left:
            await partner.managers.update(manager.id, role_id=manager.privilege_group.id, workspaces=left)
        elif await partner.has_made(manager.id):
            await partner.managers.delete(manager.id)
        else:
            raise _changed(manager, "would have an empty list of workspaces, which to the vendor means every workspace")


def _changed(manager: CustomerManager, what: str) -> TaskFailed:
    return TaskFailed(
        f"{manager.user.email or manager.user.name} {what}",
        failure_class="cannot-undo",
        cause=f"the manager {what}",
        remedy="set the customer manager's workspaces by hand",
    )


def _of_one_role(
    manager: CustomerManager | None, wishes: dict[int, Grant], answers: dict[int, Answer | Exception]
) -> dict[int, Grant]:
    """The wishes for the role that the manager has, or will have by the first of them; the others are refused."""
    first = next(iter(wishes.values())).create_as
    role = manager.privilege_group.id if manager is not None else first and first[1]
    for place, wish in list(wishes.items()):
        if wish.create_as is not None and wish.create_as[1] != role:
            del wishes[place]
            answers[place] = TaskFailed(
                f"{wish.who} becomes a customer manager with role {role}, not with role {wish.create_as[1]}",
                failure_class="manager-other-role",
                cause="the collaborator becomes a customer manager with another role",
                remedy="a customer manager has the same role in all workspaces: give one role per collaborator",
            )
    return wishes


async def _merge(
    partner: Partner, manager: CustomerManager | None, wishes: Sequence[Grant], refused: Counter[str]
) -> tuple[CustomerManager | None, list[Answer | Exception]]:
    """Grant what is wished of one manager with one request. When it is refused, half the wishes at a time, until it is
    known whose workspace is refused: one that is not there must not fail the others. `refused`: the vendor's words."""
    try:
        return await _write(partner, manager, wishes)
    except (BadRequest, Conflict, Invalid) as refusal:
        if len(wishes) == 1:
            refused[refusal.said] += 1
            return manager, [refusal]
        if refused[refusal.said] >= _ENOUGH:
            return manager, [refusal] * len(wishes)
    half = len(wishes) // 2
    manager, first = await _merge(partner, manager, wishes[:half], refused)
    manager, second = await _merge(partner, manager, wishes[half:], refused)
    return manager, first + second


async def _write(
    partner: Partner, manager: CustomerManager | None, wishes: Sequence[Grant]
) -> tuple[CustomerManager, list[Answer | Exception]]:
    everywhere = any(wish.everywhere for wish in wishes)
    wanted = list(dict.fromkeys(wish.workspace for wish in wishes))
    if manager is None:
        create_as = wishes[0].create_as
        if create_as is None:
            raise TaskFailed(
                f"{wishes[0].who} is not a customer manager any more",
                failure_class="manager-changed",
                remedy="`bulkops retry` checks again",
            )
        person, role = create_as
        made = await partner.managers.create(
            team_collaborator_id=person,
            role_id=role,
            workspaces=None if everywhere else wanted,
            all_workspaces=everywhere,
        )
        return made, [_answer(made, added=True, created=True) for _ in wishes]
    before = manager.workspace_ids
    if manager.has_all_workspaces:
        return manager, [_answer(manager, added=False) for _ in wishes]
    missing = [id_ for id_ in wanted if id_ not in before]
    role = manager.privilege_group.id
    if everywhere:
        made = await partner.managers.update(manager.id, role_id=role, all_workspaces=True)
        return made, [_answer(made, added=True, before=before) for _ in wishes]
    made = manager
    if missing:
        made = await partner.managers.update(manager.id, role_id=role, workspaces=before + missing)
    return made, [_answer(made, added=wish.workspace in missing) for wish in wishes]


def _answer(
    manager: CustomerManager, *, added: bool, created: bool = False, before: Sequence[int] | None = None
) -> Answer:
    answer: Answer = {"manager": manager.id, "added": added, "created": created}
    return answer if before is None else answer | {"before": list(before)}
