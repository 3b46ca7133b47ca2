"""API portals, which can be seen, and certificate bundles: nothing more is known of them."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest


@answers("[managed_users.]api_portals.list", row="Portal")
def list_portals(request: ApiRequest) -> list[dict[str, Any]]:
    """One: the call that makes portals is unknown."""
    shelf = request.workspace.shelf("api_portal")
    if not shelf:
        made = {"id": request.workspace.new_id("api_portal"), "name": "Partner portal"}
        shelf[str(made["id"])] = made
    return [*shelf.values()]


BUNDLES: Final = serve_noun(
    "cert_bundles",
    "CertBundle",
    noun="cert_bundle",
    usual={"name": "Certificates"},
    required=(),
    shown=lambda _, row: {name: row[name] for name in ("id", "name", "created_at")},
)


answers("cert_bundles.download", row="CertBundle")(BUNDLES.get)
