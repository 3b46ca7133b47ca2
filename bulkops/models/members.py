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

INFORMATIVE_MEMBERS: Final = frozenset(
    {
        *("active_connection_count", "active_connection_limit", "active_since"),
        *("admin_notification_emails", "author_email", "author_name", "authorized_at", "avatar_url", "comment"),
        *("connection_lost_at", "connection_lost_reason", "copy_count", "current_billing_period_end"),
        *("current_billing_period_start", "deleted_at", "description", "error_notification_emails", "frame_ancestors"),
        *("hint", "image_url", "in_trial", "last_exported_at", "last_run_at"),
        *("latest_released_version_note", "mobile_image_url", "origin_url", "released_at"),
        *("static_webhook_url", "stopped_at", "task_limit", "task_limit_adjustment"),
        *("total_api_keys_count", "trigger_application", "version_note", "whitelisted_apps"),
    }
)
"""Members that no operation of bulkops reads: one of an unexpected type is left out, with a warning."""
