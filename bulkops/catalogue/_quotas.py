"""Documented quotas: name -> (requests, window in seconds[, what is counted apart]).

Embedded quotas count per partner workspace: all customers and all tokens share one. Source: the vendor's rate-limit
and resource pages; figures are defaults, enterprise plans may have more.
"""

from __future__ import annotations

from typing import Final

Row = tuple[int, float] | tuple[int, float, str]

DOCUMENTED: Final[dict[str, list[Row]]] = {
    "embedded.customers.create": [(1000, 60)],
    "embedded.customers.other": [(60, 60)],
    "embedded.recipes.list": [(2000, 60)],
    "embedded.recipes.get": [(2000, 60)],
    "embedded.recipes.other": [(1000, 60)],
    # Two documents state two limits; both are kept. The hourly one "resets at the next hour".
    "embedded.rlcm.import_create": [(1000, 60), (500, 3600, "workspace")],
    "embedded.rlcm.import_status": [(1000, 60)],
    "embedded.connections.list": [(1000, 60)],
    "embedded.connections.other": [(60, 60)],
}

ASSUMED: Final[dict[str, list[Row]]] = {
    # No figure is published: 60 a minute, shared by the calls of one group and scope.
    "assumed.customer.folders": [(60, 60)],
}
