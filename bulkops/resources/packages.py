"""Packages: exported from a manifest, then fetched; and what the partner imports into its own workspace."""

from __future__ import annotations

from bulkops.errors import InputError
from bulkops.models import ImportStatus, PackageExport
from bulkops.resources._resource import Resource


class Packages(Resource):
    """Of the partner's own workspace."""

    async def export(self, manifest_id: int) -> PackageExport:
        """Begin to build a package of a manifest; the answer may already be "completed". Raises: NotFound."""
        return await self._object("packages.export", PackageExport, path={"manifest_id": manifest_id})

    async def get(self, id: int) -> PackageExport:  # noqa: A002 - the API's own word
        """How far the export is, and where its file will be. Raises: NotFound."""
        return await self._object("packages.get", PackageExport, path={"package_id": id}, poll=True)

    async def download(self, package: PackageExport, *, most_bytes: int) -> bytes:
        """The file of a completed export. Sent without credentials, and to the vendor's own hosts only.

        Sends one request, one more where the export does not say where its file is.
        Raises: NotFound while there is no file; InputError for an address that is not the vendor's; TransportError.
        """
        url = package.file_url
        if url is None:
            reply = await self._send("packages.download", path={"package_id": package.id})
            if reply.location is None:
                return reply.body
            url = reply.location
        return await self._session.download(url, most_bytes=most_bytes)

    async def import_(
        self,
        data: bytes,
        *,
        folder_id: int,
        restart_recipes: bool = False,
        folder_id_for_home_assets: int | None = None,
    ) -> ImportStatus:
        """Import a zip's bytes into a folder of the partner's own workspace; the answer may already be "completed".

        Raises: OutcomeUnknown when the reply is lost. The package id was in it, and imports cannot be listed: only the
        folder's recipes tell whether it ran.
        """
        query = {"restart_recipes": restart_recipes, "folder_id_for_home_assets": folder_id_for_home_assets}
        path = {"folder_id": folder_id}
        return await self._object("packages.import", ImportStatus, path=path, query=query, data=data)

    async def get_import(self, id: int) -> ImportStatus:  # noqa: A002
        """How far an import of `import_` is. Raises: NotFound."""
        return await self._object("packages.get", ImportStatus, path={"package_id": id}, poll=True)


class Exports(Resource):
    """Packages built from the manifests of one account."""

    async def create(self, manifest_id: int) -> PackageExport:
        """Begin to build a package of a manifest; the answer may already be "completed". Raises: NotFound."""
        return await self._object("managed_users.exports.create", PackageExport, path={"manifest_id": manifest_id})

    async def get(self, id: int) -> PackageExport:  # noqa: A002 - the API's own word
        """How far the export is, and where its file will be. A poll: it does not bring the account further in the
        queues. Raises: NotFound."""
        return await self._object("managed_users.exports.get", PackageExport, path={"package_id": id}, poll=True)

    async def download(self, package: PackageExport, *, most_bytes: int) -> bytes:
        """The file of a completed export. Sent without credentials, and to the vendor's own hosts only.

        Raises: InputError for an address that is missing or not the vendor's; TransportError.
        """
        if package.file_url is None:
            raise InputError(
                f"package {package.id} is {package.status} and has no download address",
                remedy="get it again when it is completed",
            )
        return await self._session.download(package.file_url, most_bytes=most_bytes)
