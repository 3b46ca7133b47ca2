"""create-folder: create missing folders of a path."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import attrs

from bulkops.errors import ConfigError, Forbidden, TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.operations._folders import ensure_folder
from bulkops.operations._templates import fill
from bulkops.operations.ensure import delete_own
from bulkops.parameters import parameter
from bulkops.steps import Context


@attrs.frozen
class CreateFolder(Operation):
    """Create a folder, and its parents, in each account.

    An existing folder is left alone.

    A path such as "CRM/Orders" makes every folder that is missing on the way. Sends one look a level, and one request
    for each folder that is missing. Undoing deletes what the run made, as long as it is empty.
    """

    name = "create-folder"
    only_requests = True
    examples = (
        "create-folder --folder CRM/Orders --accounts all",
        "create-folder --folder {region}/Orders --accounts customers.csv",
    )
    affects = frozenset({"folders"})
    stands_on = frozenset({"folders"})
    folder: str = attrs.field(
        metadata=parameter(
            "Path under Home, names separated by slashes; {column} is filled in from the account file.",
            metavar="PATH",
            template=True,
        )
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _names(self.folder)

    @property
    def title(self) -> str:
        return f"create folder {self.folder!r}"

    async def apply(self, ctx: Context) -> None:
        parent_id: int | None = None
        path, is_new = "", False
        for name in _names(fill(self.folder, ctx)):
            path = f"{path}/{name}" if path else name
            step = f"{self.name} {path}"
            parent_id, is_new = await ensure_folder(ctx, step, name, path=path, parent_id=parent_id, is_new=is_new)
        ctx.detail["folder"] = {"id": parent_id}

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Delete the folders that the run made, the deepest first. One with something in it stays: see the failure."""
        for step, row in reversed(list(done.items())):
            try:
                await delete_own(ctx, f"undo {step}", partial(ctx.account.folders.delete, row.result["id"]))
            except Forbidden as refused:
                raise TaskFailed(
                    f"folder {step.removeprefix(f'{self.name} ')!r} cannot be deleted: {refused.said or refused}",
                    failure_class="folder-not-empty",
                    cause="a folder that the run created cannot be deleted",
                    remedy="it has contents by now: leave it, or empty it, then undo once more",
                ) from refused


def _names(path: str) -> list[str]:
    """Raises: ConfigError for a path with an empty name in it."""
    names = [part.strip() for part in path.split("/")]
    if not all(names):
        raise ConfigError(
            f"{path!r} is not a path of folders", remedy="write names between slashes, such as CRM/Orders"
        )
    return names
