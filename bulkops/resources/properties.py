"""Properties of one account's environments and projects, or of the partner's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bulkops.models import Property
from bulkops.resources._resource import Resource
from bulkops.session import Reply, decode_error

_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_WRAPPERS: Final = ("result", "data")


class Properties(Resource):
    async def get(self, prefix: str = "", *, project_id: int | None = None) -> dict[str, str]:
        """Value by name, of the properties whose names begin with `prefix`; of a project where one is named, else of
        the environment. Sends one request."""
        query = {"prefix": prefix, "project_id": project_id}
        return _by_name(await self._send(self._id("properties.list"), query=query))

    async def upsert(self, properties: Mapping[str, str], *, project_id: int | None = None) -> None:
        """Create or overwrite properties by name; those that are not named stay. The API cannot delete one.

        Raises: BadRequest for a name above 100 or a value above 1,024 characters, or beyond 1,000 properties.
        """
        body = {"properties": dict(properties)}
        await self._done(self._id("properties.upsert"), query={"project_id": project_id}, json=body)


def _by_name(reply: Reply) -> dict[str, str]:
    """From `{name: value}` or, as in 2020, `[{name, value}]`, with or without a wrapper.

    Read here and not by the session, for which some members of an object have a meaning: a property may have any name,
    "success" and "id" included.
    """
    try:
        tree: Any = msgspec.json.decode(reply.body)
        while isinstance(tree, dict):
            inner = next((tree[name] for name in _WRAPPERS if isinstance(tree.get(name), dict | list)), None)
            if inner is None:
                break
            tree = inner
        if isinstance(tree, list):
            return {row.name: row.value for row in msgspec.convert(tree, list[Property])}
        values = msgspec.convert(tree, dict[str, str | None])
    except _UNREADABLE as error:
        raise decode_error(reply, str(error) if reply.body.strip() else "it is empty") from None
    return {name: value or "" for name, value in values.items()}
