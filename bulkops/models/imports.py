"""Package imports: state, and result of each recipe."""

from __future__ import annotations

from typing import Final

import msgspec

from bulkops.models.members import Id
from bulkops.models.model import Model

FINISHED: Final = frozenset({"completed", "failed"})

GOOD_RESULTS: Final = frozenset(
    # the first two are two spellings of one result (vendor facts, section 9)
    {"no_update_or_updated_without_restart", "no_update_or_update_without_restart", "restarted"}
)


class RecipeStatus(Model, frozen=True, kw_only=True):
    """`import_result` outside GOOD_RESULTS needs manual work: stopped, restart_failed, stop_failed, not_found, or
    new.
    """

    id: Id
    import_result: str

    @property
    def is_good(self) -> bool:
        return self.import_result in GOOD_RESULTS


class ImportStatus(Model, frozen=True, kw_only=True):
    """`status`: "in_progress" or "processing", then "completed" or "failed".

    `error`: the one message of a failed import. `recipe_status` may be absent (empty then), and partial on a failure;
    "completed" does not mean that every recipe is fine: see `bad_results`.
    """

    id: Id
    status: str
    operation_type: str | None = None
    error: str | None = None
    recipe_status: list[RecipeStatus] = msgspec.field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def bad_results(self) -> list[RecipeStatus]:
        return [row for row in self.recipe_status if not row.is_good]
