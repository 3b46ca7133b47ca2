"""Account numbers of accounts with external ids, found for many at a time.

One customer and a page of a hundred customers cost the same request, of the same tight quota. So numbers come from the
list of customers, page by page, as long as that pays: at most half as many pages as accounts that have asked so far. An
account that is not on them is requested alone. The cost is never much above one request per account (3 pages for 300 of
300 customers; of 10,000 customers, three accounts cost four requests).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import attrs

from bulkops.client import scope_of, session_of
from bulkops.errors import ApiError, Unauthorized
from bulkops.models import Customer
from bulkops.operations._batching import Rounds
from bulkops.resources import PER_PAGE, Customers
from bulkops.steps import Context, memory_of

LIST: Final = "managed_users.list"
GET: Final = "managed_users.get"
COST: Final = {LIST: 0.01, GET: 0.005}
"""Of an account among many; the list has a hundred on a page."""

_SHARED: Final = "account numbers"


class Numbers:
    """Numbers that the accounts of one run share."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._asked = 0
        self._read = 0
        self._is_over = False
        self._walk: AsyncIterator[Customer] | None = None
        self._rounds: Rounds[Context, str, int | None] = Rounds(self._look)

    async def of(self, ctx: Context) -> int:
        """The account's number. Raises: NotFound."""
        name = ctx.account.id
        if name not in self._known:
            found = await self._rounds.join(ctx, name)
            self._known[name] = found if found is not None else (await ctx.account.customer.get()).id
        return self._known[name]

    async def _look(self, ctx: Context, names: Sequence[str]) -> Sequence[int | None]:
        """From known numbers and the next pages; None for a missing account."""
        missing = {name for name in names if name not in self._known}
        self._asked += len(missing)
        while missing and not self._is_over and self._read < self._asked // 2:
            await self._read_page(ctx)
            missing -= self._known.keys()
        return [self._known.get(name) for name in names]

    async def _read_page(self, ctx: Context) -> None:
        """Read a hundred more customers, in the turn of one account; empty without the right to list."""
        if self._walk is None:
            scope = attrs.evolve(scope_of(ctx.account), account=None, deadline=None)
            self._walk = aiter(Customers(session_of(ctx.account), scope).list())
        self._read += 1
        try:
            for _ in range(PER_PAGE):
                customer = await anext(self._walk)
                self._known[f"E{customer.external_id}"] = customer.id
        except StopAsyncIteration:
            self._is_over = True
        except Unauthorized:
            raise
        except ApiError:
            self._is_over = True
        except BaseException:
            self._walk = None  # the reading account was cancelled, and its list with it
            raise


async def number_of(ctx: Context) -> int:
    """The vendor's number of the account, for requests that take no other name. Raises: NotFound."""
    if ctx.account.id.isdigit():
        return int(ctx.account.id)
    numbers: Numbers = memory_of(ctx).shared.setdefault(_SHARED, Numbers())
    return await numbers.of(ctx)
