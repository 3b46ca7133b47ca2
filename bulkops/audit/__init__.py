"""Access audit: who may do what in which account, read from the API; formats, and the comparison of two audits."""

from bulkops.audit.access import PARTNER, Access, AccountAccess, access_of_account, access_of_partner
from bulkops.audit.changes import Change, changes, read_by_none, read_by_one
from bulkops.audit.files import Audit, read_audit, render_audit

__all__ = [
    "PARTNER",
    "Access",
    "AccountAccess",
    "Audit",
    "Change",
    "access_of_account",
    "access_of_partner",
    "changes",
    "read_audit",
    "read_by_none",
    "read_by_one",
    "render_audit",
]
