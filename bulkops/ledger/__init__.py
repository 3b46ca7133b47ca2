"""Leases on a credential and slots of its quotas: one record for all journals."""

from bulkops.ledger.base import Credential, Lease, LeaseTerms, Ledger
from bulkops.ledger.local import LocalLedger

__all__ = ["Credential", "Lease", "LeaseTerms", "Ledger", "LocalLedger"]
