"""Packages in the partner's own workspace: exported from a manifest, then fetched."""

from __future__ import annotations

from bulkops.models import PackageExport
from bulkops.resources._resource import Resource


class Packages(Resource):
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
