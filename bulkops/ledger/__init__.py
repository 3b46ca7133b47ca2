"""Who uses a credential, until when, and which slots of its quotas are taken: one record for all journals."""

from bulkops.ledger.base import Allotment, Credential, Lease, Ledger
from bulkops.ledger.local import LocalLedger, alone_with

__all__ = ["Allotment", "Credential", "Lease", "Ledger", "LocalLedger", "alone_with"]
