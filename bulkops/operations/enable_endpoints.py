"""enable-endpoints: let callers in at the endpoints of API collections, once their recipes run."""

from __future__ import annotations

from typing import ClassVar

import attrs

from bulkops.operations._switch_endpoints import SwitchEndpoints


@attrs.frozen
class EnableEndpoints(SwitchEndpoints):
    """Enable the API endpoints of a folder under Home, or of the collections named.

    Already so: all are enabled. An endpoint whose recipe does not run fails the account, after the others were tried.
    Sends three looks, one request an endpoint that is not enabled, and one look more.
    """

    name: ClassVar[str] = "enable-endpoints"
    _active: ClassVar[bool] = True
