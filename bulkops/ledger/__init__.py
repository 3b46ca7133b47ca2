"""Leases on a credential and slots of its quotas: one record for all journals."""

from bulkops.ledger.base import Allotment, Credential, Lease, Ledger
from bulkops.ledger.local import LocalLedger, alone_with

__all__ = ["Allotment", "Credential", "Lease", "Ledger", "LocalLedger", "alone_with"]
