"""A stand-in for the vendor's API: real HTTP, real state, real package contents, the vendor's quotas and bad days.

It shares no code with the client; it reads the catalogue's data. What it assumes where the vendor's documents are
silent is said where it is done.
"""

from __future__ import annotations

from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.faults import Faults
from bulkops.sandbox.sandbox import Sandbox, serve
from bulkops.sandbox.settings import SandboxSettings

__all__ = ["Assumptions", "Faults", "Sandbox", "SandboxSettings", "serve"]
