"""The vendor's API as a table: one row per call, and the quotas they count against.

Facts are from the vendor's pages (docs/reference/vendor.md). Adding a call is adding a row: `_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bulkops.catalogue._call import ACCOUNT, ANY_MEMBER, Call, Confidence, Parameter, RetryClass
from bulkops.catalogue._parse_calls import read_calls
from bulkops.catalogue._quotas import ASSUMED, DOCUMENTED, assumed, explored_quotas
from bulkops.catalogue._rows import TABLES
from bulkops.rate_limit import Limit

__all__ = [
    "ACCOUNT",
    "ANY_MEMBER",
    "CALLS",
    "QUOTAS",
    "Call",
    "Confidence",
    "Parameter",
    "RetryClass",
    "assumed",
    "explored_quotas",
]

CALLS: Final[Mapping[str, Call]] = MappingProxyType(read_calls(TABLES))

QUOTAS: Final[Mapping[str, tuple[Limit, ...]]] = MappingProxyType(
    {name: tuple(Limit(*row) for row in rows) for name, rows in (DOCUMENTED | ASSUMED).items()}
)
