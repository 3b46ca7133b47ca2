"""Types that members of several models share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, TypeAlias

import msgspec

Id: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A whole number that a database column holds. The API also spells ids as numeric strings (see INTEGER_MEMBERS)."""

Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""ISO 8601 with `Z` or an offset; a time without one is refused: it could not be compared."""

INTEGER_MEMBERS: Final = frozenset(
    {
        *("id", "folder_id", "parent_id", "project_id", "user_id", "managed_user_id", "recipe_id", "version_no"),
        *("api_client_id", "api_collection_id", "flow_id", "export_manifest_id"),
        *("folder_ids", "api_collection_ids"),
    }
)
"""Members that are integers, or lists of them, in most replies and numeric strings in some (vendor facts, section 4):
both are accepted.

`external_id` and `plan_id` are texts, whatever they look like.
"""
