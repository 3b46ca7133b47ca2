"""Packages that the partner exports from its own workspace."""

from __future__ import annotations

from bulkops.models.imports import FINISHED
from bulkops.models.members import Id
from bulkops.models.model import Model


class PackageExport(Model, frozen=True, kw_only=True):
    """`status`: "in_progress" or "processing", then "completed" or "failed"; `error`: the one message of a failure."""

    id: Id
    status: str
    operation_type: str | None = None
    export_manifest_id: Id | None = None
    download_url: str | None = None
    error: str | None = None

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def file_url(self) -> str | None:
        """Where the file is; the vendor's sample of a failure prints the text "null"."""
        return None if self.download_url in {None, "", "null"} else self.download_url
