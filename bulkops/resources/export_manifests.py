"""Export manifests of one account, or of the partner's own workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from bulkops.errors import ConfigError
from bulkops.models import Asset, ExportManifest
from bulkops.resources._resource import Resource, given
from bulkops.session import decode_list

Assets: TypeAlias = list[Asset]


class ExportManifests(Resource):
    """The vendor has no list of them: keep the id of a manifest that you need again."""

    async def folder_assets(self, folder_id: int | None = None, *, include_data: bool = False) -> Assets:
        """What a manifest of the folder can hold; None: of Home. One request."""
        query = {"folder_id": folder_id, "include_data": include_data or None}
        return decode_list(await self._send(self._id("export_manifests.folder_assets"), query=query), Asset)

    async def create(
        self,
        name: str,
        *,
        folder_id: int | None = None,
        assets: Iterable[Asset | Mapping[str, Any]] | None = None,
        include_data: bool = False,
        include_tags: bool = False,
        include_test_cases: bool = False,
    ) -> ExportManifest:
        """A manifest of these assets, or with None of everything in the folder now. `include_data`: rows of lookup
        tables; `include_tags`: the tags of the assets.

        Raises: ConfigError when neither assets nor a folder is given; OutcomeUnknown when the response is lost: it
        cannot be found again, and a second manifest does no harm.
        """
        if assets is None and folder_id is None:
            raise ConfigError("the export manifest is empty", remedy="give assets=..., or folder_id=...")
        wanted = {
            "name": name,
            **_content(folder_id, assets),
            "include_data": include_data,
            "include_tags": include_tags,
            "include_test_cases": include_test_cases,
        }
        body = {"export_manifest": wanted}
        return await self._object(self._id("export_manifests.create"), ExportManifest, json=body)

    async def get(self, id: int) -> ExportManifest:  # noqa: A002 - the API's own word
        """With its assets. Raises: NotFound."""
        return await self._object(self._id("export_manifests.get"), ExportManifest, path={"manifest_id": id})

    async def update(
        self,
        id: int,  # noqa: A002
        *,
        name: str | None = None,
        folder_id: int | None = None,
        assets: Iterable[Asset | Mapping[str, Any]] | None = None,
        include_data: bool | None = None,
        include_tags: bool | None = None,
    ) -> ExportManifest:
        """Another name; these assets in place of the earlier ones, or what is in the folder now. Raises: NotFound."""
        content = _content(folder_id, assets) if folder_id is not None or assets is not None else {}
        others = given(name=name, include_data=include_data, include_tags=include_tags)
        body = {"export_manifest": others | content}
        return await self._object(
            self._id("export_manifests.update"), ExportManifest, path={"manifest_id": id}, json=body
        )

    async def delete(self, id: int) -> None:  # noqa: A002
        """Archive it; packages made from it stay. Raises: NotFound if it does not exist."""
        await self._done(self._id("export_manifests.delete"), path={"manifest_id": id})


def _content(folder_id: int | None, assets: Iterable[Asset | Mapping[str, Any]] | None) -> dict[str, Any]:
    where = given(folder_id=folder_id)
    if assets is None:
        return {**where, "auto_generate_assets": True}
    return {**where, "assets": [_member(asset) for asset in assets]}


def _member(asset: Asset | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(asset, Asset):
        return given(**msgspec.structs.asdict(asset))
    return asset
