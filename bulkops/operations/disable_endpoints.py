"""disable-endpoints: nobody can call the endpoints of API collections any more."""

from __future__ import annotations

from typing import ClassVar

import attrs

from bulkops.operations._switch_endpoints import SwitchEndpoints


@attrs.frozen
class DisableEndpoints(SwitchEndpoints):
    """Disable the API endpoints of a folder under Home, or of the collections named.

    Already so: none is enabled. Sends three looks, one request an enabled endpoint, and one look more. Undone, they are
    enabled again, if their recipes run.
    """

    name: ClassVar[str] = "disable-endpoints"
    _active: ClassVar[bool] = False
